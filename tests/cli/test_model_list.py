from __future__ import annotations

from datetime import date

import pytest

from quantpits.cli.app import main
from quantpits.records import ModelRecord, TrainRecords, publish_full

REGISTRY = """\
models:
  gru:
    algorithm: gru
    dataset: Alpha158
    market: csi300
    yaml_file: config/workflow_config_gru.yaml
    enabled: true
    tags: [ts, nn]
  linear:
    algorithm: linear
    dataset: Alpha158
    market: csi300
    yaml_file: config/workflow_config_linear.yaml
    enabled: false
"""


@pytest.fixture
def registry(workspace):
    (workspace.config_dir / "model_registry.yaml").write_text(REGISTRY, "utf-8")
    return workspace


def listed(capsys) -> list[str]:
    return [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]


def test_every_model_before_the_first_training(registry, capsys):
    assert main(["predict", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[:3] == ["model", "enabled", "algorithm"]
    assert lines[1].split() == [
        "gru",
        "yes",
        "gru",
        "Alpha158",
        "csi300",
        "ts,nn",
        "never",
        "trained",
    ]
    assert lines[2].split()[:2] == ["linear", "no"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("--all-enabled", ["gru"]),
        ("--models linear", ["linear"]),
        ("--tag nn", ["gru"]),
        ("--skip gru", ["linear"]),
        ("--dataset alpha158", ["gru", "linear"]),
    ],
)
def test_a_selection_narrows_the_list(registry, line, names, capsys):
    assert main(["predict", "--list", *line.split()]) == 0
    assert names == listed(capsys)


def test_an_unknown_model_is_refused(registry, capsys):
    assert main(["predict", "--list", "--models", "grue"]) == 2
    assert "grue" in capsys.readouterr().err


def test_the_anchor_of_the_current_predictions(registry, capsys):
    record = ModelRecord(experiment="E", run_id="1", anchor_date=date(2026, 2, 6))
    publish_full(
        registry,
        TrainRecords(
            experiment_name="E",
            anchor_date=record.anchor_date,
            timestamp="t",
            models={"gru": "1"},
            model_records={"gru": record},
        ),
    )
    main(["predict", "--list"])
    assert capsys.readouterr().out.splitlines()[1].endswith("2026-02-06")
