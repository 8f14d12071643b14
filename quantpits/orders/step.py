"""The step: load scores, books and prices; decide and size; check; commit the order files.

Fails closed: scores that are not of the market's last session, books that end before it, a
prediction that is not the one its provenance describes, or orders that break an invariant stop the
step, and nothing is written.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from quantpits.config import (
    CashflowConfig,
    ModelConfig,
    ProdConfig,
    StrategyConfig,
    StrategySettings,
    resolve_strategy,
)
from quantpits.errors import (
    Finding,
    MissingArtifactError,
    OrderError,
    StaleArtifactError,
    name_list,
)
from quantpits.market import load_calendar, load_quotes, load_universe, resolve_market
from quantpits.orders.checks import check_orders
from quantpits.orders.files import write_orders
from quantpits.orders.plan import OrderInputs, make_plan
from quantpits.orders.request import OrderProvenance, OrderReport, OrderRequest
from quantpits.records import (
    find_prediction,
    list_predictions,
    meta_path,
    read_prediction_csv,
    read_prediction_meta,
)
from quantpits.signals import panel_from_series
from quantpits.trading import DecisionRule, cny_to_fen, prices_to_fen, rule_book
from quantpits.workspace import SILENT, Progress, sha256_file, write_manifest, writer_lock

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from quantpits.market import MarketSource
    from quantpits.workspace import Workspace

__all__ = ["run"]

_SOURCE = "orders"
_ENSEMBLE = "ensemble"
_CUSTOM = "custom"
_PREDICT_AGAIN = "predict and fuse first: prod_predict_only.py, then ensemble_fusion.py"
_PROCESS_FIRST = "run prod_post_trade first"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    """Everything the orders are computed from."""

    market: MarketSource
    settings: StrategySettings
    inputs: OrderInputs
    provenance: OrderProvenance
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
    ConfigError
        If a configuration file is wrong.
    MissingArtifactError
        If there is no such prediction.
    StaleArtifactError
        If the prediction or the books are not of the market's last session.
    CorruptArtifactError
        If the prediction is not readable, or not the one its provenance describes.
    DataError
        If the universe is empty, has no score or no price, or an instrument has no board.
    OrderError
        If the cash is negative, or the orders would break an invariant; nothing is written.
    WorkspaceLockedError
        If another command is writing to the workspace.
    """
    with nullcontext() if request.dry_run else writer_lock(workspace, _SOURCE):
        with progress.stage("Reading scores, books and prices"):
            loaded = _load(workspace, request)

        plan = make_plan(loaded.inputs)
        check_orders(loaded.inputs, plan)
        report = OrderReport(
            workspace=workspace.name,
            outputs=(),
            findings=(*loaded.findings, *plan.findings),
            changed=False,
            anchor_date=loaded.inputs.anchor_date,
            trade_date=loaded.inputs.trade_date,
            market=loaded.inputs.universe,
            market_label=loaded.market.label,
            strategy=_strategy_words(loaded.settings),
            provenance=loaded.provenance,
            orders=plan.orders,
            holds=plan.holds,
            totals=plan.totals,
            dry_run=request.dry_run,
            verbose=request.verbose,
        )

        return report if request.dry_run else _commit(workspace, request, report)


def _load(workspace: Workspace, request: OrderRequest) -> _Loaded:
    model_config, prod_config, strategy_config, cashflow = _read_configs(workspace)
    settings, findings = resolve_strategy(strategy_config, model_config, prod_config)
    market = resolve_market(workspace)
    calendar = load_calendar(market)
    anchor = calendar.last_session
    trade_date = calendar.next_session(anchor)
    _check_books(prod_config, anchor)
    scores, provenance, notes = _load_scores(workspace, request, anchor, market=market)
    deposits_fen, late = _deposits_due(cashflow, prod_config, trade_date)
    inputs = _inputs(
        market,
        prod_config,
        settings,
        scores=scores,
        deposits_fen=deposits_fen,
        dates=(anchor, trade_date),
    )
    is_weekly = model_config.freq == "week"
    findings += (
        *notes,
        *late,
        *_strategy_findings(settings),
        *_date_findings(anchor, trade_date, is_weekly=is_weekly),
        *_market_findings(market),
    )
    return _Loaded(
        market=market,
        settings=settings,
        inputs=inputs,
        provenance=provenance,
        findings=findings,
    )


def _read_configs(
    workspace: Workspace,
) -> tuple[ModelConfig, ProdConfig, StrategyConfig, CashflowConfig]:
    """Read the four files; a workspace without deposits need not have the last."""
    if workspace.config_path(CashflowConfig) is not None:
        return workspace.read_config(ModelConfig, ProdConfig, StrategyConfig, CashflowConfig)
    three = workspace.read_config(ModelConfig, ProdConfig, StrategyConfig)
    return (*three, CashflowConfig())


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


def _load_scores(
    workspace: Workspace, request: OrderRequest, anchor: date, *, market: MarketSource
) -> tuple[Mapping[str, float], OrderProvenance, tuple[Finding, ...]]:
    """Read the scores of the anchor and where they come from."""
    path, label = _prediction(workspace, request, anchor)
    findings = list(_selection_findings(request))
    has_meta = meta_path(path).is_file()
    panel = panel_from_series(read_prediction_csv(path))
    last = panel.dates[-1].item()
    if last != anchor:
        raise StaleArtifactError(
            "The prediction does not end with the market's last session.",
            where=path,
            expected=f"last date {anchor}",
            found=last,
            hint=_PREDICT_AGAIN,
        )
    provenance = OrderProvenance(
        path=path,
        csv_sha256=sha256_file(path),
        label=label,
        has_meta=has_meta,
        combo=None,
        method=None,
        models=(),
        weights={},
        trained_at={},
        last_date=last,
        market_label="",
    )
    if has_meta:
        provenance = _vouched(provenance, anchor, market=market)
    else:
        message = "The prediction has no provenance, so nothing vouches for its scores."
        findings.append(Finding("ORD010", "warning", message, workspace.relative(path), label))
    scored = np.flatnonzero(panel.is_scored[-1])
    scores = {panel.instruments[at]: float(panel.scores[-1, at]) for at in scored}
    return scores, provenance, tuple(findings)


def _prediction(workspace: Workspace, request: OrderRequest, anchor: date) -> tuple[Path, str]:
    """Return the prediction's path and label: a file > a model > a combo > the default."""
    if request.prediction_file is not None:
        inside = workspace.root / request.prediction_file
        return (inside if inside.is_file() else Path(request.prediction_file)), _CUSTOM
    label = request.model
    if label is None:
        label = _ENSEMBLE if request.combo is None else f"{_ENSEMBLE}_{request.combo}"
    try:
        return find_prediction(workspace, label, anchor), label
    except MissingArtifactError as error:
        older = [name.anchor_date for name in list_predictions(workspace) if name.label == label]
        if not older:
            raise
        raise StaleArtifactError(
            f"The prediction {label!r} is not one of the market's last session.",
            where=workspace.predictions_dir,
            expected=f"one made on {anchor}",
            found=f"the latest was made on {max(older)}",
            hint=_PREDICT_AGAIN,
        ) from error


def _vouched(provenance: OrderProvenance, anchor: date, *, market: MarketSource) -> OrderProvenance:
    """Fill in the provenance beside the CSV, which must be about this CSV, anchor and market."""
    meta = read_prediction_meta(provenance.path)
    expected = (anchor, market.label)
    found = (meta.anchor_date, meta.market_label or market.label)
    if found != expected:
        raise StaleArtifactError(
            "The prediction was made for another anchor or market.",
            where=meta_path(provenance.path),
            expected=f"{expected[0]}, {expected[1]}",
            found=f"{found[0]}, {found[1]}",
            hint=_PREDICT_AGAIN,
        )
    return replace(
        provenance,
        combo=meta.combo,
        method=meta.method,
        models=meta.models,
        weights=meta.weights,
        trained_at=meta.trained_at,
        market_label=meta.market_label,
    )


def _deposits_due(
    cashflow: CashflowConfig, prod_config: ProdConfig, trade_date: date
) -> tuple[int, tuple[Finding, ...]]:
    """Return what is due after the books' last day and by the trade date [fen]."""
    due = [
        amount
        for day, amount in cashflow.cashflows.items()
        if prod_config.cursor < day <= trade_date
    ]
    if cashflow.is_legacy:
        due.append(cashflow.pending_without_date)
    late = sorted(day for day in cashflow.cashflows if day <= prod_config.cursor)
    findings = (
        (
            Finding(
                "ORD011",
                "warning",
                f"{name_list(late)}: listed, but not after the books' last day "
                f"{prod_config.cursor}; not reckoned with",
                "config/cashflow.json",
            ),
        )
        if late
        else ()
    )
    return sum(cny_to_fen(amount) for amount in due), findings


def _inputs(
    market: MarketSource,
    prod_config: ProdConfig,
    settings: StrategySettings,
    *,
    scores: Mapping[str, float],
    deposits_fen: int,
    dates: tuple[date, date],
) -> OrderInputs:
    anchor, trade_date = dates
    members = set(load_universe(market, prod_config.market, anchor))
    held = {each.instrument: each.value for each in prod_config.current_holding if each.value > 0}
    instruments = tuple(sorted(members | set(held)))
    quotes = load_quotes(market, instruments, anchor, anchor, fields=("close",))
    columns = [quotes.column(name) for name in instruments]
    return OrderInputs(
        instruments=instruments,
        scores=np.array(
            [scores.get(name, np.nan) if name in members else np.nan for name in instruments],
            dtype=np.float64,
        ),
        is_member=np.array([name in members for name in instruments], dtype=np.bool_),
        held_shares=np.array([held.get(name, 0) for name in instruments], dtype=np.int64),
        close_fen=prices_to_fen(quotes.close[quotes.row(anchor), columns]),
        cash_fen=cny_to_fen(prod_config.current_cash),
        deposits_fen=deposits_fen,
        universe=prod_config.market,
        anchor_date=anchor,
        trade_date=trade_date,
        rules=rule_book(
            market.region,
            open_cost=settings.open_cost,
            close_cost=settings.close_cost,
            min_cost_cny=settings.min_cost_cny,
        ),
        strategy=settings.name,
        decision_rule=DecisionRule(
            topk=settings.topk,
            n_drop=settings.n_drop,
            buy_suggestion_factor=settings.buy_suggestion_factor,
            is_only_tradable=settings.only_tradable,
            is_corrected=settings.corrected,
        ),
        risk_degree=settings.risk_degree,
    )


def _commit(workspace: Workspace, request: OrderRequest, report: OrderReport) -> OrderReport:
    folder = workspace.root / (request.output_dir or workspace.output_dir)
    written = write_orders(folder, report)
    inputs: dict[str, Path | str] = {
        "prediction": report.provenance.path,
        **{
            model.file_names[0]: path
            for model in (ModelConfig, ProdConfig, StrategyConfig, CashflowConfig)
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
