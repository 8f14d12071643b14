"""The template of a basket."""

import pytest

from quantpits.config.basket import BasketConfig
from quantpits.config.validation import model_from_text
from quantpits.errors import ConfigError

TERMINAL = """
columns:
  - {header: 证券代码, value: code}
  - {header: 买卖方向, value: side}
  - {header: 委托价格, value: price}
  - {header: 委托数量, value: shares}
  - {header: 备注, text: quantpits}
encoding: gbk
code_style: "600000.SH"
price: close
buy: 买入
sell: 卖出
exchanges: {SH: 上海, SZ: 深圳}
newline: unix
"""


def read(text):
    return model_from_text(BasketConfig, text, "config/basket.yaml")


def test_the_neutral_basket():
    config = BasketConfig()
    assert ["code", "exchange", "side", "price", "shares"] == [
        column.header for column in config.columns
    ]
    assert ("utf-8-sig", ",", "600000", "limit") == (
        config.encoding,
        config.delimiter,
        config.code_style,
        config.price,
    )
    assert not config.alternates


def test_a_terminal_of_its_own():
    config = read(TERMINAL)
    assert ("买入", "卖出", "gbk") == (config.buy, config.sell, config.encoding)
    assert ["code", "side", "price", "shares", None] == [each.value for each in config.columns]
    assert "quantpits" == config.columns[-1].text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("encoding: utf8x", "should be an encoding such as utf-8-sig or gbk"),
        ("columns: []", "columns"),
        ("columns: [{header: a}]", "name either a value or a text"),
        ("columns: [{header: a, value: code, text: b}]", "name either a value or a text"),
        (
            "columns: [{header: a, value: code}, {header: a, value: side}]",
            "columns.1: 'a' is listed twice",
        ),
        ("sell: buy", "purchases and sales need different words"),
        ("alternates: true", "with alternates a column must say the role"),
        ("buy: 买入\nencoding: ascii", "a header or a word cannot be written in it"),
        ("code_style: '600000.XSHG'", "code_style"),
    ],
)
def test_wrong_templates_are_refused(text, message):
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert message in str(caught.value)
