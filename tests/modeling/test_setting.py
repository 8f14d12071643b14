"""What training and prediction start from."""

from __future__ import annotations

from datetime import date

import pytest

from quantpits.errors import ConfigError, MissingDataError
from quantpits.modeling.setting import load_setting, read_workflows


def test_a_setting_is_complete(make, workflow):
    setting = load_setting(make({"a": workflow()}))
    assert date(2022, 3, 31) == setting.anchor
    assert ("tiny", "week") == (setting.config.market, setting.config.freq)
    assert "SYNTHETIC" in setting.source.label
    assert 64 == len(setting.data_hash)
    assert "Prod_Train_WEEK" == setting.experiment("Train")


def test_the_frequency_names_the_experiment(make, workflow):
    assert "Prod_Predict_DAY" == load_setting(make({"a": workflow()}, freq="day")).experiment(
        "Predict"
    )


def test_an_unknown_universe_is_refused_with_the_nearest_one(make, workflow):
    with pytest.raises(ConfigError, match="no universe 'tinny'") as caught:
        load_setting(make({"a": workflow()}, market="tinny"))
    assert "did you mean 'tiny'" in str(caught.value)


def test_a_universe_unlike_any_other_gets_no_suggestion(make, workflow):
    with pytest.raises(ConfigError, match="no universe 'zzzzzz'") as caught:
        load_setting(make({"a": workflow()}, market="zzzzzz"))
    assert "did you mean" not in str(caught.value)


def test_problems_of_both_config_files_are_reported_together(make, workflow):
    workspace = make({"a": workflow()}, markt="tiny")
    (workspace.config_dir / "model_registry.yaml").write_text("models: {a: {enabled: true}}")
    with pytest.raises(ConfigError, match="2 problems") as caught:
        load_setting(workspace)
    assert {"markt", "models.a.yaml_file"} == {each.key for each in caught.value.problems}


def test_missing_market_data_are_refused(make, workflow, tmp_path):
    workspace = make({"a": workflow()})
    (workspace.config_dir / "market.yaml").write_text(f"provider: qlib\nprovider_uri: {tmp_path}\n")
    with pytest.raises(MissingDataError, match="no market data"):
        load_setting(workspace)


def test_workflows_are_read_and_all_their_problems_reported_together(make, workflow):
    workspace = make({"a": workflow(), "b": "task: {", "c": "task: {}", "d": workflow()})
    registry = load_setting(workspace).registry
    assert ["d", "a"] == list(read_workflows(workspace, registry, ["d", "a"]))
    (workspace.config_dir / "workflow_config_d.yaml").unlink()
    with pytest.raises(ConfigError, match="5 problems") as caught:
        read_workflows(workspace, registry, ["a", "b", "c", "d"])
    text = str(caught.value)
    assert "workflow_config_b.yaml: this is not usable YAML" in text
    assert "workflow_config_c.yaml: task.model: is missing" in text
    assert "the workflow of the model 'd' cannot be read: No such file" in text
