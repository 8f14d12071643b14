"""The order files of a trade date, as the paper broker reads them."""

from datetime import date

import pytest

from quantpits.errors import CorruptArtifactError
from quantpits.routine.paper_orders import (
    has_orders,
    order_path,
    read_order_lines,
    read_orders,
)
from quantpits.trading import Order
from quantpits.workspace import Workspace

DAY = date(2026, 11, 9)
HEADER = "instrument,datetime,value,estimated_amount,score,current_close,role\n"


@pytest.fixture
def workspace(tmp_path):
    (tmp_path / "output").mkdir()
    return Workspace(tmp_path)


def write(workspace, side, text, label="ensemble"):
    order_path(workspace, side, label=label, trade_date=DAY).write_text(text, encoding="utf-8")


def test_sales_come_before_purchases_and_ranks_follow_the_file(workspace):
    write(
        workspace,
        "buy",
        HEADER
        + "SH600000,2026-11-09,300,3300.00,1.5,10.00,primary\n"
        + "SZ000001,2026-11-09,200,4400.00,1.2,20.00,alternate\n",
    )
    write(workspace, "sell", HEADER + "SH600004,2026-11-09,150,900.00,-1.0,6.66,primary\n")
    expected = (
        Order("SH600004", "sell", 150, rank=1),
        Order("SH600000", "buy", 300, rank=1),
        Order("SZ000001", "buy", 200, role="alternate", rank=2),
    )
    assert expected == read_orders(workspace, label="ensemble", trade_date=DAY)


def test_line_for_another_session_is_left_out(workspace):
    write(workspace, "buy", HEADER + "SH600000,2026-11-10,300,3300.00,1.5,10.00,primary\n")
    assert () == read_orders(workspace, label="ensemble", trade_date=DAY)


def test_no_files_are_no_orders(workspace):
    assert () == read_orders(workspace, label="ensemble", trade_date=DAY)


def test_empty_side_is_no_orders(workspace):
    write(workspace, "buy", HEADER)
    assert () == read_orders(workspace, label="ensemble", trade_date=DAY)


def test_other_label_is_another_file(workspace):
    write(workspace, "buy", HEADER + "SH600000,2026-11-09,300,1,1,1,primary\n", label="gru")
    assert () == read_orders(workspace, label="ensemble", trade_date=DAY)
    assert 1 == len(read_orders(workspace, label="gru", trade_date=DAY))


def test_file_without_roles_has_primaries_only(workspace):
    write(workspace, "buy", "instrument,datetime,value\nSH600000,2026-11-09,300\n")
    (order,) = read_orders(workspace, label="ensemble", trade_date=DAY)
    assert "primary" == order.role


@pytest.mark.parametrize(
    ("text", "found"),
    [("instrument,value\nSH600000,300\n", "instrument, value"), ("", "an empty file")],
)
def test_missing_column_is_refused(workspace, text, found):
    write(workspace, "buy", text)
    with pytest.raises(CorruptArtifactError, match=f"(?s)lacks a column.*found: {found}"):
        read_orders(workspace, label="ensemble", trade_date=DAY)


@pytest.mark.parametrize("shares", ["", "0", "-100", "1e3", "100.0"])
def test_number_of_shares_that_is_none_is_refused(workspace, shares):
    write(workspace, "sell", f"instrument,datetime,value\nSH600000,2026-11-09,{shares}\n")
    with pytest.raises(CorruptArtifactError, match=r"no whole number.*\n.*csv:2"):
        read_orders(workspace, label="ensemble", trade_date=DAY)


def test_archived_orders_are_found_where_no_current_ones_are(workspace):
    assert not has_orders(workspace, label="ensemble", trade_date=DAY)
    name = f"sell_suggestion_ensemble_{DAY}.csv"
    workspace.order_history_dir.mkdir(parents=True)
    archived = workspace.order_history_dir / name
    archived.write_text(HEADER + "SH600004,2026-11-09,150,900.00,-1.0,6.66,primary\n", "utf-8")
    assert has_orders(workspace, label="ensemble", trade_date=DAY)
    (line,) = read_order_lines(workspace, label="ensemble", trade_date=DAY)
    assert (150, 666) == (line.order.shares, line.close_fen)
    (workspace.output_dir / name).write_text(HEADER, encoding="utf-8")
    assert () == read_orders(workspace, label="ensemble", trade_date=DAY)


def test_order_without_a_close_is_read_and_one_with_a_wrong_close_is_refused(workspace):
    write(workspace, "buy", "instrument,datetime,value\nSH600000,2026-11-09,300\n")
    (line,) = read_order_lines(workspace, label="ensemble", trade_date=DAY)
    assert 0 == line.close_fen
    write(workspace, "buy", HEADER + "SH600000,2026-11-09,300,3300.00,1.5,ten,primary\n")
    with pytest.raises(CorruptArtifactError, match=r"(?s)no price where.*:2"):
        read_orders(workspace, label="ensemble", trade_date=DAY)
