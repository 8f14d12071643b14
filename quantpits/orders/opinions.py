"""What every combo and every single model would do with the same book on the same evening.

An opinion is a plan made by the very function that makes the orders, with another source's scores
in the place of those that are followed. The column ``order_basis`` is the orders' own plan, so it
cannot say anything else than the order files.

A cell is an action and a rank: ``BUY (3)``. ``HOLD`` and ``SELL`` are for what is held, ``BUY``
for a primary purchase, ``BUY*`` for an alternate, ``--`` for what is left alone; ``-`` without a
rank is what a source does not score. A holding without a score is still kept or sold: ``SELL (-)``.

The agreement of a row is the share of the single models, among those that score the instrument,
that would do the same as the orders: keep or sell what is held, buy or not buy what is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from quantpits.signals import rank_scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from quantpits.orders.plan import OrderInputs, OrderPlan

__all__ = [
    "LEGEND",
    "ORDER_BASIS",
    "Action",
    "Opinion",
    "OpinionSource",
    "OpinionTable",
    "Verdicts",
    "opinion_table",
    "verdicts",
]

Action = Literal["HOLD", "SELL", "BUY", "BUY*", "--", "-"]

ORDER_BASIS = "order_basis"
"""Name of the column that the orders come from."""

LEGEND: dict[Action, str] = {
    "HOLD": "held, and kept",
    "SELL": "held, and sold",
    "BUY": "not held, and bought",
    "BUY*": "not held, and bought if one of the purchases cannot be",
    "--": "not held, and left alone; or wanted, and not one lot fits the budget",
    "-": "no score from this source",
}
"""Every action in words."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """What one source would do with one instrument.

    Attributes
    ----------
    action : str
        One of `LEGEND`.
    rank : int or None
        Place among what the source scores, 1 for the best; None without a score.
    """

    action: Action
    rank: int | None

    @property
    def is_known(self) -> bool:
        """Whether the source scores the instrument."""
        return self.rank is not None

    @property
    def is_owner(self) -> bool:
        """Whether the instrument would be owned after the orders."""
        return self.action in {"HOLD", "BUY"}

    def text(self) -> str:
        """Return the cell: ``ACTION (rank)``.

        Examples
        --------
        >>> Opinion("BUY", 3).text(), Opinion("-", None).text(), Opinion("SELL", None).text()
        ('BUY (3)', '-', 'SELL (-)')
        """
        if self.action == "-":
            return self.action
        return f"{self.action} ({'-' if self.rank is None else self.rank})"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionSource:
    """Whose opinion a column is.

    Attributes
    ----------
    column : str
        ``combo_{name}`` or ``model_{name}``.
    kind : {"combo", "model"}
        What it is.
    name : str
        Of the combo or model.
    file : str
        Name of the prediction.
    csv_sha256 : str
        Its hash.
    models : tuple of str
        The models that went in.
    """

    column: str
    kind: Literal["combo", "model"]
    name: str
    file: str
    csv_sha256: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What one plan says of every instrument.

    Attributes
    ----------
    opinions : dict of str to Opinion
        By instrument, all of them.
    """

    opinions: dict[str, Opinion]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpinionTable:
    """The opinions on what is held or could be bought.

    Attributes
    ----------
    trade_date, anchor_date : date
        The session they are for, and the one they were formed after.
    label : str
        Whose scores the orders follow.
    instruments : tuple of str [R]
        What is kept, what is sold, what is bought, who stands by: each best first, sales worst
        first.
    sources : tuple of OpinionSource [C]
        Combos in the order of their file, then models by name.
    basis : tuple of Opinion [R]
        The orders.
    cells : tuple of tuple of Opinion [R, C]
        The sources.
    agreement : tuple of float or None [R]
        Share of the models that would do the same; None where no model scores it.
    """

    trade_date: date
    anchor_date: date
    label: str
    instruments: tuple[str, ...]
    sources: tuple[OpinionSource, ...]
    basis: tuple[Opinion, ...]
    cells: tuple[tuple[Opinion, ...], ...]
    agreement: tuple[float | None, ...]

    @property
    def mean_agreement(self) -> float | None:
        """Mean agreement over what is sold or bought; None where no model says anything."""
        known = [
            share
            for opinion, share in zip(self.basis, self.agreement, strict=True)
            if opinion.action in {"SELL", "BUY"} and share is not None
        ]
        return sum(known) / len(known) if known else None

    def agreement_by_instrument(self) -> dict[str, float]:
        """Return the agreement of each row that has one."""
        rows = zip(self.instruments, self.agreement, strict=True)
        return {name: share for name, share in rows if share is not None}


def verdicts(inputs: OrderInputs, plan: OrderPlan) -> Verdicts:
    """Return what a plan says of every instrument.

    Parameters
    ----------
    inputs : OrderInputs
        The book, and the scores that the plan was made of.
    plan : OrderPlan
        From `make_plan`.

    Returns
    -------
    Verdicts
        One opinion for each instrument.
    """
    ordered = {order.instrument: (order.side, order.role) for order in plan.orders}
    ranked = rank_scores(inputs.scores, inputs.instruments)
    rank_of = {inputs.instruments[at]: place for place, at in enumerate(ranked, start=1)}
    held = {inputs.instruments[at] for at in np.flatnonzero(inputs.held_shares > 0)}
    opinions = {}
    for name in inputs.instruments:
        rank = rank_of.get(name)
        action: Action = "-" if rank is None else "--"
        if name in held:
            action = "SELL" if name in ordered else "HOLD"
        elif name in ordered:
            action = "BUY" if ordered[name] == ("buy", "primary") else "BUY*"
        opinions[name] = Opinion(action, rank)
    return Verdicts(opinions=opinions)


def opinion_table(
    inputs: OrderInputs,
    plan: OrderPlan,
    *,
    label: str,
    sources: Sequence[OpinionSource],
    said: Mapping[str, Verdicts],
) -> OpinionTable:
    """Put the orders and the opinions of other sources side by side.

    Parameters
    ----------
    inputs : OrderInputs
        The book, and the scores that the orders follow.
    plan : OrderPlan
        The orders.
    label : str
        Whose scores they follow.
    sources : sequence of OpinionSource [C]
        The other sources.
    said : mapping of str to Verdicts
        What each of them says, by column.

    Returns
    -------
    OpinionTable
        One row for everything that is held, bought or stands by.
    """
    own = verdicts(inputs, plan).opinions
    rows = (*plan.holds, *(order.instrument for order in plan.orders))
    cells = tuple(tuple(said[source.column].opinions[name] for source in sources) for name in rows)
    models = [at for at, source in enumerate(sources) if source.kind == "model"]
    return OpinionTable(
        trade_date=inputs.trade_date,
        anchor_date=inputs.anchor_date,
        label=label,
        instruments=rows,
        sources=tuple(sources),
        basis=tuple(own[name] for name in rows),
        cells=cells,
        agreement=tuple(
            _agreement(own[name], [row[at] for at in models])
            for name, row in zip(rows, cells, strict=True)
        ),
    )


def _agreement(basis: Opinion, others: Sequence[Opinion]) -> float | None:
    known = [other for other in others if other.is_known]
    if not known:
        return None
    return sum(other.is_owner == basis.is_owner for other in known) / len(known)
