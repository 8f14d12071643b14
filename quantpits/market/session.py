"""The door to Qlib's own data layer, opened quietly and for one market at a time.

Models compute their features through Qlib; everything else reads the market's files directly and
never waits for Qlib's import.
"""

from __future__ import annotations

import importlib
import logging
import os
import warnings
from typing import TYPE_CHECKING

from quantpits.market.source import data_fingerprint

if TYPE_CHECKING:
    from quantpits.market.source import MarketSource

__all__ = ["open_qlib"]

_opened: list[tuple[str, str]] = []


def open_qlib(source: MarketSource) -> None:
    """Initialise Qlib for a market; does nothing if it is open for that market's state already.

    Parameters
    ----------
    source : MarketSource
        Which market.

    Notes
    -----
    Qlib keeps calendars and expressions in memory by provider; they are dropped, since the same
    folder may have gained sessions since.
    """
    state = (str(source.provider_uri), data_fingerprint(source))
    if _opened and _opened[-1] == state:
        return
    silence_qlib()
    import qlib  # noqa: PLC0415 - a second to import
    from qlib.data.cache import H  # noqa: PLC0415

    qlib.init(
        provider_uri=str(source.provider_uri),
        region=source.region,
        logging_level=logging.ERROR,
        kernels=1,
        expression_cache=None,
        dataset_cache=None,
    )
    qlib.log.get_module_logger.setLevel(logging.ERROR)
    H.clear()
    _opened[:] = [state]


def silence_qlib() -> None:
    """Keep Qlib and what it imports from writing to the terminal about themselves.

    Notes
    -----
    Qlib imports gym, which announces that it is unmaintained; it uses pandas in ways that pandas 3
    warns about; and its loops draw progress bars of their own.
    """
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("MPLBACKEND", "Agg")
    notices = importlib.import_module("gym_notices.notices")
    notices.notices.clear()
    from pandas.errors import Pandas4Warning  # noqa: PLC0415

    warnings.filterwarnings("ignore", category=Pandas4Warning, module=r"qlib\.")
    warnings.filterwarnings("ignore", category=FutureWarning, module=r"qlib\.")
