"""Files of a backtested fusion: their names, their bytes, and what is removed."""

import csv
import dataclasses
from datetime import date

import numpy as np
import pytest

from quantpits.charts import Heading, Page
from quantpits.fusion.leaderboard import COMPARISON_COLUMNS, LEADERBOARD_COLUMNS
from quantpits.fusion.reports import (
    Written,
    combo_pictures,
    comparison_name,
    page_name,
    remove_stale,
    report_suffix,
    write_comparison,
    write_page,
    write_pictures,
    write_tables,
)
from quantpits.fusion.window import Window
from tests.fusion.conftest import ANCHOR, traded_combo

PNG = b"\x89PNG\r\n"


def default(backtest):
    """Return the backtest as that of the default combo A."""
    plan = dataclasses.replace(
        backtest.fusion.plan, label="ensemble_A", combo="A", is_default=True, is_tradable=True
    )
    fusion = dataclasses.replace(backtest.fusion, plan=plan)
    return dataclasses.replace(backtest, fusion=fusion)


def names(written):
    return [path.name for path in written.paths]


def test_names_carry_label_window_and_anchor():
    assert ("", "_A", "_adhoc_oos") == tuple(
        report_suffix(label) for label in ("ensemble", "ensemble_A", "ensemble_adhoc_oos")
    )
    assert "fusion_report_A_2026-01-30.html" == page_name("ensemble_A", ANCHOR)
    window = Window("oos", date(2026, 1, 1))
    assert "combo_comparison_oos_2026-01-30.csv" == comparison_name(window, ANCHOR, ending="csv")


def test_write_tables_of_the_default_combo_writes_plain_copies(traded, tmp_path):
    backtest = default(traded)
    written = write_tables(backtest.fusion, backtest, folder=tmp_path, anchor=ANCHOR)
    assert [
        "leaderboard_A_2026-01-30.csv",
        "ensemble_weights_A_2026-01-30.csv",
        "leaderboard_2026-01-30.csv",
        "ensemble_weights_2026-01-30.csv",
    ] == names(written)
    first, weights, second, _ = (path.read_bytes() for path in written.paths)
    assert first == second
    rows = list(csv.DictReader(first.decode().splitlines()))
    assert (LEADERBOARD_COLUMNS, 5) == (tuple(rows[0]), len(rows))
    lines = weights.decode().splitlines()
    assert "datetime,gru,linear,mlp" == lines[0]
    np.testing.assert_array_equal(
        backtest.fusion.daily_weights[-1], [float(cell) for cell in lines[-1].split(",")[1:]]
    )
    again = write_tables(backtest.fusion, backtest, folder=tmp_path, anchor=ANCHOR)
    assert (True, False) == (written.changed, again.changed)


def test_write_tables_of_constant_weights_without_a_backtest_are_none(priced_lab, tmp_path):
    fusion = traded_combo(priced_lab, method="equal").fusion
    assert Written() == write_tables(fusion, None, folder=tmp_path, anchor=ANCHOR)


def test_write_pictures_are_png_files_of_both_names(traded, tmp_path):
    backtest = default(traded)
    pictures = combo_pictures(backtest.fusion, backtest)
    assert {"ensemble_nav", "ensemble_weights", "correlation_matrix"} == set(pictures)
    assert all(content.startswith(PNG) for content in pictures.values())
    written = write_pictures(backtest.fusion, pictures, folder=tmp_path, anchor=ANCHOR)
    assert "ensemble_nav_A_2026-01-30.png" in names(written)
    assert "ensemble_nav_2026-01-30.png" in names(written)
    assert 6 == len(written.paths)


def test_pictures_of_one_model_without_a_backtest_are_none(priced_lab):
    fusion = traded_combo(priced_lab, ("gru",), "equal").fusion
    assert {} == combo_pictures(fusion, None)


@pytest.mark.parametrize("is_drawing", [True, False])
def test_write_comparison(traded, tmp_path, is_drawing):
    written = write_comparison(
        [default(traded), traded],
        folder=tmp_path,
        window=Window("full"),
        anchor=ANCHOR,
        is_drawing=is_drawing,
    )
    expected = ["combo_comparison_2026-01-30.csv", "combo_comparison_2026-01-30.png"]
    assert expected[: 1 + is_drawing] == names(written)
    rows = list(csv.DictReader(written.paths[0].read_text().splitlines()))
    assert (COMPARISON_COLUMNS, ["A", "ensemble_adhoc"]) == (
        tuple(rows[0]),
        [row["combo"] for row in rows],
    )
    assert ["True", "False"] == [row["is_default"] for row in rows]


def test_write_page_is_one_file(tmp_path):
    path = tmp_path / "page.html"
    written = write_page(Page(title="组合", sections=(Heading("Combos"),)), path)
    assert (written.paths, True) == ((path,), written.changed)
    assert "组合" in path.read_text(encoding="utf-8")
    assert not write_page(Page(title="组合", sections=(Heading("Combos"),)), path).changed


def test_remove_stale_keeps_what_was_written_and_what_is_not_its_own(traded, tmp_path):
    fusion = default(traded).fusion
    folder = tmp_path / "reports"
    folder.mkdir()
    mine = [folder / f"leaderboard{end}_2026-01-30.csv" for end in ("", "_A")]
    others = [
        folder / "leaderboard_B_2026-01-30.csv",
        folder / "leaderboard_A_2026-01-23.csv",
        folder / "combo_comparison_2026-01-30.csv",
    ]
    kept = folder / "ensemble_nav_A_2026-01-30.png"
    for path in (*mine, *others, kept):
        path.touch()
    gone = remove_stale(fusion, folder=folder, anchor=ANCHOR, kept=(kept,))
    assert sorted(mine) == sorted(gone)
    assert sorted((*others, kept)) == sorted(folder.iterdir())
