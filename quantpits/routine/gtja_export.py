"""Write a settlement file as the broker's own export looks, the same bytes for the same content.

The paper broker has no counter, no clock and no customer: its file says in the first row that it is
made by QuantPits on paper, and that row is how such a file is told from a real one. Amounts are
integer fen until the cell is written.

Conventions: one file per session, also for a session without trades; sheet ``Sheet1``, five rows of
preamble, header on row 6; shares and notional are positive, the cash effect is signed and net of
fees.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from quantpits.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

__all__ = [
    "CONSOLIDATIONS",
    "PAPER_MARK",
    "SettlementEvent",
    "SettlementLine",
    "is_paper_settlement",
    "settlement_bytes",
    "trade_type",
]

SettlementEvent = Literal["buy", "sell", "dividend", "bonus", "consolidation"]

PAPER_MARK = "QuantPits PAPER settlement"
CONSOLIDATIONS = ("上海A股股份合并", "深圳A股股份合并", "北京A股股份合并")
"""Trade types that no broker's words are known for; a workspace declares them ``shares_out``."""

_SHEET = "Sheet1"
_HEADER = (
    "交收日期",
    "证券代码",
    "证券名称",
    "交易类别",
    "成交价格",
    "成交数量",
    "成交金额",
    "资金发生数",
    "费用合计",
    "净佣金",
    "印花税",
    "过户费",
    "资金余额",
    "合同号",
)
_EXCHANGES = {"SH": "上海", "SZ": "深圳", "BJ": "北京"}
_TRADES = {"buy": "竞价买入", "sell": "竞价卖出"}
_EVENTS = {
    "dividend": "A股红利入账",
    "bonus": "A股红股上市入账",
    "consolidation": "A股股份合并",
}
# Boards with trade types of their own; every other share is 普通.
_BOARDS = {"SZ30": "创业板", "SH68": "科创板"}
_FEN_PER_CNY = 100
# A workbook is a zip with the time of writing in every entry; these take the clock out of it.
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)
_WRITTEN_AT = re.compile(rb"(<dcterms:(created|modified)[^>]*>)[^<]*")
_NO_TIME = rb"\g<1>1980-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class SettlementLine:
    """One line of a settlement file.

    Attributes
    ----------
    instrument : str
        Such as ``"SH600000"``.
    name : str
        The display name.
    event : {"buy", "sell", "dividend", "bonus", "consolidation"}
        What happened.
    price_cny : float
        Price of one share [CNY]; for a dividend the cash per share, for shares that come or go
        without a trade 0.
    shares : int
        Shares bought, sold, received or lost; for a dividend the shares it was paid on.
    notional_fen : int
        Price times shares [fen], positive.
    cash_effect_fen : int
        What the line does to the cash [fen], net of fees: negative for a buy.
    commission_fen, stamp_duty_fen, transfer_fee_fen : int
        The parts of the fee [fen].
    cash_after_fen : int
        Cash after this line [fen].
    """

    instrument: str
    name: str
    event: SettlementEvent
    price_cny: float
    shares: int
    notional_fen: int
    cash_effect_fen: int
    cash_after_fen: int
    commission_fen: int = 0
    stamp_duty_fen: int = 0
    transfer_fee_fen: int = 0

    @property
    def fee_fen(self) -> int:
        """The whole fee [fen]."""
        return self.commission_fen + self.stamp_duty_fen + self.transfer_fee_fen


def trade_type(instrument: str, event: SettlementEvent) -> str:
    """Return the broker's word for an event of an instrument.

    Parameters
    ----------
    instrument : str
        Such as ``"SZ300001"``.
    event : {"buy", "sell", "dividend", "bonus", "consolidation"}
        What happened.

    Returns
    -------
    str
        For example ``"深圳A股创业板股票竞价买入"``.

    Raises
    ------
    UsageError
        If the instrument is of no exchange that such a file can speak of.

    Examples
    --------
    >>> trade_type("SH600000", "buy")
    '上海A股普通股票竞价买入'
    >>> trade_type("SZ000001", "dividend")
    '深圳A股红利入账'
    """
    exchange = _EXCHANGES.get(instrument[:2])
    if exchange is None:
        raise UsageError(
            "The paper broker writes settlement files of Chinese exchanges only.",
            where=instrument,
            expected=f"an instrument that starts with {', '.join(_EXCHANGES)}",
        )
    if event in _EVENTS:
        return f"{exchange}{_EVENTS[event]}"
    board = _BOARDS.get(instrument[:4], "普通")
    return f"{exchange}A股{board}股票{_TRADES[event]}"


def settlement_bytes(session: date, lines: Sequence[SettlementLine], *, market: str) -> bytes:
    """Return the workbook of one session.

    Parameters
    ----------
    session : date
        The session it settles.
    lines : sequence of SettlementLine
        In the order they were settled; may be empty.
    market : str
        What prices it was filled at, for the preamble.

    Returns
    -------
    bytes
        An ``.xlsx`` file; equal arguments give equal bytes, on every machine.
    """
    from openpyxl import Workbook  # noqa: PLC0415 - half a second nobody who asks for help should wait

    book = Workbook()
    sheet = book.active
    assert sheet is not None  # a new workbook has one sheet
    sheet.title = _SHEET
    preamble = (
        f"{PAPER_MARK}: no real trades, no real money",
        f"Market: {market}",
        f"Session: {session.isoformat()}",
        f"Lines: {len(lines)}",
        "Amounts in CNY",
    )
    for text in preamble:
        sheet.append([text])
    sheet.append(list(_HEADER))
    for number, line in enumerate(lines, start=1):
        sheet.append(_cells(session, line, number))
    written = io.BytesIO()
    book.save(written)
    return _without_time(written.getvalue())


def is_paper_settlement(path: Path) -> bool:
    """Return whether a settlement file was made by the paper broker.

    Parameters
    ----------
    path : Path
        An existing file.

    Returns
    -------
    bool
        False for a file of a real broker, and for a file that is no workbook at all.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return any(PAPER_MARK.encode() in archive.read(name) for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def _cells(session: date, line: SettlementLine, number: int) -> list[str | int | float]:
    return [
        session.strftime("%Y%m%d"),
        line.instrument[2:],
        line.name,
        trade_type(line.instrument, line.event),
        line.price_cny,
        line.shares,
        _cny(line.notional_fen),
        _cny(line.cash_effect_fen),
        _cny(line.fee_fen),
        _cny(line.commission_fen),
        _cny(line.stamp_duty_fen),
        _cny(line.transfer_fee_fen),
        _cny(line.cash_after_fen),
        f"P{session.strftime('%Y%m%d')}{number:04d}",
    ]


def _cny(fen: int) -> float:
    # exact to the fen: the shortest text of this float has at most two decimals
    return fen / _FEN_PER_CNY


def _without_time(workbook: bytes) -> bytes:
    """Pack a workbook again: entries in order, not compressed, no time of writing anywhere."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook)) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as target,
    ):
        for name in source.namelist():
            content = _WRITTEN_AT.sub(_NO_TIME, source.read(name))
            target.writestr(zipfile.ZipInfo(name, _ZIP_TIME), content)
    return packed.getvalue()
