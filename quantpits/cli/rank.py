"""`quantpits rank`: a Top N ranking to share."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.types import PositiveInt

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun, values_of

__all__ = ["RankFlags", "rank"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class RankFlags:
    """What to rank, and how long the list is; each field is the flag of its name."""

    prediction_file: Annotated[Path | None, Parameter(help="Rank this prediction.")] = None
    all_combos: Annotated[bool, Parameter(help="Rank every enabled combo.")] = False
    combo: Annotated[
        str | None, Parameter(help="Rank this combo [default: the prediction that orders follow].")
    ] = None
    top_n: Annotated[PositiveInt, Parameter(help="How many instruments to list.")] = 300
    output_dir: Annotated[
        Path | None, Parameter(help="Where the lists go [default: output/ranking].")
    ] = None


_DEFAULTS = RankFlags()


def rank(
    flags: RankFlags = _DEFAULTS, *, dry_run: DryRun = False, common: Common = COMMON_DEFAULTS
) -> int:
    """Write the Top N ranking of a prediction.

    Scores become an index from -100 to 100. Of `--prediction-file`, `--all-combos` and `--combo`,
    the first that is given counts. The script of this command is `signal_ranking.py`.
    """
    from quantpits.ranking.request import RankRequest  # noqa: PLC0415 - keeps --help quick

    request = RankRequest(**values_of(flags), dry_run=dry_run)
    plan = Plan(command="rank", text=f"rank {_wanted(flags)}", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.ranking.step:run", request))


def _wanted(flags: RankFlags) -> str:
    """Return what is ranked, in words; the order is the precedence of the flags."""
    if flags.prediction_file:
        return str(flags.prediction_file)
    if flags.all_combos:
        return "every enabled combo"
    return f"the combo {flags.combo}" if flags.combo else "the prediction that orders follow"
