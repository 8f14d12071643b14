"""The list as a file: name, header, byte order mark, two decimals."""

from datetime import date

import pandas as pd

from quantpits.ranking.files import HEADER, ranking_name, write_ranking


def test_ranking_name_has_the_number_asked_for():
    assert "Signal_A_2026-01-30_Top300.csv" == ranking_name("A", date(2026, 1, 30), top_n=300)


def test_write_ranking_bytes(tmp_path):
    path = tmp_path / "list.csv"
    assert write_ranking(path, [("SH600000", 100.0), ("SZ000001", -3.5)])
    expected = "\ufeff股票代码,推荐指数\nSH600000,100.00\nSZ000001,-3.50\n"
    assert expected.encode() == path.read_bytes()


def test_write_ranking_twice_changes_nothing(tmp_path):
    path = tmp_path / "list.csv"
    assert write_ranking(path, [("SH600000", 0.0)])
    assert not write_ranking(path, [("SH600000", 0.0)])


def test_write_ranking_reads_back(tmp_path):
    path = tmp_path / "list.csv"
    write_ranking(path, [("000001", 12.34)])
    table = pd.read_csv(path, encoding="utf-8-sig", dtype={HEADER[0]: str})
    assert [("000001", 12.34)] == list(table.itertuples(index=False, name=None))
