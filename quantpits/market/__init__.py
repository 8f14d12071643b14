"""Market data: the only door to what Qlib stores.

What is here: the calendar with the sessions to come, raw quotes as arrays, universes, the
synthetic market, the importer from CSV and Parquet, and the opening of a Qlib session for models.
Everything but the last reads the files directly, without importing Qlib.

Imports: any step and shell, and `modeling`. Never from here: decisions, prices of orders, anything
that belongs to a strategy.
"""

from quantpits.market.calendar import DateArray, TradingCalendar, load_calendar
from quantpits.market.importer import import_bars
from quantpits.market.importer_request import ImportReport, ImportRequest
from quantpits.market.quotes import FloatArray, Quotes, load_benchmark_close, load_quotes
from quantpits.market.session import open_qlib
from quantpits.market.source import MarketSource, data_fingerprint, resolve_market
from quantpits.market.synthetic import (
    SyntheticReport,
    advance_synthetic,
    write_synthetic_market,
)
from quantpits.market.universe import instrument_names, list_universes, load_universe

__all__ = [
    "DateArray",
    "FloatArray",
    "ImportReport",
    "ImportRequest",
    "MarketSource",
    "Quotes",
    "SyntheticReport",
    "TradingCalendar",
    "advance_synthetic",
    "data_fingerprint",
    "import_bars",
    "instrument_names",
    "list_universes",
    "load_benchmark_close",
    "load_calendar",
    "load_quotes",
    "load_universe",
    "open_qlib",
    "resolve_market",
    "write_synthetic_market",
]
