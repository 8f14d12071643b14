"""The paper loop: week after week, what a person does on a weekend and a broker on Monday.

For each anchor - the last session of a week, or every session of a daily strategy - the sandbox's
market moves on to it; the paper broker settles the orders of the anchor before; post-trade books
the files; the scores of the anchor come, cut from a prediction or predicted anew; the orders are
made. Every one of these is the step that a person runs. In the end the account in the books is held
against the simulator's.

Invariants: only the sandbox is written; an anchor that is done is not done again; a loop that was
killed goes on where it was, and comes to the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from datetime import date  # noqa: TC003 - pydantic looks it up when it reads the state
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np
from pydantic import ConfigDict

from quantpits.config import CashflowConfig, resolve_strategy
from quantpits.errors import Finding, MissingDataError, UsageError
from quantpits.market import data_fingerprint, load_calendar, resolve_market
from quantpits.records import read_train_records
from quantpits.routine import paper
from quantpits.routine.loop_request import LoopReport, LoopRequest
from quantpits.routine.loop_result import LoopFacts, write_results
from quantpits.routine.loop_scores import in_sample_findings, load_score_series, store_cut
from quantpits.routine.request import PaperRequest
from quantpits.routine.sandbox import SandboxTerms, advance_market, make_sandbox, remove_sandbox
from quantpits.routine.state_file import StateFile
from quantpits.trading import cny_to_fen
from quantpits.workspace.atomic import sha256_file
from quantpits.workspace.lock import writer_lock
from quantpits.workspace.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from quantpits.config import StrategySettings
    from quantpits.market import MarketSource
    from quantpits.routine.loop_scores import ScoreSeries
    from quantpits.workspace import Workspace
    from quantpits.workspace.progress import Progress

__all__ = ["LOOP_STATE", "LoopState", "anchors_of", "run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopState:
    """How far a loop has come.

    Attributes
    ----------
    fingerprint : str
        Hash of everything that decides its results.
    finished : tuple of date
        The anchors that are done, in order.
    unscored : tuple of date
        Those without a score, on which no orders were made.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)

    fingerprint: str
    finished: tuple[date, ...] = ()
    unscored: tuple[date, ...] = ()


LOOP_STATE: Final = StateFile(
    kind=LoopState,
    name="paper_state.json",
    title="The state of the paper loop",
    writer="quantpits paper",
    remedy="start over with --fresh",
)
"""Only a sandbox has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What a loop is going to do."""

    market: MarketSource
    target: Path
    sessions: tuple[date, ...]
    anchors: tuple[date, ...]
    terms: SandboxTerms
    series: ScoreSeries | None
    findings: tuple[Finding, ...]
    fingerprint: str


def run(workspace: Workspace, request: LoopRequest, *, progress: Progress = SILENT) -> LoopReport:
    """Run the loop, from where an earlier one in the same sandbox stopped.

    Parameters
    ----------
    workspace : Workspace
        Whose configuration, market and predictions; it is only read.
    request : LoopRequest
        Which days, where, at which slippage.
    progress : Progress
        Told about every anchor.

    Returns
    -------
    LoopReport
        The account in the books beside the simulator's.

    Raises
    ------
    UsageError
        If the dates are the wrong way round, or an earlier loop in the sandbox was another one.
    MissingDataError
        If fewer than two sessions lie in the dates.
    WorkspaceError
        If the sandbox's folder was made by something else.
    QuantPitsError
        Whatever a step raised.
    """
    plan = _plan(workspace, request)
    if request.dry_run:
        return LoopReport(
            workspace=str(plan.target),
            outputs=(),
            findings=plan.findings,
            changed=not (plan.target.exists() and not request.fresh),
            start=plan.sessions[0],
            end=plan.sessions[-1],
            anchors=plan.anchors,
            n_sessions=len(plan.sessions),
            slippage=request.slippage.words(),
            dry_run=True,
        )
    if request.fresh:
        remove_sandbox(plan.target)
    sandbox = make_sandbox(workspace, plan.target, market=plan.market, terms=plan.terms)
    with writer_lock(sandbox, "paper"):
        state = _state(sandbox, plan)
        is_new = _run_anchors(sandbox, request, plan, state=state, progress=progress)
        state = LOOP_STATE.read(sandbox) or state
        facts = LoopFacts(
            market=plan.market,
            sessions=plan.sessions,
            anchors=tuple(day for day in plan.anchors if day not in state.unscored),
            cash_fen=plan.terms.cash_fen,
            deposits_fen=_deposits(plan),
            slippage=request.slippage,
        )
        with progress.stage("Comparing with the simulator"):
            report = write_results(sandbox, facts, no_chart=request.no_chart)
    findings = (*plan.findings, *_unscored(state), *report.findings)
    return replace(report, findings=findings, changed=is_new or report.changed)


def anchors_of(sessions: Sequence[date], *, is_weekly: bool) -> tuple[date, ...]:
    """Return the sessions that orders are made on: the last of each week, or every one.

    Parameters
    ----------
    sessions : sequence of date
        Ascending; after the last one nothing is ordered.
    is_weekly : bool
        Whether the strategy trades once an ISO week.

    Returns
    -------
    tuple of date
        Each is followed by a session in the next week (or any, if daily).

    Examples
    --------
    >>> days = [date(2024, 1, 4), date(2024, 1, 5), date(2024, 1, 8), date(2024, 1, 9)]
    >>> anchors_of(days, is_weekly=True)
    (datetime.date(2024, 1, 5),)
    """
    pairs = pairwise(sessions)
    return tuple(
        day
        for day, following in pairs
        if not is_weekly or day.isocalendar()[:2] != following.isocalendar()[:2]
    )


def _plan(workspace: Workspace, request: LoopRequest) -> _Plan:
    market = resolve_market(workspace)
    if market.region != "cn":
        raise UsageError(
            "The paper broker writes settlement files of Chinese exchanges only.",
            where=market.label,
            expected="region cn",
            found=f"region {market.region}",
        )
    sessions = _sessions(market, request)
    model_config = workspace.model_config()
    settings, _ = resolve_strategy(workspace.strategy_config(), model_config)
    anchors = anchors_of(sessions, is_weekly=model_config.freq == "week")
    series = None if request.predict else load_score_series(workspace, request)
    cash = settings.account_cny if request.cash_cny is None else request.cash_cny
    terms = SandboxTerms(
        opening=sessions[0],
        cash_fen=cny_to_fen(cash),
        flows=_flows(workspace, sessions) if request.with_cashflows else {},
        with_models=request.predict,
    )
    target = request.sandbox or workspace.root.with_name(f"{workspace.name}_paper")
    plan = _Plan(
        market=market,
        target=target.expanduser().absolute(),
        sessions=sessions,
        anchors=anchors,
        terms=terms,
        series=series,
        findings=(
            *in_sample_findings(_trained(workspace, series), sessions[0]),
            *_unlike_findings(settings),
        ),
        fingerprint="",
    )
    return replace(plan, fingerprint=_fingerprint(workspace, request, plan))


def _trained(workspace: Workspace, series: ScoreSeries | None) -> dict[str, date | None]:
    """Return the anchor of each model's fit."""
    if series is not None:
        return {} if series.meta is None else dict(series.meta.trained_at)
    records = read_train_records(workspace).model_records
    return {name: record.trained_at or record.anchor_date for name, record in records.items()}


def _unlike_findings(settings: StrategySettings) -> tuple[Finding, ...]:
    """Return PAP013 where the simulator obeys a setting that orders cannot."""
    if settings.hold_thresh <= 1:
        return ()
    message = (
        f"hold_thresh {settings.hold_thresh} is applied by the simulator and not by the orders, so "
        "the two accounts will differ"
    )
    return (Finding("PAP013", "warning", message, "paper loop", "hold_thresh"),)


def _sessions(market: MarketSource, request: LoopRequest) -> tuple[date, ...]:
    if request.start >= request.end:
        raise UsageError(
            "The dates of the loop are the wrong way round.",
            where="--from, --to",
            expected="a first day before the last one",
            found=f"{request.start} to {request.end}",
        )
    calendar = load_calendar(market)
    sessions = tuple(calendar.sessions_in(request.start, request.end))
    inside = tuple(day for day in sessions if day <= calendar.last_session)
    if len(inside) < 2:  # noqa: PLR2004 - one to decide on, one to trade in
        raise MissingDataError(
            "The loop needs two sessions with prices at least.",
            where=f"{request.start} to {request.end}",
            expected=f"dates from {calendar.first_session} to {calendar.last_session}",
            found=f"{len(inside)} sessions",
        )
    return inside


def _flows(workspace: Workspace, sessions: Sequence[date]) -> dict[date, str]:
    """Return what is listed for the days after the first session, applied or not [CNY]."""
    if workspace.config_path(CashflowConfig) is None:
        return {}
    listed = workspace.cashflow()
    flows: dict[date, Decimal] = {}
    for known in (listed.processed, listed.cashflows):
        for day, amount in known.items():
            if sessions[0] < day <= sessions[-1]:
                flows[day] = flows.get(day, Decimal(0)) + amount
    return {day: str(amount) for day, amount in sorted(flows.items())}


def _deposits(plan: _Plan) -> dict[date, int]:
    """Return the deposits by the session they arrive in [fen]."""
    deposits: dict[date, int] = {}
    sessions = np.array(plan.sessions, dtype="datetime64[D]")
    for day, amount in plan.terms.flows.items():
        row = int(np.searchsorted(sessions, np.datetime64(day)))
        if row < len(plan.sessions):
            session = plan.sessions[row]
            deposits[session] = deposits.get(session, 0) + cny_to_fen(Decimal(amount))
    return deposits


def _fingerprint(workspace: Workspace, request: LoopRequest, plan: _Plan) -> str:
    configs = sorted(path for path in workspace.config_dir.glob("*") if path.is_file())
    # The state of the account and the live cashflows are not taken over.
    own = ("prod_config.json", "cashflow.json")
    facts = {
        "market": data_fingerprint(plan.market),
        "sessions": [str(plan.sessions[0]), str(plan.sessions[-1])],
        "cash_fen": plan.terms.cash_fen,
        "flows": {str(day): amount for day, amount in plan.terms.flows.items()},
        "scores": _models_hash(workspace) if plan.series is None else plan.series.sha256,
        "slippage": request.slippage.words(),
        "config": {path.name: sha256_file(path) for path in configs if path.name not in own},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _models_hash(workspace: Workspace) -> str:
    path = workspace.records_path
    return f"predicted by {sha256_file(path) if path.is_file() else 'nothing'}"


def _state(sandbox: Workspace, plan: _Plan) -> LoopState:
    state = LOOP_STATE.read(sandbox)
    if state is None:
        state = LoopState(fingerprint=plan.fingerprint)
        LOOP_STATE.write(sandbox, state)
    if state.fingerprint != plan.fingerprint:
        raise UsageError(
            "An earlier loop in this sandbox had other dates, scores, settings or market data.",
            where=sandbox.root,
            hint="start over with --fresh, or name another folder with --sandbox",
        )
    return state


def _run_anchors(
    sandbox: Workspace,
    request: LoopRequest,
    plan: _Plan,
    *,
    state: LoopState,
    progress: Progress,
) -> bool:
    """Run what is not done; return whether anything was."""
    stops = (*plan.anchors, plan.sessions[-1])
    todo = [day for day in stops if day not in state.finished]
    with progress.stage("Paper loop", len(stops)) as advance:
        advance(len(stops) - len(todo))
        for day in todo:
            advance_market(sandbox, plan.market, through=day)
            _settle_and_book(sandbox, request)
            is_scored = day == plan.sessions[-1] or _score_and_order(sandbox, plan, day)
            state = replace(
                state,
                finished=(*state.finished, day),
                unscored=state.unscored if is_scored else (*state.unscored, day),
            )
            LOOP_STATE.write(sandbox, state)
            advance(note=day.isoformat())
    return bool(todo)


def _settle_and_book(sandbox: Workspace, request: LoopRequest) -> None:
    from quantpits.post_trade.request import PostTradeRequest  # noqa: PLC0415 - with its step
    from quantpits.post_trade.step import run as post_trade  # noqa: PLC0415 - a step in its turn

    paper.run(sandbox, PaperRequest(paper_account=True, slippage=request.slippage))
    post_trade(sandbox, PostTradeRequest())


def _score_and_order(sandbox: Workspace, plan: _Plan, anchor: date) -> bool:
    """Make the orders of an anchor; return False where nothing is scored."""
    from quantpits.orders.request import OrderRequest  # noqa: PLC0415 - with its step
    from quantpits.orders.step import run as orders  # noqa: PLC0415 - a step in its turn

    if plan.series is None:
        _predict_and_fuse(sandbox)
    else:
        label = resolve_market(sandbox).label
        if not store_cut(sandbox, plan.series, anchor=anchor, market_label=label):
            return False
    orders(sandbox, OrderRequest())
    return True


def _predict_and_fuse(sandbox: Workspace) -> None:
    from quantpits.fusion.request import FuseRequest  # noqa: PLC0415 - with its step
    from quantpits.fusion.step import run as fuse  # noqa: PLC0415 - a step in its turn
    from quantpits.prediction.request import PredictRequest  # noqa: PLC0415 - with its step
    from quantpits.prediction.step import run as predict  # noqa: PLC0415 - loads Qlib

    predict(sandbox, PredictRequest(all_enabled=True))
    fuse(sandbox, FuseRequest(from_config_all=True, no_backtest=True, no_charts=True))


def _unscored(state: LoopState) -> tuple[Finding, ...]:
    if not state.unscored:
        return ()
    days: Mapping[date, None] = dict.fromkeys(state.unscored)
    message = (
        f"{len(days)} anchors without a score, the first {min(days)}: no orders were made on them, "
        "and the simulator trades on none of them either"
    )
    return (Finding("PAP011", "warning", message, "paper loop"),)
