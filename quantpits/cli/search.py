"""`quantpits search`: which combination of models to trade, and how far to trust the answer."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from cyclopts.types import NonNegativeInt, PositiveInt

from quantpits.cli.execute import Plan, execute, step_of
from quantpits.cli.flags import COMMON_DEFAULTS, Common, DryRun, NameList, RecordFile, values_of
from quantpits.errors import UsageError

if TYPE_CHECKING:
    from quantpits.search import SearchRequest

__all__ = [
    "EnsembleFlags",
    "FastFlags",
    "PromoteFlags",
    "SearchFlags",
    "search_ensemble",
    "search_fast",
    "search_promote",
]

_STEP = "quantpits.search.step:run"


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFlags:
    """What both searches understand; each field is the flag of its name."""

    models: Annotated[
        NameList | None, Parameter(help="Search among these models [default: all trained ones].")
    ] = None
    min_combo_size: Annotated[
        PositiveInt,
        Parameter(
            name=("--min-combo-size", "--min-models"), help="Fewest models (or groups) in a combo."
        ),
    ] = 1
    max_combo_size: Annotated[
        NonNegativeInt,
        Parameter(
            name=("--max-combo-size", "--max-models"),
            help="Most models (or groups) in a combo; 0 for all.",
        ),
    ] = 0
    use_groups: Annotated[
        bool, Parameter(help="Take at most one model of each group of config/combo_groups.yaml.")
    ] = False
    groups: Annotated[
        NameList | None, Parameter(help="Only these groups; implies --use-groups.")
    ] = None
    group_config: Annotated[
        Path | None, Parameter(help="Where the groups are [default: config/combo_groups.yaml].")
    ] = None
    freq: Annotated[
        Literal["day", "week"] | None,
        Parameter(help="How often the portfolio trades [default: that of model_config.json]."),
    ] = None
    start_date: Annotated[date | None, Parameter(help="First date used.")] = None
    end_date: Annotated[date | None, Parameter(help="Last date used, also out-of-sample.")] = None
    exclude_last_years: Annotated[
        NonNegativeInt, Parameter(help="Keep the last N years out-of-sample.")
    ] = 0
    exclude_last_months: Annotated[
        NonNegativeInt, Parameter(help="Keep the last N months out-of-sample.")
    ] = 0
    auto_test_top: Annotated[
        NonNegativeInt, Parameter(help="Run the best N again out-of-sample.")
    ] = 0
    top_n: Annotated[PositiveInt, Parameter(help="Rows of the lists in reports.")] = 50
    resume: Annotated[bool, Parameter(help="Go on with an unfinished run of this search.")] = False
    restart: Annotated[bool, Parameter(help="Drop an unfinished run and begin anew.")] = False
    analysis_only: Annotated[
        bool, Parameter(help="Simulate nothing; analyse the finished run of the anchor.")
    ] = False
    skip_analysis: Annotated[
        bool, Parameter(help="Only simulate and rank; no list of the best is written.")
    ] = False
    allow_missing: Annotated[
        bool, Parameter(help="Go on without models whose predictions are missing or stale.")
    ] = False
    record_file: RecordFile = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class FastFlags:
    """What only the fast search understands."""

    n_jobs: Annotated[NonNegativeInt, Parameter(help="Threads; 0 for one per processor.")] = 0
    batch_size: Annotated[PositiveInt, Parameter(help="Combos between two writes to disk.")] = 512
    cost_rate: Annotated[
        float | None,
        Parameter(help="Cost of each side of a trade, such as 0.002 [default: the real fees]."),
    ] = None
    output_dir: Annotated[
        Path | None, Parameter(help="Where results go [default: output/brute_force_fast].")
    ] = None
    use_gpu: Annotated[bool, Parameter(help="Refused: there is no GPU engine.")] = False
    no_gpu: Annotated[bool, Parameter(help="Changes nothing: there is no GPU engine.")] = False


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class EnsembleFlags:
    """What only the confirming search understands."""

    candidates: Annotated[
        Path | None, Parameter(help="Only combos of this results file, such as leaderboard.csv.")
    ] = None
    top: Annotated[PositiveInt | None, Parameter(help="Only its first N rows.")] = None
    confirm: Annotated[
        NonNegativeInt, Parameter(help="Repeat the best N with Qlib's own backtest.")
    ] = 5
    engine: Annotated[
        Literal["simulator", "qlib"],
        Parameter(help="Who simulates every combo; qlib takes seconds for each."),
    ] = "simulator"
    n_jobs: Annotated[
        NonNegativeInt, Parameter(help="Threads, or processes of Qlib; 0 for one per processor.")
    ] = 4
    batch_size: Annotated[PositiveInt, Parameter(help="Combos between two writes to disk.")] = 50
    output_dir: Annotated[
        Path | None, Parameter(help="Where results go [default: output/brute_force].")
    ] = None


@Parameter(name="*")
@dataclass(frozen=True, slots=True, kw_only=True)
class PromoteFlags:
    """Which combo of which results, and what it is called from now on."""

    rank: Annotated[PositiveInt | None, Parameter(help="Row of the ranking, 1 for the best.")] = (
        None
    )
    models: Annotated[NameList | None, Parameter(help="Or: the combo of these models.")] = None
    results: Annotated[
        Path | None,
        Parameter(help="Results file [default: of the anchor, confirmed before fast]."),
    ] = None
    name: Annotated[str | None, Parameter(help="Name of the combo [default: search_RANK].")] = None
    default: Annotated[bool, Parameter(help="Let orders follow it from now on.")] = False
    replace: Annotated[bool, Parameter(help="Replace a combo of that name.")] = False
    force: Annotated[
        bool, Parameter(help="Take it although anchor, predictions or file have changed.")
    ] = False
    record_file: RecordFile = None


_SEARCH = SearchFlags()
_FAST = FastFlags()
_ENSEMBLE = EnsembleFlags()
_PROMOTE = PromoteFlags()


def search_fast(
    flags: SearchFlags = _SEARCH,
    *,
    more: FastFlags = _FAST,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Simulate every combination of models exactly and rank them.

    Writes `output/brute_force_fast`: the ranking, an analysis of it, and how likely it is that the
    best is only lucky. The script of this command is `brute_force_fast.py`.

    Raises
    ------
    UsageError
        If a GPU is asked for.
    """
    if more.use_gpu:
        raise UsageError(
            "There is no GPU engine.",
            where="--use-gpu",
            found="the exact simulator, which runs on all processors",
            hint="leave the flag out; see docs/02_BRUTE_FORCE_GUIDE.md",
        )
    values = {**values_of(flags), **values_of(more)}
    del values["use_gpu"], values["no_gpu"]
    return _search(_request("fast", values, dry_run=dry_run), common)


def search_ensemble(
    flags: SearchFlags = _SEARCH,
    *,
    more: EnsembleFlags = _ENSEMBLE,
    dry_run: DryRun = False,
    common: Common = COMMON_DEFAULTS,
) -> int:
    """Simulate combinations exactly and confirm the best with Qlib's own backtest.

    Takes the candidates of a fast search, or sizes. Exit code 4 if Qlib and the simulator differ
    by more than a millionth. The script of this command is `brute_force_ensemble.py`.
    """
    return _search(
        _request("exact", {**values_of(flags), **values_of(more)}, dry_run=dry_run), common
    )


def search_promote(
    flags: PromoteFlags = _PROMOTE, *, dry_run: DryRun = False, common: Common = COMMON_DEFAULTS
) -> int:
    """Make a row of a search a combo of the configuration.

    It goes into `config/ensemble_config.json`, which is backed up first; everything else in it
    stays.

    Raises
    ------
    UsageError
        If nothing says which row, or both a rank and models do.
    """
    from quantpits.search import PromoteRequest  # noqa: PLC0415 - keeps --help quick

    if (flags.rank is None) == (flags.models is None):
        raise UsageError(
            "Exactly one of --rank and --models says what to promote.",
            hint="for the best: quantpits search promote --rank 1",
        )
    request = PromoteRequest(**values_of(flags), dry_run=dry_run)
    whom = f"row {flags.rank}" if flags.models is None else ", ".join(flags.models)
    plan = Plan(
        command="search promote",
        text=f"write {whom} of the search into config/ensemble_config.json",
        is_writing=not dry_run,
    )
    return execute(common, plan, step=step_of("quantpits.search.promote:run", request))


def _request(
    kind: Literal["fast", "exact"], values: dict[str, Any], *, dry_run: bool
) -> "SearchRequest":
    from quantpits.search import SearchRequest  # noqa: PLC0415 - keeps --help quick

    if values["groups"]:
        values["use_groups"] = True
    return SearchRequest(kind=kind, **values, dry_run=dry_run)


def _search(request: "SearchRequest", common: Common) -> int:
    what = "rank" if request.kind == "fast" else "rank and confirm"
    which = f"combos of {request.min_combo_size} to {request.max_combo_size or 'all'} models"
    if request.candidates is not None:
        which = f"the candidates of {request.candidates}"
    verb = "analyse the finished run of" if request.analysis_only else what
    plan = Plan(
        command=f"search {request.kind}",
        text=f"{verb} {which}",
        is_writing=not request.dry_run,
    )
    return execute(common, plan, step=step_of(_STEP, request))
