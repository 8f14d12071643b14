"""Whether a start may go on with what is there; whole searches are in test_runner."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from quantpits.errors import MissingArtifactError, StaleArtifactError
from quantpits.search import SearchRequest
from quantpits.search.slot import differences, finished_run, open_slot, slot_folder
from quantpits.search.store import BatchResults, ResultStore, StoredRun

RUN = StoredRun(
    identity={f"fact {number}": number for number in range(9)},
    asked={},
    n_combos=2,
    n_figures=1,
    n_blocks=1,
    title="2 combos",
)
ANCHOR = date(2026, 1, 30)


def fill(folder, n_combos, run=RUN):
    store = ResultStore(folder, run)
    store.create()
    with store:
        store.append(
            BatchResults(
                np.zeros((n_combos, 2), dtype=np.int64),
                np.zeros((n_combos, 1)),
                np.zeros((n_combos, 2, 1)),
            )
        )


def test_differences_are_told_fact_by_fact():
    long = "0123456789abcdef" * 4
    found = differences({"a": {"x": 1, "y": long}, "b": None}, {"a": {"x": 2}, "b": 3})
    assert ["a x: 1, now 2", "a y: 0123456789ab…, now none", "b: none, now 3"] == found
    assert [] == differences(RUN.identity, RUN.identity)


def test_a_finished_run_of_another_search_gives_way(tmp_path):
    fill(tmp_path, 2)
    other = replace(RUN, identity={})
    with pytest.raises(StaleArtifactError, match="The finished run is of another") as caught:
        open_slot(tmp_path, other, request=SearchRequest(resume=True))
    assert "and 3 more differences" in str(caught.value)
    assert 0 == open_slot(tmp_path, other, request=SearchRequest()).n_done


def test_a_finished_run_of_the_same_search_is_used_again(tmp_path):
    fill(tmp_path, 2)
    for request in (SearchRequest(), SearchRequest(resume=True)):
        assert 2 == open_slot(tmp_path, RUN, request=request).n_done


def test_only_a_finished_run_is_analysed(tmp_path):
    folder = slot_folder(tmp_path, ANCHOR)
    with pytest.raises(MissingArtifactError, match="no search at the anchor 2026-01-30"):
        finished_run(folder, ANCHOR)
    fill(folder, 1)
    with pytest.raises(MissingArtifactError, match="is not finished"):
        finished_run(folder, ANCHOR)
    fill(folder, 2)
    assert RUN == finished_run(folder, ANCHOR)
