"""The model registry."""

import pytest

from quantpits.config.registry import ModelRegistry, RegistryEntry
from quantpits.config.validation import model_from_text
from quantpits.errors import ConfigError

SOURCE = "config/model_registry.yaml"


def read(text):
    return model_from_text(ModelRegistry, text, SOURCE)


def test_entry_with_all_keys():
    text = """
models:
  lstm_Alpha158:
    algorithm: lstm
    dataset: Alpha158
    market: csi300
    yaml_file: config/workflow_config_lstm.yaml
    enabled: true
    tags: [ts, nn]
    notes: base of GATs
  gats_Alpha158:
    yaml_file: config/workflow_config_gats.yaml
    pretrain_source: lstm_Alpha158
    label: Ref($close, -6) / Ref($close, -1) - 1
"""
    expected = {
        "lstm_Alpha158": RegistryEntry(
            algorithm="lstm",
            dataset="Alpha158",
            market="csi300",
            yaml_file="config/workflow_config_lstm.yaml",
            enabled=True,
            tags=("ts", "nn"),
            notes="base of GATs",
        ),
        "gats_Alpha158": RegistryEntry(
            yaml_file="config/workflow_config_gats.yaml",
            pretrain_source="lstm_Alpha158",
            label="Ref($close, -6) / Ref($close, -1) - 1",
        ),
    }
    found = read(text).models
    assert expected == found
    assert list(expected) == list(found)


def test_defaults_of_an_entry():
    entry = read("models: {gru: {yaml_file: a.yaml}}").models["gru"]
    assert ("", "", "", False, ()) == (
        entry.algorithm,
        entry.dataset,
        entry.market,
        entry.enabled,
        entry.tags,
    )
    assert (None, None, None) == (entry.notes, entry.pretrain_source, entry.label)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("models: {}", "models: should not be empty"),
        ("model: {}", "model: there is no such key; did you mean 'models'?"),
        ("models: {gru: {}}", "models.gru.yaml_file: this key is required"),
        ("models: {gru: {yaml_file: ''}}", "models.gru.yaml_file: should not be empty"),
        ("models: {gru: {yaml_file: a, enabled: no}}", "should be true or false, found 'no'"),
        ("models: {gru: {yaml_file: a, tags: nn}}", "models.gru.tags: should be a list"),
        ("models: {gru: {yaml_file: a, enable: true}}", "did you mean 'enabled'?"),
        ("models: {a/b: {yaml_file: a}}", "models.a/b: the name should be"),
        ("models: {Ensemble: {yaml_file: a}}", "must not start with 'ensemble'"),
        ("models: {ensemble_a: {yaml_file: a}}", "must not start with 'ensemble'"),
        (
            "models: {gats: {yaml_file: a, pretrain_source: lstm}}",
            "models.gats.pretrain_source: there is no model 'lstm'",
        ),
    ],
)
def test_wrong_registry_is_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)
