"""Who belongs to a universe on a day, read from Qlib's instruments files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantpits.errors import MissingDataError, name_list
from quantpits.market.binary import instruments_file, read_spans
from quantpits.market.metadata import read_names

if TYPE_CHECKING:
    from datetime import date

    from quantpits.market.source import MarketSource

__all__ = ["instrument_names", "list_universes", "load_universe"]


def load_universe(source: MarketSource, market: str, day: date) -> tuple[str, ...]:
    """Return the members of a universe on a day.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.
    market : str
        Name of the universe, such as ``"csi300"``.
    day : date
        The day; membership includes its first and its last day.

    Returns
    -------
    tuple of str
        Instruments, sorted.

    Raises
    ------
    MissingDataError
        If there is no such universe, or it has no member on that day.
    """
    known = list_universes(source)
    path = source.provider_uri / instruments_file(market)
    if not path.is_file():
        raise MissingDataError(
            f"The market has no universe {market!r}.",
            where=path,
            expected=f"one of {name_list(known)}",
            hint="Check 'market' in config/model_config.json and config/prod_config.json.",
        )
    members = {span.instrument for span in read_spans(path) if span.first <= day <= span.last}
    if not members:
        raise MissingDataError(
            f"The universe {market!r} has no member on {day}.",
            where=path,
            hint="The instruments file ends earlier than the prices; update it.",
        )
    return tuple(sorted(members))


def list_universes(source: MarketSource) -> tuple[str, ...]:
    """Return the names of a market's universes.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.

    Returns
    -------
    tuple of str
        Sorted.
    """
    return tuple(sorted(path.stem for path in source.provider_uri.glob("instruments/*.txt")))


def instrument_names(source: MarketSource) -> dict[str, str]:
    """Return display names of instruments.

    Parameters
    ----------
    source : MarketSource
        Where the market lies.

    Returns
    -------
    dict of str to str
        Name by instrument; empty if the market has no names. Synthetic ones say so.

    Raises
    ------
    CorruptArtifactError
        If the names cannot be read.
    """
    return read_names(source.provider_uri)
