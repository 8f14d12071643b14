"""The base classes of every configuration model, and the value types that refuse to guess.

Invariants: a model is frozen, refuses keys it does not know, and holds no NaN or infinity. The
value types close the doors that pydantic leaves open: ``True`` is not 1, ``"20"`` is not 20, a
number is not a date, and an amount of money never passes through binary floating point.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool
from pydantic_core import InitErrorDetails, PydanticCustomError, ValidationError

__all__ = [
    "CROSS_PROBLEM",
    "ConfigFile",
    "FileSafeName",
    "Flag",
    "Instrument",
    "Integer",
    "IsoDate",
    "Location",
    "Money",
    "Number",
    "OptionalDate",
    "Problem",
    "Rate",
    "Shares",
    "StrictModel",
    "custom_error",
    "problems_error",
]

# A book larger than this is a typing error; the bound also keeps every amount in fen within an
# int64.
_LARGEST_AMOUNT_CNY = Decimal(10) ** 15
_LARGEST_COUNT_SHARES = 10**15
_DECIMAL_TEXT = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")
_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTRUMENT = re.compile(r"[A-Z0-9._-]{1,32}")
_FILE_SAFE_NAME = re.compile(r"\w[\w.+-]{0,99}")


Location = tuple[str | int, ...]
"""Keys and list positions from the top of a file down to a value."""

Problem = tuple[Location, str]
"""Where something is wrong, and what."""

CROSS_PROBLEM = "cross_problem"
"""Kind of the errors that concern several keys together."""


class StrictModel(BaseModel):
    """A frozen model that refuses unknown keys, NaN and infinity, and validates its own defaults.

    Attributes
    ----------
    also_known_keys : tuple of str
        Keys that the file may have besides the fields, named in suggestions (older forms of a
        file).
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        validate_default=True,
        hide_input_in_errors=True,
    )

    also_known_keys: ClassVar[tuple[str, ...]] = ()


class ConfigFile(StrictModel):
    """A model of one whole file in a workspace's ``config/`` folder.

    Attributes
    ----------
    file_names : tuple of str
        Names the file may have; the first is the one that is written, later ones are older names.
    is_required : bool
        Whether a workspace without the file is an error for a step that asks for it. A file that is
        not required has a default for every key.
    """

    file_names: ClassVar[tuple[str, ...]] = ()
    is_required: ClassVar[bool] = True


def problems_error(title: str, problems: Sequence[Problem]) -> ValidationError:
    """Return a pydantic error that lists several problems between keys, each under its own key.

    Parameters
    ----------
    title : str
        Name of the model.
    problems : sequence of (location, message)
        Locations are relative to the validator that raises the result.

    Returns
    -------
    ValidationError
        Raise it from a validator: pydantic adds the place of the model in its file.
    """
    details = [
        InitErrorDetails(type=custom_error(CROSS_PROBLEM, message), loc=location, input=None)
        for location, message in problems
    ]
    return ValidationError.from_exception_data(title, details)


def custom_error(kind: str, message: str) -> PydanticCustomError:
    """Return an error of pydantic's kind with a literal message.

    Parameters
    ----------
    kind : str
        Stable name of the kind of error.
    message : str
        Shown as it is, braces included.

    Returns
    -------
    PydanticCustomError
        To raise from a validator, or to build a `ValidationError` from.
    """
    return PydanticCustomError(kind, "{text}", {"text": message})


def _as_float(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise custom_error("number", "should be a number")
    try:
        return float(value)
    except OverflowError:
        raise custom_error("number", "should be a finite number") from None


def _as_int(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int):
        raise custom_error("integer", "should be a whole number, written without a decimal point")
    return value


def _as_decimal(value: object) -> Decimal:
    if isinstance(value, str):
        if not _DECIMAL_TEXT.fullmatch(value):
            raise custom_error("amount", "should be an amount such as 1234.50")
        return Decimal(value)
    if isinstance(value, bool | float) or not isinstance(value, int | Decimal):
        raise custom_error("amount", "should be an amount such as 1234.50")
    return Decimal(value)


def _within_bounds(amount: Decimal) -> Decimal:
    if abs(amount) > _LARGEST_AMOUNT_CNY:
        raise custom_error("amount", f"should be within ±{_LARGEST_AMOUNT_CNY:.0e} CNY")
    return amount


def _as_shares(value: object) -> object:
    # Older files hold share counts as text, such as "1600" or "1600.0".
    amount = _as_decimal(value)
    if (
        not amount.is_finite()
        or not 0 <= amount <= _LARGEST_COUNT_SHARES
        or amount != amount.to_integral_value()
    ):
        raise custom_error("shares", "should be a whole number of shares, 0 or more")
    return int(amount)


def _as_date(value: object) -> object:
    if isinstance(value, datetime):
        raise custom_error("date", "should be a date without a time, such as 2026-02-06")
    if isinstance(value, date):
        return value
    if isinstance(value, str) and _ISO_DATE.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise custom_error("date", "is not a day of the calendar") from None
    raise custom_error("date", "should be a date such as 2026-02-06")


def _as_optional_date(value: object) -> object:
    return None if value in (None, "") else _as_date(value)


def _check_instrument(name: str) -> str:
    if not _INSTRUMENT.fullmatch(name):
        raise custom_error("instrument", "should be an instrument in capitals, such as SH600000")
    return name


def _check_file_safe(name: str) -> str:
    # Names become parts of file names, and the date of the file follows the name.
    if not _FILE_SAFE_NAME.fullmatch(name):
        raise custom_error("name", "should be at most 100 letters, digits, '_', '.', '+' or '-'")
    if _ISO_DATE.search(name):
        raise custom_error(
            "name", "must not contain a date, since that of the file follows the name"
        )
    return name


Flag = StrictBool
"""True or false, never 0, 1 or text."""

Number = Annotated[float, BeforeValidator(_as_float)]
"""A finite float64 from a number; bool and text are refused."""

Integer = Annotated[int, BeforeValidator(_as_int)]
"""A whole number written as one; bool, text and 20.0 are refused."""

Money = Annotated[Decimal, BeforeValidator(_as_decimal), AfterValidator(_within_bounds)]
"""An exact amount [CNY] from a JSON number or decimal text; a Python float is refused."""

Rate = Annotated[Decimal, BeforeValidator(_as_decimal), Field(ge=0, lt=1)]
"""An exact fraction in [0, 1), for rates that multiply money."""

Shares = Annotated[int, BeforeValidator(_as_shares)]
"""A whole number of shares, at least 0; text is accepted because older files hold text."""

IsoDate = Annotated[date, BeforeValidator(_as_date)]
"""A calendar day as ``YYYY-MM-DD``."""

OptionalDate = Annotated[date | None, BeforeValidator(_as_optional_date)]
"""A calendar day, or None for an absent or empty value."""

Instrument = Annotated[str, AfterValidator(_check_instrument)]
"""An instrument as Qlib names it, such as ``SH600000``, ``SZ000001`` or ``BRK.B``."""

FileSafeName = Annotated[str, AfterValidator(_check_file_safe)]
"""A name of a model or combo that can stand inside a file name."""
