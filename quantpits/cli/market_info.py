"""What the market data of a workspace are, for ``quantpits data``."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from quantpits.errors import Finding, MissingDataError

if TYPE_CHECKING:
    from quantpits.market import MarketSource, TradingCalendar
    from quantpits.workspace import Workspace

__all__ = ["MarketInfoReport", "describe_market", "synthetic_through"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketInfoReport:
    """The market data of a workspace.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    label : str
        What every report calls the market; says so if it is synthetic.
    provider_uri : Path
        The folder.
    region : str
        Whose trading rules apply.
    is_synthetic : bool
        Whether the program made the prices.
    first_session, last_session : date
        Range of the data.
    n_sessions : int
        Sessions with data.
    next_session : date or None
        The session after the last; None if no calendar knows it.
    universes : dict of str to int
        Members of each universe on the last session.
    fingerprint : str
        Hash of the state of the data.
    outputs : tuple of Path
        Always empty.
    findings : tuple of Finding
        MKT090: no calendar knows the next session.
    changed : bool
        Always False.
    """

    workspace: str
    label: str
    provider_uri: Path
    region: str
    is_synthetic: bool
    first_session: date
    last_session: date
    n_sessions: int
    next_session: date | None
    universes: dict[str, int]
    fingerprint: str
    outputs: tuple[Path, ...] = ()
    findings: tuple[Finding, ...] = ()
    changed: bool = False

    def summary(self) -> list[str]:
        """Return lines for a person."""
        universes = ", ".join(f"{name} ({count})" for name, count in self.universes.items())
        return [
            f"Market: {self.label}",
            f"Folder: {self.provider_uri}",
            f"Sessions: {self.n_sessions}, {self.first_session} to {self.last_session}",
            f"Next session: {self.next_session or 'unknown'}",
            f"Universes and their members on the last session: {universes}",
            f"Fingerprint: {self.fingerprint}",
        ]


def describe_market(workspace: "Workspace") -> MarketInfoReport:
    """Return what the market data of `workspace` are.

    Parameters
    ----------
    workspace : Workspace
        Whose market; a synthetic one is made if it does not exist yet.

    Returns
    -------
    MarketInfoReport
        Sessions, universes and the fingerprint.
    """
    from quantpits.market import (  # noqa: PLC0415 - keeps --help quick
        data_fingerprint,
        load_calendar,
        resolve_market,
    )

    source = resolve_market(workspace)
    calendar = load_calendar(source)
    next_session, findings = _next_session(calendar)
    return MarketInfoReport(
        workspace=workspace.name,
        label=source.label,
        provider_uri=source.provider_uri,
        region=source.region,
        is_synthetic=source.is_synthetic,
        first_session=calendar.first_session,
        last_session=calendar.last_session,
        n_sessions=len(calendar.sessions),
        next_session=next_session,
        universes=_universes(source, calendar.last_session),
        fingerprint=data_fingerprint(source),
        findings=findings,
    )


def synthetic_through(workspace: "Workspace") -> date:
    """Return how far the synthetic market of `workspace` goes, or should at least go."""
    from quantpits.market.metadata import read_metadata  # noqa: PLC0415 - keeps --help quick

    configured = workspace.market_config().synthetic.through
    present = read_metadata(workspace.market_dir)
    return configured if present is None else max(configured, present.through)


def _next_session(calendar: "TradingCalendar") -> tuple[date | None, tuple[Finding, ...]]:
    try:
        return calendar.next_session(calendar.last_session), ()
    except MissingDataError as error:
        finding = Finding("MKT090", "warning", error.what, "calendar", str(calendar.last_session))
        return None, (finding,)


def _universes(source: "MarketSource", day: date) -> dict[str, int]:
    """Return the number of members of each universe; a universe that has ended has none."""
    from quantpits.market import list_universes, load_universe  # noqa: PLC0415 - keeps --help quick

    counts = {}
    for name in list_universes(source):
        try:
            counts[name] = len(load_universe(source, name, day))
        except MissingDataError:
            counts[name] = 0
    return counts
