from __future__ import annotations

from pathlib import Path

import pytest

from quantpits.orders.request import OrderRequest


@pytest.mark.parametrize(
    ("line", "request_", "text"),
    [
        ("", OrderRequest(), "orders that follow the default combo"),
        ("--model gru", OrderRequest(model="gru"), "orders that follow gru"),
        (
            "--override PRE003,PRE001",
            OrderRequest(overrides=("PRE003", "PRE001")),
            "orders that follow the default combo",
        ),
        ("--combo A --verbose", OrderRequest(combo="A", verbose=True), "orders that follow A"),
        (
            "--prediction-file p.csv --output-dir out --dry-run",
            OrderRequest(prediction_file=Path("p.csv"), output_dir=Path("out"), dry_run=True),
            "orders that follow p.csv",
        ),
    ],
)
def test_flags_make_the_request(ask, line, request_, text):
    asked = ask(f"orders {line}")
    assert asked.exit_code == 0
    assert request_ == asked.request
    assert asked.target == "quantpits.orders.step:run"
    assert text == asked.plan.text
    assert asked.plan.is_writing is not request_.dry_run
