from __future__ import annotations

import pytest

from quantpits.training.evaluate_request import EvaluateRequest


def test_flags_make_the_request(ask):
    asked = ask("evaluate gru --folds 8 --test-folds 3 --embargo 5")
    assert EvaluateRequest(model="gru", folds=8, test_folds=3, embargo=5) == asked.request
    assert asked.target == "quantpits.training.evaluate_step:run"
    assert asked.plan.is_writing
    assert not ask("evaluate gru --dry-run").plan.is_writing


@pytest.mark.parametrize("line", ["", "gru --folds 2", "gru --test-folds 0", "gru --embargo -1"])
def test_wrong_usage(ask, line, capsys):
    assert ask(f"evaluate {line}").exit_code == 2
    assert capsys.readouterr().err
