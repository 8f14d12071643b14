"""The results file: columns, empty cells, and back again."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.search.files import (
    ResultsMeta,
    meta_path,
    output_names,
    read_meta,
    read_results,
    results_csv,
)
from quantpits.workspace.atomic import write_json
from tests.search.test_results import results_of

EARLIER = "Ann_Ret,Max_DD,Excess_Ret,Ann_Excess,Total_Ret,Final_NAV,Calmar"


def test_the_earlier_systems_columns_come_first():
    """FORMATS 6.6."""
    fast = results_csv(results_of()).decode().splitlines()
    assert f"{EARLIER},Sharpe,models,n_models,Turnover,Cost" == fast[0]
    exact = results_csv(replace(results_of(), kind="exact")).decode().splitlines()
    assert f"models,n_models,{EARLIER},Sharpe,Turnover,Cost" == exact[0]
    assert 8 == len(fast) == len(exact)


def test_what_is_written_is_read_back(tmp_path):
    found = results_of()
    found.table["Calmar"][2] = np.nan
    path = tmp_path / "results.csv"
    path.write_bytes(results_csv(found))
    table = read_results(path)
    assert [found.models_of(row) for row in range(7)] == list(table.combos)
    assert table.figures[2]["Calmar"] is None
    assert 2.0 == table.figures[2]["Sharpe"]
    path.write_bytes(results_csv(found, np.array([6, 0])))
    assert (("a", "b", "c"), ("a",)) == read_results(path).combos


def test_a_file_of_the_earlier_system_is_read(tmp_path):
    path = tmp_path / "old.csv"
    path.write_text('models,n_models,Ann_Ret\n"gru, mlp",2,0.5\ngru,1,\n')
    table = read_results(path)
    assert (("gru", "mlp"), ("gru",)) == table.combos
    assert [0.5, None] == [row["Ann_Ret"] for row in table.figures]
    path.write_text("models\ngru\n")
    assert ({},) == read_results(path).figures


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a table"),
        ("name,n\na,1\n", "names no combos"),
        ("models,n\n", "names no combos"),
        ('models,n\n"a,,b",1\n', "names no combo"),
        ('models,n\n"a,a",1\n', "names no combo"),
        ("models,n\n,1\n", "names no combo"),
    ],
)
def test_a_broken_file_is_refused(tmp_path, text, message):
    path = tmp_path / "results.csv"
    path.write_text(text)
    with pytest.raises(CorruptArtifactError, match=message):
        read_results(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(MissingArtifactError, match="no such results file"):
        read_results(tmp_path / "results.csv")


def test_the_description_beside_it(tmp_path):
    path = tmp_path / "results.csv"
    assert read_meta(path) is None
    meta = ResultsMeta(
        kind="fast",
        anchor_date="2026-01-30",
        csv_sha256="0",
        n_combos=3,
        description=("net",),
        window="all",
        identity={"a": 1},
    )
    write_json(meta_path(path), meta.to_json())
    assert meta == read_meta(path)
    for text in ("{", "{}", '{"description": [], "what": 1}'):
        meta_path(path).write_text(text)
        with pytest.raises(CorruptArtifactError, match="cannot be read"):
            read_meta(path)


def test_names_of_both_kinds():
    day = date(2026, 2, 6)
    assert "brute_force_results_2026-02-06.csv" == output_names("exact", day)["results"]
    assert "oos_validation_2026-02-06.csv" == output_names("fast", day)["oos"]
    assert "correlation_matrix_2026-02-06.csv" == output_names("fast", day)["correlation"]
