"""The limits of the checks before trading."""

import pytest

from quantpits.config.pretrade import PretradeConfig
from quantpits.config.validation import model_from_text
from quantpits.errors import ConfigError


def read(text):
    return model_from_text(PretradeConfig, text, "config/pretrade.yaml")


def test_defaults_warn_and_stop_only_what_the_market_cannot_take():
    config = PretradeConfig()
    limits = {
        name: (getattr(config, name).warn, getattr(config, name).stop)
        for name in (
            "turnover",
            "position_weight",
            "adv_share",
            "at_limit",
            "suspended",
            "disagreement",
        )
    }
    assert {
        "turnover": (0.6, None),
        "position_weight": (0.2, None),
        "adv_share": (0.05, 0.25),
        "at_limit": (0.0, None),
        "suspended": (0.1, None),
        "disagreement": (0.75, None),
    } == limits
    assert ("stop", 20) == (config.books, config.adv_sessions)


def test_a_limit_that_is_named_leaves_the_other_as_it_is():
    config = read("adv_share: {warn: 0.01}\nturnover: {stop: 0.5, warn: null}\nbooks: warn\n")
    assert (0.01, 0.25) == (config.adv_share.warn, config.adv_share.stop)
    assert (None, 0.5) == (config.turnover.warn, config.turnover.stop)
    assert "warn" == config.books


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("turnover: {warn: -1}", "turnover.warn"),
        ("turnover: {warn: no}", "turnover.warn: should be a number"),
        ("turnovers: {warn: 1}", "did you mean 'turnover'?"),
        ("books: maybe", "books"),
        ("adv_sessions: 0", "adv_sessions"),
    ],
)
def test_wrong_limits_are_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)
