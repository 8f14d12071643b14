from __future__ import annotations

import json
from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError, MissingArtifactError
from quantpits.orders.opinion_files import (
    newest_opinions,
    opinions_stem,
    read_opinions,
    write_opinions,
)
from quantpits.orders.opinions import LEGEND, Opinion, opinion_table
from quantpits.orders.plan import make_plan
from quantpits.trading import DecisionRule
from tests.orders.test_opinions import HELD, said, source

RULE = DecisionRule(topk=3, n_drop=1, buy_suggestion_factor=2)


@pytest.fixture
def table(make_inputs):
    inputs = make_inputs(held=HELD)
    return opinion_table(
        inputs,
        make_plan(inputs),
        label="ensemble",
        sources=[source("A", "combo"), source("gru")],
        said={"combo_A": said(inputs), "model_gru": said(inputs)},
    )


def test_the_csv_has_the_known_columns_and_the_agreement(tmp_path, table):
    (path, _), changed = write_opinions(tmp_path, table, rule=RULE)
    assert changed
    assert "model_opinions_2026-02-02.csv" == path.name
    lines = path.read_text("utf-8").splitlines()
    assert "instrument,order_basis,combo_A,model_gru,agreement" == lines[0]
    assert "SH600000,HOLD (1),HOLD (1),HOLD (1),1.0000" == lines[1]
    assert not write_opinions(tmp_path, table, rule=RULE)[1]


def test_the_twin_says_what_the_columns_are(tmp_path, table):
    (_, path), _ = write_opinions(tmp_path, table, rule=RULE)
    twin = json.loads(path.read_text("utf-8"))
    assert "2026-02-02" == twin["trade_date"]
    assert {"A": ["A"]} == twin["combo_composition"]
    assert {"gru": []} == twin["model_to_combos"]
    assert {"TopK": 3, "DropN": 1, "buy_suggestion_factor": 2} == twin["thresholds"]
    assert LEGEND == twin["legend"]
    assert [
        ["order_basis", "ensemble", "sorted_df"],
        ["combo_A", "A.csv", "combo"],
        ["model_gru", "gru.csv", "model"],
    ] == twin["sources"]
    assert 1.0 == twin["mean_agreement"]


def test_written_opinions_read_back(tmp_path, table):
    (path, _), _ = write_opinions(tmp_path, table, rule=RULE)
    found = read_opinions(path)
    assert ("order_basis", "combo_A", "model_gru") == found.columns
    assert table.instruments == found.instruments
    assert [(basis, *row) for basis, row in zip(table.basis, table.cells, strict=True)] == list(
        found.cells
    )
    assert table.agreement == found.agreement
    assert date(2026, 2, 2) == found.trade_date


def test_a_table_of_the_earlier_system_reads_too(tmp_path):
    path = tmp_path / "opinions.csv"
    path.write_text(
        "instrument,order_basis,model_gru\nSH600000,BUY* (12),-\nSZ000001,-- (3),SELL (-)\n"
    )
    found = read_opinions(path)
    assert found.trade_date is None
    assert (
        (Opinion("BUY*", 12), Opinion("-", None)),
        (Opinion("--", 3), Opinion("SELL", None)),
    ) == found.cells
    assert (None, None) == found.agreement


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"(?s)another header.*an empty file"),
        ("a,b\n1,2\n", "another header"),
        ("instrument,order_basis\nSH600000\n", r"(?s)another length.*csv:2"),
        ("instrument,order_basis\nSH600000,WAIT (3)\n", r"(?s)not an action.*'WAIT \(3\)'"),
    ],
)
def test_what_is_no_table_of_opinions_is_refused(tmp_path, text, message):
    path = tmp_path / "o.csv"
    path.write_text(text)
    with pytest.raises(CorruptArtifactError, match=message) as caught:
        read_opinions(path)
    assert str(path) in str(caught.value)


def test_a_missing_or_unreadable_file_is_refused(tmp_path):
    with pytest.raises(MissingArtifactError, match="no such opinions"):
        read_opinions(tmp_path / "none.csv")
    (tmp_path / "o.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CorruptArtifactError, match="not UTF-8"):
        read_opinions(tmp_path / "o.csv")


def test_the_newest_is_by_date_and_by_exact_name(tmp_path):
    """Fault 29: the last by name may be another one's."""
    for name in (
        "model_opinions_2026-01-26.csv",
        "model_opinions_2026-02-02.csv",
        "model_opinions_2026-13-77.csv",
        "model_opinions_gru_2026-03-02.csv",
        "model_opinions_zzz.csv",
    ):
        (tmp_path / name).touch()
    assert "model_opinions_2026-02-02.csv" == newest_opinions(tmp_path).name
    with pytest.raises(MissingArtifactError, match="no opinions yet"):
        newest_opinions(tmp_path / "nowhere")


def test_a_trial_has_a_name_of_its_own():
    """Fault 28: an ad-hoc run replaced the file of the routine."""
    day = date(2026, 2, 2)
    assert "model_opinions_2026-02-02" == opinions_stem("ensemble", day)
    assert "model_opinions_ensemble_B_2026-02-02" == opinions_stem("ensemble_B", day)
