from __future__ import annotations

from pathlib import Path

import pytest

from quantpits.ranking.request import RankRequest


@pytest.mark.parametrize(
    ("line", "request_", "text"),
    [
        ("", RankRequest(), "rank the prediction that orders follow"),
        ("--combo A --top-n 50", RankRequest(combo="A", top_n=50), "rank the combo A"),
        ("--all-combos", RankRequest(all_combos=True), "rank every enabled combo"),
        (
            "--prediction-file p.csv --output-dir out --dry-run",
            RankRequest(prediction_file=Path("p.csv"), output_dir=Path("out"), dry_run=True),
            "rank p.csv",
        ),
    ],
)
def test_flags_make_the_request(ask, line, request_, text):
    asked = ask(f"rank {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.ranking.step:run"
    assert text == asked.plan.text
    assert asked.plan.is_writing is not request_.dry_run
