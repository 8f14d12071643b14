"""Everything a search needs, read before anything is computed or written."""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from quantpits import __version__
from quantpits.backtest import backtest_setting, qlib_backtests, simulate
from quantpits.config import ComboGroups, model_from_text
from quantpits.errors import ConfigError, ConfigProblem, Finding, UsageError
from quantpits.search.engine import N_BLOCKS, SessionEngine, placed_panels, with_flat_cost
from quantpits.search.engine_steps import StepEngine
from quantpits.search.files import read_meta, read_results
from quantpits.search.plan import choose_models, list_combos
from quantpits.search.predictions import load_predictions, read_basis
from quantpits.search.request import SearchRequest
from quantpits.search.results import COLUMNS
from quantpits.search.store import StoredRun
from quantpits.search.window import Bounds, search_window
from quantpits.trading.combos_loop import run_combos_nb
from quantpits.workspace import SILENT, Progress, to_jsonable
from quantpits.workspace.manifest import library_versions
from quantpits.workspace.paths import decode_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from quantpits.backtest import BacktestSetting
    from quantpits.search.combos import ComboList
    from quantpits.search.engine import Engine
    from quantpits.search.predictions import Basis, Predictions
    from quantpits.search.results import FloatArray
    from quantpits.search.window import SearchWindow
    from quantpits.workspace import Workspace

__all__ = ["SearchJob", "load_job", "open_engine", "output_folder", "restored", "setting_for"]

_FOLDERS: Final = {"fast": "brute_force_fast", "exact": "brute_force"}
_DECIDING: Final = (
    "models",
    "min_combo_size",
    "max_combo_size",
    "use_groups",
    "groups",
    "group_config",
    "candidates",
    "top",
    "freq",
    "start_date",
    "end_date",
    "exclude_last_years",
    "exclude_last_months",
    "cost_rate",
    "engine",
    "allow_missing",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SearchJob:
    """A search that only has to be run.

    Attributes
    ----------
    request : SearchRequest
        What was asked for.
    basis : Basis
        Records and market.
    predictions : Predictions
        Scores of the models.
    window : SearchWindow
        Sessions in-sample and out-of-sample.
    setting : BacktestSetting
        Market and strategy, in-sample.
    combos : ComboList
        What is searched.
    scores : float64 [M, T, N]
        Raw scores of the models on the rows and columns of `setting`.
    output_dir : Path
        Folder of the results.
    findings : tuple of Finding
        What a person should know before it begins.
    n_chosen_from : int
        Combos of the search that the candidates are the best of; 0 without candidates.
    """

    request: SearchRequest
    basis: Basis
    predictions: Predictions
    window: SearchWindow
    setting: BacktestSetting
    combos: ComboList
    scores: FloatArray
    output_dir: Path
    findings: tuple[Finding, ...]
    n_chosen_from: int = 0

    @property
    def n_trials(self) -> int:
        """Combos that somebody looked at: those of this search, or those it takes the best of."""
        return max(len(self.combos), self.n_chosen_from)

    @property
    def n_workers(self) -> int:
        """Threads, or processes of Qlib: as many as asked for, at most one per processor."""
        n_processors = len(os.sched_getaffinity(0))
        return min(self.request.n_jobs or n_processors, n_processors)

    @property
    def stored_run(self) -> StoredRun:
        """What the results of this search belong to."""
        names = self.combos.models
        identity = {
            "anchor": str(self.basis.anchor),
            "engine": _engine_facts(self.request, self.setting),
            "predictions": {name: self.predictions.inputs[name] for name in names},
            "combos": {"count": len(self.combos), "sha256": self.combos.sha256},
            "window": to_jsonable(self.window),
            "frequency": self.setting.frequency,
            "cost_rate": self.request.cost_rate,
            "trials": self.n_trials,
            "market, rules and configuration": self.setting.fingerprint,
            "columns": ",".join(COLUMNS),
        }
        asked = {name: to_jsonable(_plain(getattr(self.request, name))) for name in _DECIDING}
        return StoredRun(
            identity=identity,
            asked=asked,
            n_combos=len(self.combos),
            n_figures=len(COLUMNS),
            n_blocks=N_BLOCKS,
            title=f"{len(self.combos):,} combos of {len(names)} models, {self.window.describe()}",
        )

    @property
    def description(self) -> tuple[str, ...]:
        """Mode, costs, periods and conventions, for the head of every report."""
        lines = self.setting.description()
        who = "Qlib's own backtest" if self.request.engine == "qlib" else "the exact simulator"
        weights = "equal weights, each combo on the rows that all of its models score"
        return (*lines, f"Combos: {weights}; simulated by {who}")


def load_job(
    workspace: Workspace, request: SearchRequest, *, progress: Progress = SILENT
) -> SearchJob:
    """Read everything a search needs.

    Parameters
    ----------
    workspace : Workspace
        Whose.
    request : SearchRequest
        What was asked for, checked.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    SearchJob
        Ready to run.

    Raises
    ------
    UsageError
        If the request does not fit the workspace.
    """
    basis = read_basis(workspace, request.record_file)
    choice = choose_models(
        request,
        list(basis.records.models),
        groups=_groups(workspace, request),
        candidates=_candidates(workspace, request),
    )
    predictions = load_predictions(
        workspace,
        basis,
        models=choice.models,
        allow_missing=request.allow_missing,
        progress=progress,
    )
    combos = list_combos(request, choice, usable=tuple(predictions.panels))
    n_chosen_from = _n_chosen_from(workspace, request)
    bounds = Bounds(
        start_date=request.start_date,
        end_date=request.end_date,
        exclude_last_years=request.exclude_last_years,
        exclude_last_months=request.exclude_last_months,
    )
    frequency = request.freq or workspace.model_config().freq
    window = search_window(bounds, predictions.dates, frequency=frequency)
    if request.auto_test_top and window.oos_start is None:
        raise UsageError(
            "There is nothing out-of-sample to test on.",
            where="--auto-test-top",
            expected=f"sessions after the cutoff {window.cutoff or 'of an excluded part'}",
            found="none"
            if request.end_date is None
            else f"none up to --end-date {request.end_date}",
            hint="exclude more with --exclude-last-months, or move --end-date",
        )
    setting = setting_for(
        workspace, request, predictions=predictions, start=window.start, end=window.end
    )
    return SearchJob(
        request=request,
        basis=basis,
        predictions=predictions,
        window=window,
        setting=setting,
        combos=combos,
        scores=placed_panels(setting, predictions.panels, models=combos.models),
        output_dir=output_folder(workspace, request),
        findings=(
            *choice.findings,
            *predictions.findings,
            *setting.findings,
            *_candidate_findings(n_chosen_from, len(combos)),
        ),
        n_chosen_from=n_chosen_from,
    )


def output_folder(workspace: Workspace, request: SearchRequest) -> Path:
    """Return where a search writes."""
    if request.output_dir is not None:
        return workspace.root / request.output_dir
    return workspace.output_dir / _FOLDERS[request.kind]


def setting_for(
    workspace: Workspace,
    request: SearchRequest,
    *,
    predictions: Predictions,
    start: date,
    end: date,
) -> BacktestSetting:
    """Return market and strategy of a search over some dates.

    Parameters
    ----------
    workspace : Workspace
        Whose.
    request : SearchRequest
        Frequency, engine and cost rate.
    predictions : Predictions
        Whose instruments.
    start, end : date
        First and last session.

    Returns
    -------
    BacktestSetting
        With the cost rate of the request, if it has one.

    Raises
    ------
    UsageError
        If a cost rate is given where Qlib's exchange decides the costs.
    """
    setting = backtest_setting(
        workspace,
        instruments=predictions.instruments,
        start=start,
        end=end,
        frequency=request.freq,
        execution="qlib" if request.engine == "qlib" else None,
    )
    if request.cost_rate is None:
        return setting
    if setting.session is None:
        raise UsageError(
            "A cost rate cannot be given in Qlib's timing.",
            where="--cost-rate",
            hint="set open_cost and close_cost in config/strategy_config.yaml",
        )
    return with_flat_cost(setting, request.cost_rate)


@contextmanager
def open_engine(
    setting: BacktestSetting, job: SearchJob, *, scores: FloatArray, n_jobs: int
) -> Iterator[Engine]:
    """Open who simulates the combos of a job on a market.

    Parameters
    ----------
    setting : BacktestSetting
        The market, in-sample or out-of-sample.
    job : SearchJob
        Its models and predictions.
    scores : float64 [M, T, N]
        Raw scores on the rows and columns of `setting`.
    n_jobs : int
        Threads or processes.

    Yields
    ------
    Engine
        Until the block ends.
    """
    models, panels = job.combos.models, job.predictions.panels
    if job.request.engine == "qlib":
        yield StepEngine(
            setting,
            panels,
            models=models,
            backtest=lambda placed: [
                run.result for run in qlib_backtests(setting, placed, n_workers=n_jobs)
            ],
        )
    elif setting.session is None:
        yield StepEngine(
            setting,
            panels,
            models=models,
            backtest=lambda placed: [simulate(setting, scores) for scores in placed],
        )
    else:
        with SessionEngine(setting, scores, models=models, n_jobs=n_jobs) as engine:
            yield engine


def restored(request: SearchRequest, asked: Mapping[str, Any]) -> SearchRequest:
    """Return a request with what decided the results of a finished run.

    Parameters
    ----------
    request : SearchRequest
        To analyse that run.
    asked : mapping
        What was asked for then.

    Returns
    -------
    SearchRequest
        The same request over the same combos and dates.

    Raises
    ------
    UsageError
        If the request asks for something else itself.
    """
    defaults = {item.name: item.default for item in fields(SearchRequest)}
    changes: dict[str, Any] = {}
    for name in _DECIDING:
        now = getattr(request, name)
        then = asked.get(name, defaults[name])
        if now != defaults[name] and to_jsonable(_plain(now)) != then:
            raise UsageError(
                "The finished run was of something else.",
                where=f"--{name.replace('_', '-')}",
                expected=then,
                found=now,
                hint="leave the flag out to analyse that run, or search again",
            )
        changes[name] = _typed(name, then)
    return replace(request, **changes)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value


def _typed(name: str, value: Any) -> Any:
    if name.endswith("_date") and value is not None:
        return date.fromisoformat(value)
    return tuple(value) if isinstance(value, list) else value


def _engine_facts(request: SearchRequest, setting: BacktestSetting) -> dict[str, str]:
    if request.engine == "qlib":
        return {"who": "Qlib", "quantpits": __version__, "qlib": library_versions()["pyqlib"]}
    # The name of the compiled loop ends with a digest of its code and of all that it calls.
    code = getattr(run_combos_nb, "__qualname__", "").rpartition("_")[2]
    who = f"simulator, {setting.execution}"
    return {"who": who, "quantpits": __version__, "code": code}


def _groups(workspace: Workspace, request: SearchRequest) -> Mapping[str, tuple[str, ...]] | None:
    if not (request.use_groups or request.groups):
        return None
    if request.group_config is None:
        return workspace.combo_groups().groups
    path = workspace.root / request.group_config
    source = workspace.relative(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"this file cannot be read: {error.strerror}"
        raise ConfigError([ConfigProblem(source, "", message)]) from error
    return model_from_text(ComboGroups, decode_config(data, source), source).groups


def _candidates(workspace: Workspace, request: SearchRequest) -> tuple[tuple[str, ...], ...] | None:
    if request.candidates is None:
        return None
    return read_results(workspace.root / request.candidates).combos[: request.top]


def _n_chosen_from(workspace: Workspace, request: SearchRequest) -> int:
    """Return how many combos the candidates are the best of, as far as their file tells."""
    if request.candidates is None:
        return 0
    path = workspace.root / request.candidates
    meta = read_meta(path)
    return len(read_results(path).combos) if meta is None else meta.n_combos


def _candidate_findings(n_chosen_from: int, n_combos: int) -> tuple[Finding, ...]:
    if n_chosen_from <= n_combos:
        return ()
    message = (
        f"The candidates were chosen from {n_chosen_from:,} combos, and all of those count as "
        "trials here. Their spread is not known here: believe the statistics of that search."
    )
    return (Finding("SEA013", "warning", message, "candidates"),)
