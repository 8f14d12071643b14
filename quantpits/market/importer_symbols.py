"""How vendors write instrument codes, and how Qlib wants them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from quantpits.errors import DataError, name_list

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["normalise_symbol", "normalise_symbols"]

_PREFIXED = re.compile(r"(SH|SZ|BJ)[._-]?(\d{6})")
_SUFFIXED = re.compile(r"(\d{6})[._-](SH|SS|XSHG|SZ|XSHE|BJ|BSE)")
_BARE = re.compile(r"\d{1,6}")
_PLAIN = re.compile(r"[A-Z0-9^=][A-Z0-9.^=_-]*")

_EXCHANGES = {
    "SH": "SH",
    "SS": "SH",
    "XSHG": "SH",
    "SZ": "SZ",
    "XSHE": "SZ",
    "BJ": "BJ",
    "BSE": "BJ",
}
# Without an exchange the first digits decide. A bare 000300 is therefore a Shenzhen code; an index
# of Shanghai needs its prefix.
_BY_FIRST_DIGITS = (
    ("92", "BJ"),
    ("4", "BJ"),
    ("8", "BJ"),
    ("5", "SH"),
    ("6", "SH"),
    ("9", "SH"),
    ("0", "SZ"),
    ("1", "SZ"),
    ("2", "SZ"),
    ("3", "SZ"),
)


def normalise_symbol(symbol: str, region: str) -> str | None:
    """Return a vendor's code in Qlib's form.

    Parameters
    ----------
    symbol : str
        Such as ``"sh.600000"``, ``"600000.XSHG"``, ``"SH600000"``, ``"1"`` or ``"AAPL"``.
    region : {"cn", "us"}
        ``cn`` gives an exchange and six digits, ``us`` the code in upper case.

    Returns
    -------
    str or None
        None if it is no code of the region.

    Examples
    --------
    >>> [normalise_symbol(code, "cn") for code in ("sh.600000", "000001.XSHE", "1", "430047")]
    ['SH600000', 'SZ000001', 'SZ000001', 'BJ430047']
    >>> normalise_symbol("brk.b", "us")
    'BRK.B'
    """
    code = symbol.strip().upper()
    if region != "cn":
        return code if _PLAIN.fullmatch(code) else None
    if match := _PREFIXED.fullmatch(code):
        return f"{match[1]}{match[2]}"
    if match := _SUFFIXED.fullmatch(code):
        return f"{_EXCHANGES[match[2]]}{match[1]}"
    if _BARE.fullmatch(code):
        digits = code.zfill(6)
        for start, exchange in _BY_FIRST_DIGITS:
            if digits.startswith(start):
                return f"{exchange}{digits}"
    return None


def normalise_symbols(symbols: Iterable[str], region: str, *, where: object) -> list[str]:
    """Return vendors' codes in Qlib's form.

    Parameters
    ----------
    symbols : iterable of str
        As in a file.
    region : {"cn", "us"}
        Which rules.
    where : object
        Where they come from, for the error.

    Returns
    -------
    list of str
        In the same order.

    Raises
    ------
    DataError
        If one is no code of the region; all of them are counted.
    """
    given = list(symbols)
    codes = [normalise_symbol(symbol, region) for symbol in given]
    unknown = [symbol for symbol, code in zip(given, codes, strict=True) if code is None]
    if unknown:
        raise DataError(
            "Instrument codes are not understood.",
            where=where,
            expected="sh.600000, 600000.SH, SH600000 or 600000"
            if region == "cn"
            else "codes of letters, digits and . - ^ = _",
            found=name_list(unknown),
            hint="Check the column of the codes and the region.",
        )
    return [code for code in codes if code is not None]
