"""`quantpits check-workflow`: the workflow files against the trading frequency."""

from typing import Annotated

from cyclopts import Parameter

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun

__all__ = ["check_workflow"]


def check_workflow(
    *,
    fix: Annotated[
        bool, Parameter(help="Mend what can be mended; keep comments, and a backup.")
    ] = False,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Check the workflow files against the trading frequency, and mend them.

    Looks at labels, the executor's step, the scaler of the signal analysis, and learning rates that
    Qlib would read as text. Exits with 1 while something is wrong.

    The script of this command is `check_workflow_yaml.py`.
    """
    from quantpits.training.request import CheckRequest  # noqa: PLC0415 - keeps --help quick

    is_writing = fix and not dry_run
    text = f"check{' and mend' if fix else ''} the workflow files"
    plan = Plan(command="check-workflow", text=text, is_writing=is_writing)
    request = CheckRequest(fix=fix, dry_run=dry_run)
    return execute(common, plan, step=step_of("quantpits.training.check_step:run", request))
