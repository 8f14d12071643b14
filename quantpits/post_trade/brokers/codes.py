"""Security codes besides those of shares: subscriptions, rights, repos, Hong Kong shares.

A new share is paid for under a subscription code and listed under its own; both are the same
instrument here, so that the payment is found again when the shares arrive. Any code of none of the
known series is refused.
"""

from __future__ import annotations

import re
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from quantpits.post_trade.brokers.cells import Cell, cell_instrument, cell_text
from quantpits.post_trade.brokers.contract import Effect

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quantpits.post_trade.brokers.contract import TradeRule

__all__ = [
    "SHARE_CODES",
    "cell_hk_instrument",
    "cell_repo",
    "cell_subscription",
    "cell_ticker",
    "code_reader",
]

# Source: numbering of the exchanges as public descriptions of it give it. Subscriptions: 730, 780,
# 732, 787; in Shenzhen the code is the share's own. Rights: 700, 080 and 38; 760, 753 and 785 from
# the interface specification of the Shanghai exchange as a public project quotes it. 707 for 605 is
# by analogy alone. The digits after the beginning are those of the share. A workspace adds to them
# or replaces them in config/broker_types.yaml.
SHARE_CODES: Mapping[str, str] = MappingProxyType(
    {
        "730": "600",
        "780": "601",
        "732": "603",
        "707": "605",
        "787": "688",
        "700": "600",
        "760": "601",
        "753": "603",
        "785": "688",
        "08": "00",
        "38": "30",
    }
)
"""Beginning of a subscription or rights code to that of the share's own."""

# Source: numbering of pledged repos; 204 in Shanghai, 131 in Shenzhen.
_REPO_PREFIX = (("204", "SH"), ("131", "SZ"))
_HK_CODE = re.compile(r"(?:HK)?(\d{1,5})(?:\.HK)?", re.ASCII)
_SIX_DIGITS = re.compile(r"(\d{6})(?:\.(SH|SZ))?", re.ASCII)
_TICKER = re.compile(r"[A-Z][A-Z0-9]{0,9}(?:[./ -][A-Z0-9]{1,4})?", re.ASCII)
_HK_DIGITS = 5
_SUBSCRIBED_DIGITS = 6


def code_reader(rule: TradeRule) -> Callable[[Cell], str] | None:
    """Return what reads the code of a line, by what the line does.

    Parameters
    ----------
    rule : TradeRule
        The effect of its type.

    Returns
    -------
    callable or None
        From a cell to an instrument; None where the line is about cash only.
    """
    if rule.is_hk_connect:
        return cell_hk_instrument
    if rule.effect is Effect.SUBSCRIPTION and rule.share_codes:
        codes = {**SHARE_CODES, **dict(rule.share_codes)}
        return partial(cell_subscription, share_codes=codes)
    return _READERS.get(rule.effect)


def cell_subscription(value: Cell, share_codes: Mapping[str, str] = SHARE_CODES) -> str:
    """Return the share that a subscription or rights code stands for.

    Parameters
    ----------
    value : cell
        Six digits; the share's own code is accepted too.
    share_codes : mapping of str to str
        Beginning of a code to that of the share's own; the longest that fits counts.

    Returns
    -------
    str
        For example ``"SH601138"``.

    Raises
    ------
    ValueError
        If the code is of no known series.

    Examples
    --------
    >>> cell_subscription("780138")
    'SH601138'
    >>> cell_subscription("301001")
    'SZ301001'
    >>> cell_subscription(80001.0)
    'SZ000001'
    """
    text = cell_text(value).upper()
    code = text.zfill(_SUBSCRIBED_DIGITS) if isinstance(value, (int, float)) else text
    parts = _SIX_DIGITS.fullmatch(code)
    if parts is not None:
        digits, exchange = parts.groups()
        for prefix in sorted(share_codes, key=len, reverse=True):
            if digits.startswith(prefix):
                suffix = f".{exchange}" if exchange else ""
                share = f"{share_codes[prefix]}{digits[len(prefix) :]}"
                return cell_instrument(f"{share}{suffix}")
    return cell_instrument(value)


def cell_repo(value: Cell) -> str:
    """Return the instrument that a repo code stands for.

    Parameters
    ----------
    value : cell
        Six digits, with or without the exchange.

    Returns
    -------
    str
        For example ``"SH204001"``.

    Raises
    ------
    ValueError
        If the code is of no known series, or contradicts the exchange written with it.

    Examples
    --------
    >>> cell_repo("131810")
    'SZ131810'
    """
    text = cell_text(value).upper()
    parts = _SIX_DIGITS.fullmatch(text)
    if parts is not None:
        digits, named = parts.groups()
        for prefix, exchange in _REPO_PREFIX:
            if digits.startswith(prefix) and named in (None, exchange):
                return f"{exchange}{digits}"
    raise ValueError(f"{text!r} is not the code of a repo (204xxx or 131xxx)")


def cell_hk_instrument(value: Cell) -> str:
    """Return the instrument that a Hong Kong code stands for.

    Parameters
    ----------
    value : cell
        Up to five digits, with or without ``HK``; a number has lost its leading zeros.

    Returns
    -------
    str
        For example ``"HK00700"``.

    Raises
    ------
    ValueError
        If the cell holds something else.

    Examples
    --------
    >>> cell_hk_instrument(700.0)
    'HK00700'
    """
    text = cell_text(value).upper()
    parts = _HK_CODE.fullmatch(text)
    if parts is None or not int(parts.group(1)):
        raise ValueError(f"{text!r} is not a Hong Kong code of five digits")
    return f"HK{parts.group(1).zfill(_HK_DIGITS)}"


def cell_ticker(value: Cell) -> str:
    """Return the instrument that a ticker of a United States exchange stands for.

    Parameters
    ----------
    value : cell
        Letters and digits; a class of shares may follow a point, slash, hyphen or blank.

    Returns
    -------
    str
        For example ``"BRK.B"``.

    Raises
    ------
    ValueError
        If the cell holds something else.

    Examples
    --------
    >>> cell_ticker("brk/b")
    'BRK.B'
    """
    text = cell_text(value).upper()
    if not _TICKER.fullmatch(text):
        raise ValueError(f"{text!r} is not a ticker such as AAPL")
    return re.sub("[/ -]", ".", text)


_READERS: dict[Effect, Callable[[Cell], str]] = {
    Effect.BUY: cell_instrument,
    Effect.SELL: cell_instrument,
    Effect.DIVIDEND: cell_instrument,
    Effect.DIVIDEND_TAX: cell_instrument,
    Effect.BONUS_SHARES: cell_instrument,
    Effect.SHARES_IN: cell_instrument,
    Effect.SHARES_OUT: cell_instrument,
    Effect.LISTING: cell_instrument,
    Effect.SUBSCRIPTION: cell_subscription,
    Effect.REPO_LEND: cell_repo,
    Effect.REPO_RETURN: cell_repo,
}
