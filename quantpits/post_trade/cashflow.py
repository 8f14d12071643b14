"""Deposits and withdrawals from ``cashflow.json``: each counted exactly once, none lost.

A flow goes into the books on the first processed session on or after its date. One dated in the
future stays in the file; one that comes late, dated within the books, is posted on the next session
and reported. What is dated on or before the opening is part of the opening cash, stays in the file
and is reported.

The ledger is the truth about what was applied; the file is only moved on (`cashflows` to
`processed`) afterwards. If that was interrupted, the next run finds flows that the ledger has and
`processed` lacks, and moves them without posting them again.

A bank transfer in the broker's own file is such a flow too. If the file of a session shows
transfers of the same total as the flows listed for it, they are the same money and the broker's
lines are what is posted; if the totals differ, the run stops.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from quantpits.errors import BooksMismatchError, Finding
from quantpits.post_trade.brokers.contract import BrokerLine, Effect
from quantpits.post_trade.journal import AppliedFlow, FlowKind
from quantpits.post_trade.money import cny_text, round_fen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from quantpits.config.cashflow import CashflowConfig

__all__ = ["FlowPlan", "archived_form", "match_transfers", "plan_flows"]

_SOURCE = "config/cashflow.json"
_TRANSFERS = (Effect.DEPOSIT, Effect.WITHDRAWAL)


@dataclass(frozen=True, slots=True)
class FlowPlan:
    """What becomes of the flows listed in the file.

    Attributes
    ----------
    by_session : mapping of date to tuple of AppliedFlow
        What to post, by session.
    posted_before : tuple of AppliedFlow
        What an interrupted run has posted already and the file still lists.
    findings : tuple of Finding
        What a person should know.
    """

    by_session: Mapping[date, tuple[AppliedFlow, ...]]
    posted_before: tuple[AppliedFlow, ...] = ()
    findings: tuple[Finding, ...] = ()


def plan_flows(
    config: CashflowConfig,
    sessions: Sequence[date],
    *,
    opening_date: date,
    last_date: date,
    unfinished: Sequence[AppliedFlow] = (),
) -> FlowPlan:
    """Return which flow goes into the books on which session.

    Parameters
    ----------
    config : CashflowConfig
        The file.
    sessions : sequence of date
        The sessions about to be processed, oldest first; may be empty.
    opening_date, last_date : date
        First and last day in the books.
    unfinished : sequence of AppliedFlow
        What an interrupted run posted.

    Returns
    -------
    FlowPlan
        What to post, what was posted, and what to report.

    Raises
    ------
    BooksMismatchError
        If the file lists another amount than an interrupted run posted.
    """
    posted: list[AppliedFlow] = []
    findings: list[Finding] = []
    planned: defaultdict[date, list[AppliedFlow]] = defaultdict(list)
    for listed_date in sorted(config.cashflows):
        fen = round_fen(config.cashflows[listed_date])
        before = [
            each
            for each in unfinished
            if each.kind is FlowKind.DATED and each.listed_date == listed_date
        ]
        if before:
            posted.append(_same_amount(before[0], fen))
        elif listed_date <= opening_date:
            findings.append(_in_opening(listed_date, fen, opening_date))
        elif sessions and listed_date <= sessions[-1]:
            session = next(each for each in sessions if each >= listed_date)
            planned[session].append(AppliedFlow(listed_date, FlowKind.DATED, fen))
            if session != listed_date:
                findings.append(_moved(listed_date, fen, session=session, last_date=last_date))
    legacy = _legacy_flow(config, sessions, unfinished)
    if legacy is not None:
        (posted if legacy in unfinished else planned[legacy.listed_date]).append(legacy)
    by_session = {day: tuple(flows) for day, flows in sorted(planned.items())}
    return FlowPlan(by_session, tuple(posted), tuple(findings))


def match_transfers(
    flows: Sequence[AppliedFlow], lines: Iterable[BrokerLine], *, session: date
) -> tuple[AppliedFlow, ...]:
    """Return the flows of a session, marked where the broker's file shows the same money.

    Parameters
    ----------
    flows : sequence of AppliedFlow
        What ``cashflow.json`` lists for the session.
    lines : iterable of BrokerLine
        What the broker reports for it.
    session : date
        The session.

    Returns
    -------
    tuple of AppliedFlow
        The same flows; `is_in_export` where the lines are posted in their place.

    Raises
    ------
    BooksMismatchError
        If both list transfers and the totals differ.
    """
    transfers = [line for line in lines if line.effect in _TRANSFERS]
    if not flows or not transfers:
        return tuple(flows)
    listed = sum(flow.fen for flow in flows)
    reported = sum(line.net_cash_fen for line in transfers)
    if listed != reported:
        raise BooksMismatchError(
            f"The deposits and withdrawals of {session} are not the broker's bank transfers.",
            where=f"{_SOURCE} and {transfers[0].where}",
            expected=f"{cny_text(reported)}, as the broker reports",
            found=f"{cny_text(listed)} listed",
            hint=f"remove from {_SOURCE} what the broker's file already shows",
        )
    return tuple(replace(flow, is_in_export=True) for flow in flows)


def archived_form(data: Mapping[str, Any], moved: Iterable[AppliedFlow]) -> dict[str, Any]:
    """Return the file with the flows that are in the books moved to ``processed``.

    Parameters
    ----------
    data : mapping
        The file, parsed; it is not changed.
    moved : iterable of AppliedFlow
        What is in the books and still listed.

    Returns
    -------
    dict
        The same keys in the same order; `processed` is added at the end if there was none.
    """
    result = dict(data)
    listed = dict(result.get("cashflows", {}))
    processed = dict(result.get("processed", {}))
    for flow in moved:
        key = flow.listed_date.isoformat()
        if flow.kind is FlowKind.DATED:
            listed.pop(key, None)
        else:
            result["cash_flow_today"] = 0
        amount = Decimal(flow.fen).scaleb(-2) + Decimal(str(processed.get(key, 0)))
        processed[key] = _plain_number(amount)
    if "cashflows" in result:
        result["cashflows"] = listed
    result["processed"] = processed
    return result


def _legacy_flow(
    config: CashflowConfig, sessions: Sequence[date], unfinished: Sequence[AppliedFlow]
) -> AppliedFlow | None:
    fen = round_fen(config.pending_without_date) if config.is_legacy else 0
    if not fen:
        return None
    before = [each for each in unfinished if each.kind is FlowKind.LEGACY]
    if before:
        return _same_amount(before[0], fen)
    return AppliedFlow(sessions[0], FlowKind.LEGACY, fen) if sessions else None


def _same_amount(posted: AppliedFlow, fen: int) -> AppliedFlow:
    if posted.fen != fen:
        raise BooksMismatchError(
            "An amount was changed after an interrupted run had posted it.",
            where=f"{_SOURCE}, {posted.listed_date}",
            expected=f"{cny_text(posted.fen)}, as it is in the books",
            found=cny_text(fen),
            hint=(
                f"put {cny_text(posted.fen)} back and run post-trade once; then list the rest "
                "under another date"
            ),
        )
    return posted


def _in_opening(listed_date: date, fen: int, opening_date: date) -> Finding:
    return Finding(
        "PTR001",
        "warning",
        f"{cny_text(fen)} of {listed_date} is not posted: the books open after {opening_date}, so "
        "it counts as part of the opening cash. Remove it from the file if it is, or give it a "
        "later date if it is not.",
        _SOURCE,
        listed_date.isoformat(),
    )


def _moved(listed_date: date, fen: int, *, session: date, last_date: date) -> Finding:
    if listed_date <= last_date:
        why = f"the books were already processed up to {last_date}"
    else:
        why = "it is no session"
    return Finding(
        "PTR002",
        "warning" if listed_date <= last_date else "info",
        f"{cny_text(fen)} of {listed_date} is posted on {session}: {why}.",
        _SOURCE,
        listed_date.isoformat(),
    )


def _plain_number(amount: Decimal) -> int | float:
    # A float of at most two decimals is written as the same two decimals.
    return int(amount) if amount == amount.to_integral_value() else float(amount)
