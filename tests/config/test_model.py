"""Parameters of training and prediction."""

from datetime import date

import pytest

from quantpits.config.model import ModelConfig
from quantpits.config.validation import validate_model
from quantpits.errors import ConfigError

BASE = {"market": "csi300", "benchmark": "SH000300"}
FIXED = {
    **BASE,
    "data_slice_mode": "fixed",
    "fit_end_time": "2016-12-31",
    "valid_start_time": "2017-01-01",
    "valid_end_time": "2018-12-31",
    "test_start_time": "2019-01-01",
    "test_end_time": "2020-12-31",
}


def read(**changes):
    return validate_model(ModelConfig, {**BASE, **changes}, "config/model_config.json")


def test_defaults():
    config = read()
    assert (8.0, 2.0, 3.0) == (
        config.train_set_windows,
        config.valid_set_window,
        config.test_set_window,
    )
    assert (20, 3, "week", True, 0) == (
        config.topk,
        config.n_drop,
        config.freq,
        config.purge,
        config.seed,
    )
    assert config.is_sliding
    assert config.is_anchored_to_last_session


def test_keys_of_earlier_files_are_read():
    config = read(
        TopK=22,
        DropN=3,
        freq="day",
        train_set_windows=7.5,
        fit_end_time="",
        backtest_start_time="2020-01-01",
        backtest_end_time="",
        experiment_name_prefix="Prod",
        purged_cv={"n_groups": 10, "n_test_groups": 2, "n_val_groups": 1, "purge_steps": 6},
    )
    assert (22, "day", 7.5, None) == (
        config.topk,
        config.freq,
        config.train_set_windows,
        config.fit_end_time,
    )
    assert (10, 6, 0) == (
        config.purged_cv.n_groups,
        config.purged_cv.purge_steps,
        config.purged_cv.embargo_steps,
    )


def test_fixed_dates():
    config = validate_model(ModelConfig, FIXED, "config/model_config.json")
    assert not config.is_sliding
    assert date(2008, 1, 1) == config.fit_start_time
    assert date(2019, 1, 1) == config.test_start_time


def test_other_anchor_needs_its_date():
    config = read(train_date_mode="current_date", current_date="2026-02-06")
    assert not config.is_anchored_to_last_session
    assert date(2026, 2, 6) == config.current_date
    with pytest.raises(ConfigError, match="current_date: train_date_mode 'manual' needs"):
        read(train_date_mode="manual")


def test_fixed_mode_lists_every_missing_date():
    with pytest.raises(ConfigError) as caught:
        read(data_slice_mode="fixed", fit_end_time="2016-12-31")
    assert ["valid_start_time", "valid_end_time", "test_start_time", "test_end_time"] == [
        problem.key for problem in caught.value.problems
    ]


@pytest.mark.parametrize(
    ("key", "value", "earlier"),
    [
        ("valid_start_time", "2016-12-31", "fit_end_time 2016-12-31"),
        ("test_start_time", "2018-12-31", "valid_end_time 2018-12-31"),
        ("test_end_time", "2018-12-31", "test_start_time 2019-01-01"),
        ("fit_start_time", "2007-12-31", "start_time 2008-01-01"),
    ],
)
def test_fixed_dates_out_of_order_are_refused(key, value, earlier):
    with pytest.raises(ConfigError, match=f"{key}: {value} should come after {earlier}"):
        validate_model(ModelConfig, {**FIXED, key: value}, "config/model_config.json")


def test_segment_of_one_day_is_allowed():
    assert validate_model(
        ModelConfig, {**FIXED, "test_end_time": "2019-01-01"}, "config/model_config.json"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"TopK": 0}, "TopK: should be greater than or equal to 1"),
        ({"TopK": True}, "TopK: should be a whole number"),
        ({"DropN": -1}, "DropN: should be greater than or equal to 0"),
        ({"topk": 20}, "topk: there is no such key; did you mean 'TopK'"),
        ({"freq": "weekly"}, "freq: should be 'week' or 'day', found 'weekly'"),
        ({"test_set_window": 0}, "test_set_window: should be greater than 0"),
        ({"train_set_window": 3}, "train_set_window: .*did you mean 'train_set_windows'"),
        ({"market": ""}, "market: should not be empty"),
        ({"seed": -1}, "seed: should be greater than or equal to 0"),
        ({"purge": "false"}, "purge: should be true or false"),
        ({"purged_cv": {"n_groups": 1, "n_test_groups": 1}}, r"purged_cv\.n_groups: should be"),
    ],
)
def test_wrong_values_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        read(**changes)


def test_market_and_benchmark_are_required():
    with pytest.raises(ConfigError) as caught:
        validate_model(ModelConfig, {}, "config/model_config.json")
    assert ["market", "benchmark"] == [problem.key for problem in caught.value.problems]
