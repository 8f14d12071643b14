"""The decision rules a second time, in plain lists and from the words of the rules alone.

Nothing here imports the code under test. `qlib_dropout` keeps Qlib's list slicing as it stands,
with every surprise it has for counts of zero and below.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Day:
    """One day as lists: scores with None for missing, and what is held and open."""

    scores: list[float | None]
    held: list[bool]
    can_buy: list[bool]
    can_sell: list[bool]

    @classmethod
    def of(cls, scores, held, can_buy, can_sell):
        plain = [None if math.isnan(score) else float(score) for score in scores]
        return cls(
            plain, list(map(bool, held)), list(map(bool, can_buy)), list(map(bool, can_sell))
        )

    def ranked(self, names):
        """Best first; equal scores by place; names without a score at the end."""
        scored = sorted(
            (name for name in names if self.scores[name] is not None),
            key=lambda name: (-self.scores[name], name),
        )
        return scored + [name for name in sorted(names) if self.scores[name] is None]

    def held_ranked(self):
        return self.ranked([name for name, is_held in enumerate(self.held) if is_held])

    def unheld_ranked(self):
        return self.ranked(
            [
                name
                for name, is_held in enumerate(self.held)
                if not is_held and self.scores[name] is not None
            ]
        )


@dataclass(frozen=True)
class Choice:
    sell: list[int]
    buy: list[int]
    alternates: list[int]
    hold: list[int]


def qlib_dropout(day: Day, *, topk: int, n_drop: int, factor: int, only_tradable: bool) -> Choice:
    def is_tradable(name):
        return day.can_buy[name] and day.can_sell[name]

    def first(names, count):
        if not only_tradable:
            return names[:count]
        found = []
        for name in names:
            if is_tradable(name):
                found.append(name)
                if len(found) >= count:
                    break
        return found

    def last(names, count):
        if not only_tradable:
            return names[-count:]
        return first(names[::-1], count)[::-1]

    held = day.held_ranked()
    unheld = day.unheld_ranked()
    today = first(unheld, n_drop + topk - len(held))
    together = day.ranked(held + today)
    leaving = last(together, n_drop)
    sell = [name for name in held if name in leaving]
    buy = today[: len(sell) + topk - len(held)]
    after = [name for name in unheld if not only_tradable or is_tradable(name)][len(buy) :]
    return Choice(
        sell=sell[::-1],
        buy=buy,
        alternates=after[: len(buy) * (factor - 1)],
        hold=[name for name in held if name not in sell],
    )


def corrected_dropout(
    day: Day, *, topk: int, n_drop: int, factor: int, only_tradable: bool
) -> Choice:
    held = day.held_ranked()
    unheld = day.unheld_ranked()
    if only_tradable:
        unheld = [name for name in unheld if day.can_buy[name]]
    n_new = max(n_drop + topk - len(held), 0)
    today = unheld[:n_new]
    together = day.ranked(held + today)
    if only_tradable:
        together = [name for name in together if name in today or day.can_sell[name]]
    leaving = together[len(together) - min(n_drop, len(together)) :]
    sell = [name for name in held if name in leaving and day.can_sell[name]]
    n_buy = min(max(len(sell) + topk - len(held), 0), len(today))
    buy = [name for name in today[:n_buy] if day.can_buy[name]]
    after = [name for name in unheld[n_buy : min(n_buy, n_new) * factor] if day.can_buy[name]]
    return Choice(
        sell=sell[::-1],
        buy=buy,
        alternates=after,
        hold=[name for name in held if name not in sell],
    )


def buffer(day: Day, *, topk: int, n_drop: int, factor: int, only_tradable: bool) -> Choice:
    held = day.held_ranked()
    eligible = [
        name
        for name in range(len(day.scores))
        if day.scores[name] is not None
        and (not only_tradable or day.held[name] or day.can_buy[name])
    ]
    pool = day.ranked(eligible)[: topk + n_drop * factor]
    outside = [name for name in held if name not in pool]
    if only_tradable:
        outside = [name for name in outside if day.can_sell[name]]
    worst = outside[len(outside) - min(n_drop, len(outside)) :]
    sell = [name for name in worst if day.can_sell[name]]
    unheld = [name for name in pool if not day.held[name]]
    n_buy = min(max(topk - (len(held) - len(sell)), 0), len(unheld))
    return Choice(
        sell=sell[::-1],
        buy=[name for name in unheld[:n_buy] if day.can_buy[name]],
        alternates=[name for name in unheld[n_buy : n_buy * factor] if day.can_buy[name]],
        hold=[name for name in held if name not in sell],
    )
