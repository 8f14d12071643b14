from __future__ import annotations

import pytest

from quantpits.training.tune_request import TuneRequest


def test_flags_make_the_request(ask):
    asked = ask("tune gru --trials 9 --timeout 60 --cv 4")
    assert TuneRequest(model="gru", trials=9, timeout=60.0, folds=4) == asked.request
    assert asked.target == "quantpits.training.tune_step:run"
    assert asked.plan.is_writing
    assert not ask("tune gru --dry-run").plan.is_writing


@pytest.mark.parametrize("line", ["", "gru --trials 0", "gru --timeout 0", "gru --cv 0"])
def test_wrong_usage(ask, line, capsys):
    assert ask(f"tune {line}").exit_code == 2
    assert capsys.readouterr().err
