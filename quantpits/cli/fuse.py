"""`quantpits fuse`: one score from the scores of several models."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun, NameList, RecordFile, values_of
from quantpits.errors import UsageError

__all__ = ["FuseFlags", "fuse"]


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class FuseFlags:
    """What to fuse, how, and over which dates; each field is the flag of its name."""

    models: Annotated[NameList | None, Parameter(help="Fuse these models.")] = None
    combo: Annotated[
        str | None, Parameter(help="Fuse this combo of config/ensemble_config.json.")
    ] = None
    from_config_all: Annotated[bool, Parameter(help="Fuse every enabled combo.")] = False
    from_config: Annotated[bool, Parameter(help="Fuse the default combo.")] = False
    method: Annotated[
        Literal["equal", "icir_weighted", "manual", "dynamic"] | None,
        Parameter(help="How to weight [default: the combo's own; equal with --models]."),
    ] = None
    weights: Annotated[
        str | None, Parameter(help='Weights for manual: "gru:0.6,linear_Alpha158:0.4".')
    ] = None
    freq: Annotated[
        Literal["day", "week"] | None,
        Parameter(help="Frequency of the backtest [default: that of model_config.json]."),
    ] = None
    record_file: RecordFile = None
    output_dir: Annotated[
        Path | None, Parameter(help="Where the reports go [default: output/ensemble].")
    ] = None
    no_backtest: Annotated[
        bool, Parameter(help="Skip the backtest, the leaderboards and the comparison.")
    ] = False
    no_charts: Annotated[bool, Parameter(help="Skip the charts and the page.")] = False
    start_date: Annotated[
        date | None, Parameter(help="First date used. The result is not for trading.")
    ] = None
    end_date: Annotated[
        date | None, Parameter(help="Last date used. The result is not for trading.")
    ] = None
    only_last_years: Annotated[
        NonNegativeInt, Parameter(help="Use the last N years only. The result is not for trading.")
    ] = 0
    only_last_months: Annotated[
        NonNegativeInt, Parameter(help="Use the last N months only. The result is not for trading.")
    ] = 0
    publish: Annotated[
        bool, Parameter(help="Let orders follow --models although there is a default combo.")
    ] = False
    allow_missing: Annotated[
        bool, Parameter(help="Go on without a model that is missing or stale, and say so.")
    ] = False


_DEFAULTS = FuseFlags()


def fuse(
    flags: FuseFlags = _DEFAULTS,
    *,
    explain: Annotated[
        tuple[date, str] | None,
        Parameter(help="Only explain the score on a DATE of an INSTRUMENT; write nothing."),
    ] = None,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Fuse the scores of several models into one prediction, and backtest it.

    One of `--models`, `--combo`, `--from-config-all` and `--from-config` is needed; the first of
    them that is given counts. The script of this command is `ensemble_fusion.py`.

    Raises
    ------
    UsageError
        If nothing says what to fuse.
    """
    from quantpits.fusion.request import (  # noqa: PLC0415 - keeps --help quick
        ExplainRequest,
        FuseRequest,
    )

    if not (flags.models or flags.combo or flags.from_config_all or flags.from_config):
        raise UsageError(
            "Nothing says what to fuse.",
            expected="--models, --combo, --from-config-all or --from-config",
            hint="for the routine: quantpits fuse --from-config-all",
        )
    request = FuseRequest(**values_of(flags), dry_run=dry_run)
    if explain is not None:
        day, instrument = explain
        text = f"explain the score of {instrument} on {day} in {_wanted(flags)}"
        plan = Plan(command="fuse", text=text, is_writing=False)
        asked = ExplainRequest(fuse=request, day=day, instrument=instrument)
        return execute(common, plan, step=step_of("quantpits.fusion.explain:run", asked))
    plan = Plan(command="fuse", text=f"fuse {_wanted(flags)}", is_writing=not dry_run)
    return execute(common, plan, step=step_of("quantpits.fusion.step:run", request))


def _wanted(flags: FuseFlags) -> str:
    """Return what is fused, in words; the order is the precedence of the flags."""
    if flags.models:
        return ", ".join(flags.models)
    if flags.combo:
        return f"the combo {flags.combo}"
    return "every enabled combo" if flags.from_config_all else "the default combo"
