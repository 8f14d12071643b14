from __future__ import annotations

import itertools
import random
from collections import defaultdict
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.config import CashflowConfig, ProdConfig
from quantpits.errors import BooksMismatchError
from quantpits.post_trade.batch import Inputs, Prices, SettlementFile, plan_batch
from quantpits.post_trade.brokers.contract import Effect, Statement
from quantpits.post_trade.check import CHECKS
from quantpits.post_trade.fold import books_at, daily_books
from quantpits.post_trade.journal import Journal, TransactionKind
from quantpits.post_trade.ledger import append, load_journal, writing
from quantpits.post_trade.projections import log_texts, state_keys

NAMES = ("SH600000", "SH600001", "SZ000001", "SZ300750")
OPENED = date(2026, 1, 2)
DAYS = tuple(OPENED + timedelta(days=n) for n in range(1, 7))


def config(state: dict | None = None) -> ProdConfig:
    start = {"current_date": OPENED, "current_cash": Decimal(1_000_000), "current_holding": []}
    return ProdConfig.model_validate({"benchmark": "SH000300", **start, **(state or {})})


def settlement(day: date, lines) -> SettlementFile:
    sha = f"{day:%Y%m%d}".ljust(64, "0")
    keyed = tuple(
        replace(line, key=line.key._replace(source_sha256=sha, row=7 + at, ordinal=at + 1))
        for at, line in enumerate(lines)
    )
    statement = Statement(
        source_name=f"{day}-table.xlsx",
        source_sha256=sha,
        sheet="Sheet1",
        columns=("交收日期", "证券代码", "交易类别"),
        lines=keyed,
    )
    return SettlementFile(statement, b"")


def inputs(settlements, quotes, **changes) -> Inputs:
    whole = {
        "config": config(),
        "cashflow": CashflowConfig(),
        "journal": Journal(),
        "settlements": settlements,
        "prices": Prices((quotes,), {day: Decimal("3500.00") for day in DAYS}),
    }
    return Inputs(**{**whole, **changes})


@pytest.fixture(scope="session")
def quotes(make_quotes):
    closes = {name: [10.0 + at + n / 7 for n in range(len(DAYS))] for at, name in enumerate(NAMES)}
    return make_quotes(DAYS, closes)


def shown(journal: Journal) -> ProdConfig:
    """The config as the run before left it."""
    state = state_keys(books_at(journal), journal.last_date)
    cash = Decimal(repr(state["current_cash"]))
    return config({**state, "current_cash": cash})


_PENDING = ("subscription", "listing", "repo_lend", "repo_return")
_DRAWN = [each for each in Effect if each.value not in _PENDING]


def random_days(seed: int, make_line) -> tuple[dict, dict, int, dict[str, int]]:
    """Draw sessions that a broker could have settled, with what they leave in cash and shares."""
    dice = random.Random(seed)
    cash = 100_000_000
    shares: defaultdict[str, int] = defaultdict(int)
    settlements, flows = {}, {}
    for day in DAYS:
        lines = []
        start = dict(shares)
        for _ in range(dice.randrange(7)):
            effect = dice.choice(_DRAWN)
            name = dice.choice(NAMES)
            count = 100 * dice.randint(1, 20)
            price = f"{dice.randint(100, 3000) / 100:.2f}"
            fee = dice.randint(0, 2000)
            amount = dice.randint(0, 10_000)
            if effect is Effect.SELL:
                count = min(start.get(name, 0), dice.randint(1, 3000))
                if not count:
                    continue
                start[name] -= count
                shares[name] -= count
                line = make_line(effect, name, count, price, fee=fee, day=day)
            elif effect is Effect.BUY:
                shares[name] += count
                line = make_line(effect, name, count, price, fee=fee, day=day)
            elif effect is Effect.BONUS_SHARES:
                shares[name] += count
                line = make_line(effect, name, count, day=day)
            elif effect is Effect.NONE:
                line = make_line(effect, name, count, day=day)
            else:
                is_out = effect.value.endswith(("tax", "fee", "withdrawal"))
                net = -amount if is_out else amount
                line = make_line(effect, name, net=net, day=day)
            cash += line.net_cash_fen
            lines.append(line)
        transfers = (Effect.DEPOSIT, Effect.WITHDRAWAL)
        if dice.random() < 0.3 and not any(line.effect in transfers for line in lines):
            flows[day] = Decimal(dice.randint(-500, 5000)) / 100
            cash += int(flows[day] * 100)
        settlements[day] = settlement(day, lines) if dice.random() < 0.9 or lines else None
    return settlements, flows, cash, {name: count for name, count in shares.items() if count}


@pytest.mark.property
@settings(max_examples=60)
@given(seed=st.integers(0, 2**32 - 1))
def test_random_days_agree_with_a_dictionary(make_line, quotes, seed: int) -> None:
    settlements, flows, cash, shares = random_days(seed, make_line)
    batch = plan_batch(inputs(settlements, quotes, cashflow=CashflowConfig(cashflows=flows)))
    books = books_at(batch.journal)
    assert cash == books.cash_fen
    assert shares == {name: position.shares for name, position in books.positions.items()}
    assert [] == [finding for check in CHECKS[:5] for finding in check(batch.journal)]
    assert len(DAYS) + 1 == len(batch.transactions)
    # conservation of value: what was put in, earned and spent is what is there, at cost
    totals: defaultdict[str, int] = defaultdict(int)
    for transaction in batch.transactions:
        for entry in transaction.entries:
            for posting in entry.postings:
                totals[posting.account] += posting.fen
    assert 0 == sum(totals.values())
    assert (books.cash_fen, books.cost_fen) == (totals["cash"], totals["securities"])
    for report, day in zip(batch.days, daily_books(batch.journal), strict=True):
        assert (day.nav_fen, day.after.cash_fen) == (report.nav_fen, report.cash_after_fen)


@pytest.mark.property
@settings(max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), cuts=st.sets(st.integers(1, 5)))
def test_any_batching_gives_the_same_books(make_line, quotes, seed: int, cuts: set[int]) -> None:
    settlements, flows, _, _ = random_days(seed, make_line)
    listed = CashflowConfig(cashflows=flows)
    whole = plan_batch(inputs(settlements, quotes, cashflow=listed)).journal
    journal = Journal()
    bounds = [0, *sorted(cuts), len(DAYS)]
    for low, high in itertools.pairwise(bounds):
        part = {day: settlements[day] for day in DAYS[low:high]}
        pending = {day: fen for day, fen in flows.items() if day >= DAYS[low]}
        state = config() if not journal.is_open else shown(journal)
        batch = plan_batch(
            inputs(
                part,
                quotes,
                config=state,
                journal=journal,
                cashflow=CashflowConfig(cashflows=pending),
            )
        )
        finished = len(batch.journal.transactions)
        journal = replace(batch.journal, n_projected=finished)
    assert whole.transactions == journal.transactions
    assert whole.digests == journal.digests
    assert log_texts(whole) == log_texts(journal)


@pytest.mark.property
@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1))
def test_the_ledger_gives_back_what_was_posted(make_line, quotes, tmp_path_factory, seed) -> None:
    settlements, flows, _, _ = random_days(seed, make_line)
    listed = CashflowConfig(cashflows=flows)
    batch = plan_batch(inputs(settlements, quotes, cashflow=listed))
    path = tmp_path_factory.mktemp("ledger") / "ledger.db"
    with writing(path) as connection:
        head = ""
        for transaction in batch.transactions:
            head = append(connection, transaction, head=head)
    loaded = load_journal(path)
    assert batch.journal == loaded
    assert loaded.first_altered() is None
    # nothing is left to do
    done = replace(loaded, n_projected=len(loaded.transactions))
    again = plan_batch(inputs({}, quotes, config=shown(loaded), journal=done))
    assert ((), ()) == (again.transactions, again.moved_flows)


@pytest.mark.property
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), until=st.integers(1, 5))
def test_what_comes_later_changes_nothing_before(make_line, quotes, seed: int, until: int) -> None:
    settlements, flows, _, _ = random_days(seed, make_line)
    listed = CashflowConfig(cashflows=flows)
    whole = plan_batch(inputs(settlements, quotes, cashflow=listed)).journal
    early = {day: settlements[day] for day in DAYS[:until]}
    short = plan_batch(inputs(early, quotes, cashflow=listed)).journal
    assert whole.digests[: until + 1] == short.digests


def test_the_first_session_opens_the_books(quotes) -> None:
    batch = plan_batch(inputs({DAYS[0]: None}, quotes))
    assert [TransactionKind.OPENING, TransactionKind.SESSION] == [
        each.kind for each in batch.transactions
    ]
    assert (OPENED, True) == (batch.journal.opening_date, batch.transactions[1].session is not None)


def test_nothing_to_process_posts_nothing(quotes) -> None:
    batch = plan_batch(inputs({}, quotes))
    assert ((), False) == (batch.transactions, batch.journal.is_open)


def test_an_edit_right_after_the_opening_is_adopted_without_a_price(quotes) -> None:
    journal = plan_batch(inputs({DAYS[0]: None}, quotes)).journal
    opened = Journal(journal.transactions[:1], journal.digests[:1], 1)
    state = {"current_holding": [{"instrument": NAMES[0], "value": 100, "amount": 900}]}
    with pytest.raises(BooksMismatchError, match="SH600000"):
        plan_batch(inputs({}, quotes, config=config(state), journal=opened))
    batch = plan_batch(inputs({}, quotes, config=config(state), journal=opened, adopt=True))
    (adjustment,) = batch.transactions
    assert (TransactionKind.ADJUSTMENT, OPENED, ()) == (
        adjustment.kind,
        adjustment.settle_date,
        adjustment.marks,
    )
    assert "SH600000: 0 shares" in batch.adjustment
    later = plan_batch(
        inputs(
            {DAYS[0]: None},
            quotes,
            config=config(state),
            journal=replace(batch.journal, n_projected=2),
        )
    )
    assert [NAMES[0]] == [mark.instrument for mark in later.transactions[0].marks]


def test_lines_are_told_in_words_if_asked_for(quotes, make_line) -> None:
    day = DAYS[0]
    lines = [
        make_line(Effect.BUY, NAMES[0], 100, "10", fee=500, day=day),
        make_line(Effect.INTEREST, net=5, day=day),
    ]
    files = {day: settlement(day, lines)}
    assert () == plan_batch(inputs(files, quotes)).days[0].lines
    assert (
        "2026-01-03-table.xlsx:7 buy SH600000 100 shares at 10: cash -1005.00",
        "2026-01-03-table.xlsx:8 interest: cash 0.05",
    ) == plan_batch(inputs(files, quotes, verbose=True)).days[0].lines
