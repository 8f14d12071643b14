from __future__ import annotations

import pytest

from quantpits.errors import BrokerFileError
from quantpits.post_trade.brokers import texts
from quantpits.post_trade.brokers.texts import decoded, delimited_rows


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-8", "utf-8-sig"])
def test_the_encoding_shows_in_the_bytes(encoding: str) -> None:
    assert "交收日期\t浦发银行" == decoded("交收日期\t浦发银行".encode(encoding), "a.xls")


def test_an_encoding_may_be_named() -> None:
    assert "浦发" == decoded("浦发".encode("gbk"), "a.csv", encoding="gbk")
    with pytest.raises(BrokerFileError, match="its bytes are no utf-8"):
        decoded("浦发".encode("gbk"), "a.csv", encoding="utf-8")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"\xff\xfe\xff", "no UTF-8 or GBK"),
        ("交收".encode("utf-16"), "no UTF-8 or GBK"),
        (b"a\0b", "zero bytes"),
        (b" <html><table>", "web page"),
        (b"\xef\xbb\xbf<?xml", "web page"),
    ],
)
def test_what_is_no_text_is_refused(content: bytes, found: str) -> None:
    with pytest.raises(BrokerFileError, match=rf"cannot be read[\s\S]*a\.csv[\s\S]*{found}"):
        decoded(content, "a.csv")


def test_rows_are_read_for_each_delimiter() -> None:
    assert [[["a,b", "c"]], [["a", "b\tc"]]] == delimited_rows(
        "a,b\tc\n", "a.csv", delimiters=["\t", ","]
    )


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_way(end: str) -> None:
    (rows,) = delimited_rows(f"a,b{end}{end}c,d", "a.csv", delimiters=[","])
    assert [["a", "b"], [], ["c", "d"]] == rows


def test_other_characters_end_no_line() -> None:
    (rows,) = delimited_rows("a\u2028b\x0bc\x85d,e\n", "a.csv", delimiters=[","])
    assert [["a\u2028b\x0bc\x85d", "e"]] == rows


def test_an_unclosed_quotation_mark_swallows_nothing() -> None:
    with pytest.raises(BrokerFileError, match="unexpected end of data"):
        delimited_rows('a,"b\nc,d\n', "a.csv", delimiters=[","])


def test_a_table_larger_than_an_export_is_refused(monkeypatch) -> None:
    monkeypatch.setattr(texts, "_LARGEST_CELL_COUNT", 10)
    with pytest.raises(BrokerFileError, match="larger than an export"):
        delimited_rows("," * 11, "a.csv", delimiters=[","])
    assert [[[""] * 11]] == delimited_rows("," * 10, "a.csv", delimiters=[","])


def test_an_endless_cell_is_refused() -> None:
    with pytest.raises(BrokerFileError, match="field larger than field limit"):
        delimited_rows("a" * 200_000, "a.csv", delimiters=[","])
