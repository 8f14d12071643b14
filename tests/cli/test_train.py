from __future__ import annotations

from quantpits.training.request import TrainRequest


def test_the_default_trains_every_enabled_model(ask):
    asked = ask("train")
    assert asked.exit_code == 0
    assert asked.target == "quantpits.training.step:run"
    assert TrainRequest() == asked.request
    assert asked.plan.command == "train"
    assert asked.plan.is_writing


def test_flags(ask):
    asked = ask("train --partial --retrain --dry-run --json --quiet")
    assert TrainRequest(partial=True, retrain=True, dry_run=True) == asked.request
    assert not asked.plan.is_writing
    assert asked.common.json
    assert asked.common.quiet


def test_models(ask):
    asked = ask("train --models linear_Alpha158,gru")
    assert TrainRequest(models=("linear_Alpha158", "gru")) == asked.request
    assert "train linear_Alpha158, gru" == asked.plan.text


def test_help_does_not_train(ask, capsys):  # the earlier system trained when asked for help
    asked = ask("train --help")
    assert asked.request is None
    assert "--dry-run" in capsys.readouterr().out
