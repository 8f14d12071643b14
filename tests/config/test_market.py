"""Source of market data."""

from datetime import date
from pathlib import Path

import pytest

from quantpits.config.market import MarketConfig
from quantpits.config.validation import model_from_text
from quantpits.errors import ConfigError


def read(text):
    return model_from_text(MarketConfig, text, "config/market.yaml")


def test_without_content_the_environment_decides():
    config = MarketConfig()
    assert ("qlib", None, None) == (config.provider, config.provider_uri, config.region)
    assert not config.is_synthetic
    assert config == read("# nothing here\n")


def test_synthetic_market():
    config = read("provider: synthetic\nregion: cn\nsynthetic: {seed: 7, through: 2026-11-06}\n")
    assert config.is_synthetic
    assert (7, date(2026, 11, 6)) == (config.synthetic.seed, config.synthetic.through)


def test_seed_of_the_synthetic_market_has_a_default():
    assert 20200101 == read("provider: synthetic").synthetic.seed


def test_provider_uri_is_kept_as_written():
    assert Path("~/qlib_data") == read("provider_uri: ~/qlib_data").provider_uri
    assert read("provider_uri: ''").provider_uri is None


def test_idle_synthetic_section_is_allowed():
    assert not read("provider: qlib\nsynthetic: {seed: 7}").is_synthetic


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("provider: yahoo", "provider: should be 'qlib' or 'synthetic'"),
        ("region: jp", "region: should be 'cn' or 'us'"),
        ("provider_uri: 3", "provider_uri: should be a path"),
        ("provider: synthetic\nprovider_uri: /data", "provider_uri: the synthetic market lies"),
        ("provider: synthetic\nregion: us", "region: the synthetic market follows"),
        ("synthetic: {seed: 1.5}", "synthetic.seed: should be a whole number"),
        ("synthetic: {through: 2026-02-30}", "market.yaml"),
        ("uri: /data", "uri: there is no such key"),
    ],
)
def test_wrong_market_is_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)
