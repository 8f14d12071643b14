"""`quantpits init`: a new workspace from an existing one."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from quantpits.cli.execute import execute_outside
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

if TYPE_CHECKING:
    from quantpits.workspace import InitReport, Progress

__all__ = ["init"]


def init(
    *,
    source: Annotated[Path, Parameter(help="The workspace whose configuration is copied.")],
    target: Annotated[Path, Parameter(help="The new workspace; must not exist.")],
    with_state: Annotated[bool, Parameter(help="Copy cash and holdings too.")] = False,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Make a new workspace with the configuration of another one.

    Cash and holdings stay behind unless `--with-state` is given. The script of this command is
    `init_workspace.py`.
    """

    def run(_progress: "Progress") -> "InitReport":
        from quantpits.workspace import init_workspace  # noqa: PLC0415 - keeps --help quick

        return init_workspace(source, target, with_state=with_state, dry_run=dry_run)

    return execute_outside(common, f"make the workspace {target} from {source}", run=run)
