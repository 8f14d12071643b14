"""`quantpits ledger`: what the books say, and whether they are right."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from quantpits.cli.execute import Plan, execute
from quantpits.cli.flags import COMMON_DEFAULTS, Common
from quantpits.errors import Finding

if TYPE_CHECKING:
    from quantpits.post_trade.check import LedgerReport
    from quantpits.workspace import Progress, Workspace

__all__ = ["LedgerCheckReport", "ledger_check", "ledger_show"]


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


def ledger_show(*, common: Common = COMMON_DEFAULTS) -> int:
    """Show what the books say: cash, holdings, and how far they go."""

    def step(workspace: "Workspace", _progress: "Progress") -> "LedgerReport":
        from quantpits.post_trade.check import show_ledger  # noqa: PLC0415 - keeps --help quick

        return show_ledger(workspace)

    plan = Plan(command="ledger show", text="show the books", is_writing=False)
    return execute(common, plan, step=step)
