"""The step: load scores, books and prices; decide and size; check twice; commit the order files.

Fails closed: scores that are not of the market's last session, books that end before it, a
prediction that is not the one its provenance describes, orders that break an invariant, or a limit
of the checks before trading stop the step, and nothing is written.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from quantpits.config import (
    BasketConfig,
    CashflowConfig,
    EnsembleConfig,
    ModelConfig,
    PretradeConfig,
    ProdConfig,
    StrategyConfig,
    StrategySettings,
    resolve_strategy,
)
from quantpits.errors import Finding, OrderError, StaleArtifactError
from quantpits.market import instrument_names, load_calendar, resolve_market
from quantpits.orders.books import book_differences
from quantpits.orders.checks import check_orders
from quantpits.orders.combo import check_combo, refuse_unknown_combo
from quantpits.orders.files import write_orders
from quantpits.orders.inputs import Evening, deposits_due, load_evening, scores_of_members
from quantpits.orders.opinion_sources import collect_opinions
from quantpits.orders.plan import make_plan
from quantpits.orders.pretrade import (
    PretradeFacts,
    check_overrides,
    pretrade_checks,
    pretrade_findings,
    refuse_stopped,
)
from quantpits.orders.request import OrderReport, OrderRequest
from quantpits.orders.scores import FollowedScores, load_scores, wanted
from quantpits.workspace import SILENT, Progress, write_manifest, writer_lock

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.market import MarketSource
    from quantpits.orders.plan import OrderInputs, OrderPlan
    from quantpits.workspace import Workspace

__all__ = ["run"]

_SOURCE = "orders"
_PROCESS_FIRST = "run prod_post_trade first"
_CONFIG_FILES = (
    ModelConfig,
    ProdConfig,
    StrategyConfig,
    CashflowConfig,
    EnsembleConfig,
    PretradeConfig,
    BasketConfig,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Configs:
    """Every config file that orders depend on."""

    model: ModelConfig
    prod: ProdConfig
    strategy: StrategyConfig
    cashflow: CashflowConfig
    pretrade: PretradeConfig
    basket: BasketConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """Everything the orders are computed from."""

    market: MarketSource
    configs: _Configs
    settings: StrategySettings
    evening: Evening
    followed: FollowedScores
    book_differences: tuple[str, ...]
    findings: tuple[Finding, ...]


def run(workspace: Workspace, request: OrderRequest, *, progress: Progress = SILENT) -> OrderReport:
    """Write the orders for the session after the market's last one.

    Parameters
    ----------
    workspace : Workspace
        Whose scores, books and rules.
    request : OrderRequest
        Whose scores the orders follow.
    progress : Progress
        Who is told how far it is.

    Returns
    -------
    OrderReport
        The orders, what they come to, whose scores they follow, and what a person should know.

    Raises
    ------
    UsageError
        If there is no such combo, or no check to override.
    ConfigError
        If a configuration file is wrong.
    MissingArtifactError
        If there is no such prediction.
    StaleArtifactError
        If the prediction or the books are not of the market's last session, or the prediction is
        not of the combo as it is configured.
    CorruptArtifactError
        If the prediction is not readable, or not the one its provenance describes.
    DataError
        If the universe is empty, has no score or no price, or an instrument has no board.
    OrderError
        If the cash is negative, the orders would break an invariant, or a limit of the checks
        before trading stops them; nothing is written.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    check_overrides(request.overrides)
    with nullcontext() if request.dry_run else writer_lock(workspace, _SOURCE):
        with progress.stage("Reading scores, books and prices"):
            loaded = _load(workspace, request)
        inputs = loaded.evening.inputs
        plan = make_plan(inputs)
        check_orders(inputs, plan)
        report = _report(workspace, request, loaded, plan=plan)
        report = _with_opinions(workspace, loaded, report, plan=plan, progress=progress)
        report = _checked(request, loaded, report, plan=plan)
        return report if request.dry_run else _commit(workspace, request, report, loaded=loaded)


def _load(workspace: Workspace, request: OrderRequest) -> _Loaded:
    configs = _read_configs(workspace)
    settings, findings = resolve_strategy(configs.strategy, configs.model, configs.prod)
    market = resolve_market(workspace)
    calendar = load_calendar(market)
    anchor = calendar.last_session
    trade_date = calendar.next_session(anchor)
    _check_books(configs.prod, anchor)
    followed = _followed(workspace, request, anchor, market=market)
    deposits_fen, late = deposits_due(configs.cashflow, configs.prod, trade_date=trade_date)
    evening = load_evening(
        market,
        calendar,
        prod_config=configs.prod,
        settings=settings,
        deposits_fen=deposits_fen,
        adv_sessions=configs.pretrade.adv_sessions,
    )
    scores = scores_of_members(
        followed.scores, evening.inputs.instruments, is_member=evening.inputs.is_member
    )
    findings += (
        *_selection_findings(request),
        *followed.findings,
        *late,
        *_strategy_findings(settings),
        *_date_findings(anchor, trade_date, is_weekly=configs.model.freq == "week"),
        *_market_findings(market),
    )
    return _Loaded(
        market=market,
        configs=configs,
        settings=settings,
        evening=replace(evening, inputs=replace(evening.inputs, scores=scores)),
        followed=followed,
        book_differences=(
            () if configs.pretrade.books == "off" else book_differences(workspace, configs.prod)
        ),
        findings=findings,
    )


def _read_configs(workspace: Workspace) -> _Configs:
    """Read every file, so that the problems of all are told together."""
    model, prod, strategy, pretrade = workspace.read_config(
        ModelConfig, ProdConfig, StrategyConfig, PretradeConfig
    )
    (basket,) = workspace.read_config(BasketConfig)
    # A workspace without deposits need not have the file.
    has_cashflow = workspace.config_path(CashflowConfig) is not None
    return _Configs(
        model=model,
        prod=prod,
        strategy=strategy,
        cashflow=workspace.cashflow() if has_cashflow else CashflowConfig(),
        pretrade=pretrade,
        basket=basket,
    )


def _followed(
    workspace: Workspace, request: OrderRequest, anchor: date, *, market: MarketSource
) -> FollowedScores:
    """Read the scores to follow; those of a combo must be of the combo as it is configured."""
    has_combos = workspace.config_path(EnsembleConfig) is not None
    config = workspace.ensemble_config() if has_combos else None
    is_combo = request.prediction_file is None and request.model is None
    if config is not None and is_combo and request.combo is not None:
        refuse_unknown_combo(request.combo, config)
    path, label = wanted(workspace, request, anchor=anchor)
    followed = load_scores(workspace, path, label=label, anchor=anchor, market=market)
    if config is None or not is_combo:
        return followed
    told = check_combo(followed.provenance, config)
    return replace(followed, findings=(*followed.findings, *told))


def _check_books(prod_config: ProdConfig, anchor: date) -> None:
    """Refuse books that do not end with the market's last session."""
    cursor = prod_config.cursor
    if cursor != anchor:
        is_behind = cursor < anchor
        raise StaleArtifactError(
            "The books end before the market's last session."
            if is_behind
            else "The books are ahead of the market data.",
            where="config/prod_config.json: last_processed_date",
            expected=anchor,
            found=cursor,
            hint=_PROCESS_FIRST if is_behind else "bring the market data up to date",
        )
    if prod_config.current_cash < 0:
        raise OrderError(
            "The cash in the books is negative.",
            where="config/prod_config.json: current_cash",
            found=prod_config.current_cash,
            hint="find the missing deposit or the wrong settlement before trading",
        )


def _report(
    workspace: Workspace, request: OrderRequest, loaded: _Loaded, *, plan: OrderPlan
) -> OrderReport:
    inputs: OrderInputs = loaded.evening.inputs
    named = {*plan.holds, *(order.instrument for order in plan.orders)}
    names = instrument_names(loaded.market)
    return OrderReport(
        workspace=workspace.name,
        outputs=(),
        findings=(*loaded.findings, *plan.findings),
        changed=False,
        anchor_date=inputs.anchor_date,
        trade_date=inputs.trade_date,
        market=inputs.universe,
        market_label=loaded.market.label,
        strategy=_strategy_words(loaded.settings),
        provenance=loaded.followed.provenance,
        orders=plan.orders,
        holds=plan.holds,
        totals=plan.totals,
        names={name: names[name] for name in sorted(named) if name in names},
        dry_run=request.dry_run,
        verbose=request.verbose,
    )


def _with_opinions(
    workspace: Workspace,
    loaded: _Loaded,
    report: OrderReport,
    *,
    plan: OrderPlan,
    progress: Progress,
) -> OrderReport:
    table, findings = collect_opinions(
        workspace,
        loaded.market,
        inputs=loaded.evening.inputs,
        plan=plan,
        followed=loaded.followed,
        progress=progress,
    )
    return replace(report, opinions=table, findings=(*report.findings, *findings))


def _checked(
    request: OrderRequest, loaded: _Loaded, report: OrderReport, *, plan: OrderPlan
) -> OrderReport:
    """Measure the orders, and refuse them if a limit stops them."""
    assert report.opinions is not None  # collected just before
    facts = PretradeFacts(
        evening=loaded.evening,
        plan=plan,
        agreement=report.opinions.agreement_by_instrument(),
        book_differences=loaded.book_differences,
    )
    checks = pretrade_checks(facts, loaded.configs.pretrade, overrides=request.overrides)
    refuse_stopped(checks)
    return replace(report, checks=checks, findings=(*report.findings, *pretrade_findings(checks)))


def _commit(
    workspace: Workspace, request: OrderRequest, report: OrderReport, *, loaded: _Loaded
) -> OrderReport:
    folder = workspace.root / (request.output_dir or workspace.output_dir)
    written = write_orders(
        folder,
        report,
        template=loaded.configs.basket,
        rule=loaded.evening.inputs.decision_rule,
        is_synthetic=loaded.market.is_synthetic,
    )
    inputs: dict[str, Path | str] = {
        "prediction": report.provenance.path,
        **{
            model.file_names[0]: path
            for model in _CONFIG_FILES
            if (path := workspace.config_path(model)) is not None
        },
    }
    write_manifest(
        workspace,
        f"orders_{report.provenance.label}_{report.trade_date.isoformat()}",
        inputs=inputs,
        outputs=written.paths,
        config={"strategy": report.strategy, "market": report.market},
        extra={"anchor_date": report.anchor_date, "market_label": report.market_label},
    )
    return replace(report, outputs=written.paths, changed=written.changed)


def _strategy_words(settings: StrategySettings) -> str:
    return (
        f"{settings.name}, TopK {settings.topk}, DropN {settings.n_drop}, "
        f"{settings.buy_suggestion_factor} candidates a purchase, "
        f"risk degree {settings.risk_degree:g}"
    )


def _selection_findings(request: OrderRequest) -> tuple[Finding, ...]:
    flags = (
        ("--prediction-file", request.prediction_file),
        ("--model", request.model),
        ("--combo", request.combo),
    )
    given = [flag for flag, value in flags if value is not None]
    return tuple(
        Finding("ORD012", "warning", f"{flag} has no effect beside {given[0]}", _SOURCE)
        for flag in given[1:]
    )


def _strategy_findings(settings: StrategySettings) -> tuple[Finding, ...]:
    findings = []
    if settings.hold_thresh > 1:
        message = (
            f"hold_thresh {settings.hold_thresh} is not applied: the books do not say how long a "
            "position has been held"
        )
        findings.append(Finding("ORD013", "warning", message, _SOURCE, "hold_thresh"))
    if settings.execution != "next_session":
        message = (
            f"execution {settings.execution!r} is for backtests; orders are for the next session"
        )
        findings.append(Finding("ORD014", "info", message, _SOURCE, "execution"))
    return tuple(findings)


def _date_findings(anchor: date, trade_date: date, *, is_weekly: bool) -> tuple[Finding, ...]:
    if not is_weekly or anchor.isocalendar()[:2] != trade_date.isocalendar()[:2]:
        return ()
    message = (
        f"{trade_date} is not the first session of its week, and the weekly strategy trades in the "
        "first one only"
    )
    return (Finding("ORD015", "warning", message, _SOURCE, trade_date.isoformat()),)


def _market_findings(market: MarketSource) -> tuple[Finding, ...]:
    if not market.is_synthetic:
        return ()
    message = "The market is synthetic: these orders must not be placed."
    return (Finding("ORD016", "info", message, _SOURCE),)
