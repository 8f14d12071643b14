"""`quantpits ledger`: what the books say, whether they are right, and how they are put right."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun
from quantpits.errors import Finding

if TYPE_CHECKING:
    from quantpits.cli.render import Report
    from quantpits.workspace import Progress, Workspace

__all__ = [
    "LedgerCheckReport",
    "ledger_adopt",
    "ledger_check",
    "ledger_correct",
    "ledger_open",
    "ledger_rebuild",
    "ledger_show",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerCheckReport:
    """What checking the books found.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    findings : tuple of Finding
        What is wrong; empty for books that are right.
    digest : str
        Digest of everything that is in the books.
    outputs : tuple of Path
        Always empty.
    changed : bool
        Always False.
    """

    workspace: str
    findings: tuple[Finding, ...]
    digest: str
    outputs: tuple[Path, ...] = ()
    changed: bool = False

    def summary(self) -> list[str]:
        """Return the verdict."""
        verdict = f"{len(self.findings)} findings" if self.findings else "everything is right"
        return [f"The books of {self.workspace} were checked: {verdict}."]


def ledger_check(*, common: Common = COMMON_DEFAULTS) -> int:
    """Check the books and every file that is made from them.

    A finding that is an error makes the exit code 1: do not trade before it is explained.
    """

    def step(workspace: "Workspace", _progress: "Progress") -> LedgerCheckReport:
        from quantpits.post_trade.check import check_ledger, show_ledger  # noqa: PLC0415 - keeps --help quick

        return LedgerCheckReport(
            workspace=workspace.name,
            findings=check_ledger(workspace),
            digest=show_ledger(workspace).digest,
        )

    plan = Plan(command="ledger check", text="check the books", is_writing=False)
    return execute(common, plan, step=step)


def ledger_show(
    *,
    pnl: Annotated[
        Literal["day", "month", "year", "all"] | None,
        Parameter(help="Realised profit, income, tax and fees by instrument and period instead."),
    ] = None,
    entries: Annotated[
        bool, Parameter(help="Every entry with its number, file, hash and row instead.")
    ] = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Show what the books say: cash, holdings, and how far they go."""

    def step(workspace: "Workspace", _progress: "Progress") -> "Report":
        from quantpits.post_trade.check import show_ledger  # noqa: PLC0415 - keeps --help quick
        from quantpits.post_trade.entry_list import EntryReport, entry_lines  # noqa: PLC0415
        from quantpits.post_trade.ledger import load_journal  # noqa: PLC0415
        from quantpits.post_trade.pnl import ProfitReport, profit_rows  # noqa: PLC0415

        if pnl is None and not entries:
            return show_ledger(workspace)
        journal = load_journal(workspace.ledger_path)
        if entries:
            return EntryReport(workspace=workspace.name, entries=entry_lines(journal))
        assert pnl is not None  # one of the two was asked for
        return ProfitReport(workspace=workspace.name, rows=profit_rows(journal, period=pnl))

    plan = Plan(command="ledger show", text="show the books", is_writing=False)
    return execute(common, plan, step=step)


def ledger_rebuild(*, dry_run: DryRun = False, common: Common = COMMON_DEFAULTS) -> int:
    """Make the ledger and every file of it again from the raw exports.

    Needs data/ledger_chronicle.jsonl and the settlement files, wherever in data/ they lie. Also
    works in a copy of the workspace on another machine; the result is the same byte for byte.
    """
    from quantpits.post_trade.request import RebuildRequest  # noqa: PLC0415 - keeps --help quick

    request = RebuildRequest(dry_run=dry_run)
    text = "make the books again from the raw exports"
    plan = Plan(command="ledger rebuild", text=text, is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.post_trade.rebuild:run", request))


def ledger_correct(
    *,
    reason: Annotated[str, Parameter(help="Why; it stands in the ledger for ever.")] = "",
    date: Annotated[
        date | None, Parameter(help="The books of this session become what its file says now.")
    ] = None,
    entry: Annotated[
        tuple[int, ...], Parameter(help="Take this entry back; may be given again.")
    ] = (),
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Take back what was booked wrongly, by name, and post what is right.

    For a settlement file that came late or was replaced by the broker: put it into data/ and name
    its date. Nothing is ever erased; `quantpits ledger show --entries` lists the numbers.
    """
    from quantpits.post_trade.request import CorrectRequest  # noqa: PLC0415 - keeps --help quick

    request = CorrectRequest(day=date, entries=entry, reason=reason, dry_run=dry_run)
    plan = Plan(command="ledger correct", text="correct the books", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.post_trade.correct:run", request))


def ledger_adopt(*, dry_run: DryRun = False, common: Common = COMMON_DEFAULTS) -> int:
    """Post the difference between prod_config.json and the books as an adjustment."""
    from quantpits.post_trade.request import PostTradeRequest  # noqa: PLC0415 - keeps --help quick

    request = PostTradeRequest(adopt=True, dry_run=dry_run, verbose=common.verbose)
    text = "adopt the cash and holdings of prod_config.json"
    plan = Plan(command="ledger adopt", text=text, is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.post_trade.adopt:run", request))


def ledger_open(*, dry_run: DryRun = False, common: Common = COMMON_DEFAULTS) -> int:
    """Open the books with the state of an earlier system.

    Cash and holdings come from prod_config.json. The CSV logs are searched for rows that stand
    twice and sessions that are missing; they are kept in data/history/.
    """
    from quantpits.post_trade.request import OpenRequest  # noqa: PLC0415 - keeps --help quick

    request = OpenRequest(dry_run=dry_run)
    text = "open the books with the state of prod_config.json"
    plan = Plan(command="ledger open", text=text, is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.post_trade.opening:run", request))
