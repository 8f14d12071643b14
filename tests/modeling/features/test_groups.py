"""Features that are read, extended or computed are those of Qlib's own loader, bit for bit."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from quantpits.market import MarketSource, open_qlib
from quantpits.modeling.features import groups
from quantpits.modeling.features.cache import FeatureCache
from quantpits.modeling.features.groups import FeatureLoading, FeatureSpan
from quantpits.modeling.features.use import FeatureUse

START, CUT, END, LATER = "2021-03-01", "2022-03-17", "2022-03-31", "2022-04-15"
FEATURES = [
    ["$close/Ref($close, 1) - 1", "Mean($volume, 5)/$volume", "Std($close, 10)", "$open/$close"],
    ["RET", "VMA", "STD", "OPEN"],
]
LABEL = [["Ref($close, -6)/Ref($close, -1) - 1"], ["LABEL0"]]


def loader(**changes):
    from qlib.data.dataset.loader import QlibDataLoader  # noqa: PLC0415

    return QlibDataLoader({"feature": FEATURES, "label": LABEL}, **changes)


def span(end=END, since=None, start=START, universe="tiny"):
    return FeatureSpan(universe, start, end, None if since is None else pd.Timestamp(since))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "features"


@pytest.fixture
def on(market, later_market):
    """Open one of two markets: ``on("later")``."""

    def go(which="now", folder=None):
        path = folder or {"now": market, "later": later_market}[which]
        open_qlib(MarketSource(path, "cn", is_synthetic=True, label=which))

    go()
    return go


def load(root, wanted, which=None):
    """Load as a new process would; return the frame and how it was got."""
    loading = FeatureLoading(None if root is None else FeatureCache(root), FeatureUse())
    frame = loading.load(which or loader(), wanted)
    assert () == loading.findings
    use = loading.use
    return frame, (use.n_computed, use.n_extended, use.n_read, use.n_sessions)


def assert_same(expected, found):
    pd.testing.assert_frame_equal(expected, found, check_exact=True)
    first, second = (
        np.ascontiguousarray(each.to_numpy()).view(np.uint32) for each in (expected, found)
    )
    is_nan = np.isnan(expected.to_numpy())
    assert (first == second)[~is_nan].all()
    # Processors that sum see the memory, not the frame: it is laid out as Qlib's.
    assert found["feature"].to_numpy(copy=False).flags.f_contiguous


def qlib_rows(wanted):
    frame = loader().load(wanted.instruments, wanted.start, wanted.end)
    return frame if wanted.since is None else frame.loc[wanted.since :]


def test_computed_read_and_extended_features_are_those_of_qlib(root, on):
    for wanted, expected in (
        (span(), (1, 0, 0, 0)),
        (span(), (0, 0, 1, 0)),
        (span(since=CUT), (0, 0, 1, 0)),
        (span(CUT), (0, 0, 1, 0)),  # what a tuning reads: it ends earlier
    ):
        frame, use = load(root, wanted)
        assert expected == use
        assert_same(qlib_rows(wanted), frame)
    on("later")
    for wanted, expected in (
        (span(LATER, since=CUT), (0, 1, 0, 11)),
        (span(LATER), (0, 0, 1, 0)),
        (span(), (0, 0, 1, 0)),
        (span("2022-04-17"), (0, 0, 1, 0)),  # a Sunday
        (span("2023-01-01"), (0, 0, 1, 0)),  # beyond the calendar
    ):
        frame, use = load(root, wanted)
        assert expected == use
        assert_same(qlib_rows(wanted), frame)


def test_one_step_two_steps_and_no_cache_give_the_same_bytes(root, on, tmp_path):
    on("later")
    wanted = span(LATER, since="2022-03-01")
    ends = {"none": [], "one": [END], "two": [CUT, END], "far": ["2021-06-01"]}
    frames = []
    for name, earlier in ends.items():
        for end in earlier:
            load(tmp_path / name, span(end))
        frames.append(load(None if name == "none" else tmp_path / name, wanted)[0])
    for frame in frames[1:]:
        assert_same(frames[0], frame)


def test_labels_are_those_of_now(root, on):
    before, _ = load(root, span())
    on("later")
    after, use = load(root, span())
    assert (0, 0, 1, 0) == use
    last = before.index.get_level_values("datetime") == pd.Timestamp(END)
    assert before.loc[last, "label"].isna().all(axis=None)
    assert after.loc[last, "label"].notna().any(axis=None)
    assert_same(before[["feature"]], after[["feature"]])


def test_a_universe_that_changed_later_extends_what_was_kept(root, on, market, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(market, moved)
    path = moved / "instruments" / "tiny.txt"
    names = path.read_text().splitlines()
    cut = [line.replace("2030-01-01", END) for line in names]
    path.write_text("\n".join(cut[1:]) + "\n")
    on(folder=moved)
    load(root, span(CUT))
    joins = names[0].replace("2020-01-02", "2022-03-24")
    path.write_text("\n".join([joins, *names[1:]]) + "\n")
    on(folder=moved)
    frame, use = load(root, span())
    assert (0, 1, 0, 10) == use
    assert_same(qlib_rows(span()), frame)


@pytest.mark.parametrize("what", ["value", "universe"])
def test_a_revised_history_is_computed_again(root, on, market, what):
    moved = root.parent / "moved"
    shutil.copytree(market, moved)
    assert qlib_rows(span())["feature"].to_numpy(copy=False).flags.f_contiguous
    load(root, span())
    if what == "value":
        path = moved / "features" / "sh609002" / "close.day.bin"
        values = np.fromfile(path, "<f4")
        values[-40] *= np.float32(1.001)
        values.tofile(path)
    else:
        path = moved / "instruments" / "tiny.txt"
        path.write_text("\n".join(path.read_text().splitlines()[1:]) + "\n")
    on(folder=moved)
    for expected in ((1, 0, 0, 0), (0, 0, 1, 0)):
        frame, use = load(root, span())
        assert expected == use
        assert_same(qlib_rows(span()), frame)


def test_a_market_that_ends_earlier_than_what_was_kept_is_computed_again(root, on):
    on("later")
    load(root, span(LATER))
    on()
    frame, use = load(root, span())
    assert (1, 0, 0, 0) == use
    assert_same(qlib_rows(span()), frame)


def test_what_is_damaged_is_computed_again_and_said(root, on):
    expected, _ = load(root, span())
    path = next(root.rglob("rows-*"))
    path.write_bytes(path.read_bytes()[:1000])
    loading = FeatureLoading(FeatureCache(root), FeatureUse())
    assert_same(expected, loading.load(loader(), span()))
    assert (1, ["FTR002"]) == (loading.use.n_computed, [each.code for each in loading.findings])
    assert (0, 0, 1, 0) == load(root, span())[1]


def test_where_a_check_fails_qlib_computes_and_it_is_said(root, on, monkeypatch):
    def refuse(*_args, notes, **_kwargs):
        notes.append("3 values differ")

    load(root, span(CUT))
    monkeypatch.setattr(groups, "load_group", refuse)
    for wanted, cached in ((span(since=CUT), root), (span(since=CUT), None)):
        cache = None if cached is None else FeatureCache(cached)
        loading = FeatureLoading(cache, FeatureUse())
        assert_same(qlib_rows(wanted), loading.load(loader(), wanted))
        assert {"FTR003"} == {each.code for each in loading.findings}
        assert 1 == loading.use.n_computed
    assert "3 values differ" in loading.findings[0].message
    wanted = span(since=CUT)
    monkeypatch.undo()
    assert (0, 0, 1, 0) == load(root, wanted)[1]  # what Qlib computed was kept


def test_what_is_not_known_is_loaded_by_its_loader(root, on):
    class Odd:
        is_group = False
        n_loads = 0

        def load(self, *asked):
            self.n_loads += 1
            return loader().load(*asked)

    odd = Odd()
    for wanted in (span(), span(since=CUT)):
        frame, use = load(root, wanted, which=odd)
        assert (1, 0, 0, 0) == use
        assert_same(qlib_rows(wanted), frame)
    assert (2, False) == (odd.n_loads, root.exists())


def test_a_list_of_names_and_an_open_end(root, on):
    wanted = span(universe=["SH609002", "SH609005"])
    frame, _ = load(root, wanted)
    assert_same(qlib_rows(wanted), frame)
    assert (0, 0, 1, 0) == load(root, wanted)[1]
    wanted = span(end=None)
    frame, use = load(root, wanted)
    assert (1, 0, 0, 0) == use
    assert_same(qlib_rows(wanted), frame)


def test_a_group_of_labels_alone_is_computed_each_time(root, on):
    from qlib.data.dataset.loader import QlibDataLoader  # noqa: PLC0415

    which = QlibDataLoader({"label": LABEL})
    for _ in range(2):
        assert (1, 0, 0, 0) == load(root, span(), which=which)[1]
    assert not root.exists()
