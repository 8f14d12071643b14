"""What order generation is asked for, and what it answers.

Only names and values, so that a command can build a request without loading anything heavy.
Amounts are whole fen; only `summary` and the files show CNY.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from quantpits.errors import Finding
    from quantpits.orders.opinions import OpinionTable
    from quantpits.orders.planned import OrderTotals, PlannedOrder

__all__ = ["CheckOutcome", "OrderProvenance", "OrderReport", "OrderRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """Whose scores the orders follow.

    Attributes
    ----------
    prediction_file : path or None
        Follow this file; taken from the workspace, or as it stands if it is not there. Wins over
        the two below.
    model : str or None
        Follow ``{model}_{anchor}.csv``. Wins over `combo`.
    combo : str or None
        Follow ``ensemble_{combo}_{anchor}.csv``; None for the default, ``ensemble_{anchor}.csv``.
    output_dir : path or None
        Where the order files go, relative to the workspace; None for ``output``.
    dry_run : bool
        Compute everything, write nothing.
    verbose : bool
        Show alternates, kept holdings and every check too.
    overrides : tuple of str
        Codes of checks before trading, such as ``"PRE003"``, that must not stop these orders.
    """

    prediction_file: Path | str | None = None
    model: str | None = None
    combo: str | None = None
    output_dir: Path | str | None = None
    dry_run: bool = False
    verbose: bool = False
    overrides: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOutcome:
    """What one check before trading has measured.

    Attributes
    ----------
    code : str
        Such as ``"PRE003"``.
    name : str
        Its key in ``config/pretrade.yaml``.
    status : {"passed", "warned", "stopped", "overridden", "unknown"}
        Overridden: above the limit that stops, and allowed by name.
    value : float or None
        What was measured; None where it is not known.
    unit : {"fraction", "count"}
        Of the value and the limits.
    warn, stop : float or None
        The limits; None for none.
    message : str
        What was measured, in words.
    """

    code: str
    name: str
    status: Literal["passed", "warned", "stopped", "overridden", "unknown"]
    value: float | None
    unit: Literal["fraction", "count"]
    warn: float | None
    stop: float | None
    message: str

    def words(self) -> str:
        """Return the check in one line: what was measured, and the limit that it exceeds."""
        limits = {"warned": self.warn, "stopped": self.stop, "overridden": self.stop}
        limit = limits.get(self.status)
        if limit is None:
            return f"{self.name}: {self.message}"
        shown = f"{limit:.1%}" if self.unit == "fraction" else f"{limit:g}"
        verb = "warns" if self.status == "warned" else "stops"
        override = ", overridden" if self.status == "overridden" else ""
        return f"{self.name}: {self.message} ({verb} above {shown}{override})"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderProvenance:
    """Whose scores the orders follow.

    Attributes
    ----------
    path : Path
        The prediction.
    csv_sha256 : str
        Its hash.
    label : str
        ``ensemble``, ``ensemble_{combo}``, the model, or ``custom``; part of the files' names.
    has_meta : bool
        Whether the prediction says where it comes from; what follows is empty otherwise.
    combo, method : str or None
        Combo and weighting method.
    models : tuple of str
        The models that went in.
    weights : dict of str to float
        Their weights [fraction]; empty where they change by day.
    trained_at : dict of str to date or None
        Anchor date of each model's fit.
    last_date : date
        The session that the scores are of.
    market_label : str
        Name of the market data, which says so if it is synthetic.
    """

    path: Path
    csv_sha256: str
    label: str
    has_meta: bool
    combo: str | None
    method: str | None
    models: tuple[str, ...]
    weights: dict[str, float]
    trained_at: dict[str, date | None]
    last_date: date
    market_label: str

    def summary(self) -> list[str]:
        """Return the provenance in lines for a person."""
        lines = [f"Scores of {self.last_date}: {self.path.name}, sha256 {self.csv_sha256[:12]}"]
        if not self.has_meta:
            return [*lines, "  nothing vouches for where they come from"]
        source = f"combo {self.combo}, " if self.combo else ""
        method = f"{self.method} of " if self.method else ""
        lines.append(f"  {source}{method}{self._weighted_models()}")
        trained = sorted({str(day or "an unknown day") for day in self.trained_at.values()})
        if trained:
            lines.append(f"  trained through {' and '.join(trained)}")
        return lines

    def _weighted_models(self) -> str:
        names = [
            f"{model} {self.weights[model]:.3f}" if model in self.weights else model
            for model in self.models
        ]
        return ", ".join(names) or "no model named"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReport:
    """The orders of one session.

    Attributes
    ----------
    workspace : str
        Name of the workspace.
    outputs : tuple of Path
        The files, written now or already as they should be; none in a dry run.
    findings : tuple of Finding
        What a person should know.
    changed : bool
        Whether any byte on disk is new.
    anchor_date : date
        The session after whose close the orders were decided.
    trade_date : date
        The session they are for.
    market : str
        Name of the universe.
    market_label : str
        Name of the market data, which says so if it is synthetic.
    strategy : str
        The decision rule with its parameters, in words.
    provenance : OrderProvenance
        Whose scores they follow.
    orders : tuple of PlannedOrder
        Sales worst first, purchases best first, alternates best first.
    holds : tuple of str
        Positions that stay, best first.
    totals : OrderTotals
        What they come to.
    checks : tuple of CheckOutcome
        What the checks before trading have measured.
    opinions : OpinionTable or None
        What every combo and model would do with the same book.
    names : dict of str to str
        Display names of what is ordered or held, where the market has them.
    dry_run, verbose : bool
        As asked.
    """

    workspace: str
    outputs: tuple[Path, ...]
    findings: tuple[Finding, ...]
    changed: bool
    anchor_date: date
    trade_date: date
    market: str
    market_label: str
    strategy: str
    provenance: OrderProvenance
    orders: tuple[PlannedOrder, ...]
    holds: tuple[str, ...]
    totals: OrderTotals
    checks: tuple[CheckOutcome, ...] = ()
    opinions: OpinionTable | None = None
    names: dict[str, str] = field(default_factory=dict)
    dry_run: bool = False
    verbose: bool = field(default=False, compare=False)

    def summary(self) -> list[str]:
        """Return the result in lines for a person."""
        would = " (dry run, nothing is written)" if self.dry_run else ""
        totals = self.totals
        lines = [
            f"Orders for {self.trade_date}, decided after the close of {self.anchor_date}{would}.",
            f"Market: {self.market_label}; universe {self.market}",
            f"Rule: {self.strategy}",
            *self.provenance.summary(),
            *totals.summary(),
            *self._table(),
        ]
        if self.verbose:
            lines.append(f"Kept: {', '.join(self.holds) or 'nothing'}")
            lines += ["Checks before trading:"] if self.checks else []
            lines += [f"  {each.code} {each.status:<10} {each.words()}" for each in self.checks]
        lines += self._opinion_lines()
        sheets = [str(path) for path in self.outputs if path.suffix in {".html", ".xlsx"}]
        lines += [f"To place them from: {', or '.join(sheets)}"] if sheets else []
        return lines

    def _opinion_lines(self) -> list[str]:
        if self.opinions is None or not self.opinions.sources:
            return []
        n_models = sum(source.kind == "model" for source in self.opinions.sources)
        n_combos = sum(source.kind == "combo" for source in self.opinions.sources)
        shared = self.opinions.mean_agreement
        told = "" if shared is None else f"; on average {shared:.0%} of the models agree"
        return [f"Opinions of {n_combos} combos and {n_models} models on the same book{told}"]

    def _table(self) -> list[str]:
        shown = [order for order in self.orders if self.verbose or order.role == "primary"]
        if not shown:
            return ["  nothing to trade"]
        head = f"  {'':<9} {'instrument':<10} {'shares':>8} {'limit':>9} {'amount':>14}  why"
        return [head, *(order.text() for order in shown)]
