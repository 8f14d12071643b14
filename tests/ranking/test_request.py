"""The report in words."""

from datetime import date
from pathlib import Path

from quantpits.ranking import RankedList, RankReport, RankRequest


def test_request_defaults_are_those_of_the_documents():
    request = RankRequest()
    assert (300, None, False, None) == (
        request.top_n,
        request.combo,
        request.all_combos,
        request.prediction_file,
    )


def test_summary_names_list_and_best():
    ranked = RankedList(
        label="A",
        source=Path("ensemble_A_2026-01-30.csv"),
        path=Path("Signal_A_2026-01-30_Top300.csv"),
        data_date=date(2026, 1, 30),
        n_scored=299,
        n_listed=299,
        best=(("SH600000", 100.0), ("SZ000001", 33.3)),
    )
    report = RankReport(
        workspace="Demo",
        outputs=(),
        findings=(),
        changed=False,
        market_label="synthetic, seed 1",
        lists=(ranked,),
        dry_run=True,
    )
    assert [
        "Market: synthetic, seed 1",
        "A: would list 299 of 299 instruments",
        "  scored on 2026-01-30",
        "  best: SH600000 100.00, SZ000001 33.30",
        "  Signal_A_2026-01-30_Top300.csv",
    ] == report.summary()
