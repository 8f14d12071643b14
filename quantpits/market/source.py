"""Where a workspace's prices come from, and which state of them a run has read."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quantpits.errors import ConfigError, ConfigProblem, MissingDataError
from quantpits.market.binary import CALENDAR_FILE
from quantpits.market.metadata import METADATA_FILE, read_metadata
from quantpits.workspace import sha256_file

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quantpits.workspace import Workspace

__all__ = ["DEFAULT_PROVIDER", "MarketSource", "data_fingerprint", "resolve_market"]

DEFAULT_PROVIDER = "~/.qlib/qlib_data/cn_data"
REGIONS = ("cn", "us")


@dataclass(frozen=True, slots=True)
class MarketSource:
    """One market folder.

    Attributes
    ----------
    provider_uri : Path
        The folder, in Qlib's format.
    region : str
        ``"cn"`` or ``"us"``: which trading rules apply.
    is_synthetic : bool
        Whether the program made the prices.
    label : str
        What to call it in every report.
    """

    provider_uri: Path
    region: str
    is_synthetic: bool
    label: str


def resolve_market(workspace: Workspace, environ: Mapping[str, str] | None = None) -> MarketSource:
    """Find the market of a workspace; make it if it is the synthetic one.

    ``config/market.yaml`` decides; what it leaves open, ``QLIB_DATA_DIR`` and ``QLIB_REGION`` do,
    then ``~/.qlib/qlib_data/cn_data`` and ``cn``.

    Parameters
    ----------
    workspace : Workspace
        Whose market.
    environ : mapping of str to str, optional
        Environment variables; those of the process by default.

    Returns
    -------
    MarketSource
        An existing market.

    Raises
    ------
    ConfigError
        If ``config/market.yaml`` or ``QLIB_REGION`` is wrong.
    MissingDataError
        If the folder is not there or is not a market.
    DataError
        If the workspace holds another synthetic market than its configuration asks for.
    """
    config = workspace.market_config()
    if config.is_synthetic:
        from quantpits.market.synthetic import (  # noqa: PLC0415 - a simulation
            ensure_synthetic,
        )

        seed = config.synthetic.seed
        ensure_synthetic(workspace.market_dir, seed=seed, through=config.synthetic.through)
        label = f"SYNTHETIC market made by QuantPits (seed {seed}), not real prices"
        return MarketSource(workspace.market_dir, "cn", is_synthetic=True, label=label)
    environment = os.environ if environ is None else environ
    uri = config.provider_uri or Path(environment.get("QLIB_DATA_DIR") or DEFAULT_PROVIDER)
    folder = workspace.root / uri.expanduser()
    if not (folder / CALENDAR_FILE).is_file():
        raise MissingDataError(
            "There are no market data.",
            where=folder,
            expected=f"a Qlib data folder with {CALENDAR_FILE}",
            hint="Name the folder in config/market.yaml (provider_uri) or QLIB_DATA_DIR, make one "
            "with 'quantpits data import', or use the synthetic market with 'provider: synthetic'.",
        )
    metadata = read_metadata(folder)
    region = config.region or _region(environment) or (metadata.region if metadata else "cn")
    is_synthetic = metadata is not None and metadata.kind == "synthetic"
    kind = "SYNTHETIC market, not real prices" if is_synthetic else "Qlib data"
    # The name alone: reports and artifacts stay the same when the folder is moved.
    return MarketSource(folder, region, is_synthetic, f"{kind} ({folder.resolve().name})")


def data_fingerprint(source: MarketSource) -> str:
    """Return a hash of the state of a market, equal for equal data.

    Parameters
    ----------
    source : MarketSource
        Which market.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    MissingDataError
        If the market has no calendar.

    Notes
    -----
    Calendars, universes and ``market.json`` count with their content. Price files of a market that
    the program made or imported follow from ``market.json``, which holds the seed or the hashes of
    the imported files; those of other markets count with name, size and time of their last change.
    """
    folder = source.provider_uri
    if not (folder / CALENDAR_FILE).is_file():
        raise MissingDataError("There are no market data.", where=folder)
    digest = hashlib.sha256()
    named = [*sorted(folder.glob("calendars/*.txt")), *sorted(folder.glob("instruments/*.txt"))]
    has_metadata = (folder / METADATA_FILE).is_file()
    if has_metadata:
        named.append(folder / METADATA_FILE)
    for path in named:
        if path.name == "day_future.txt":
            continue  # sessions to come are no data, and vendors extend them at any time
        digest.update(f"{path.relative_to(folder).as_posix()} {sha256_file(path)}\n".encode())
    if not has_metadata:
        for path in sorted(folder.glob("features/*/*.bin")):
            status = path.stat()
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _region(environ: Mapping[str, str]) -> str | None:
    region = environ.get("QLIB_REGION") or None
    if region is not None and region not in REGIONS:
        message = f"must be one of {', '.join(REGIONS)}, found {region!r}"
        raise ConfigError([ConfigProblem("environment", "QLIB_REGION", message)])
    return region
