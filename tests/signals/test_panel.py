"""Panels: series to arrays and back, and the rows that all models share."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quantpits.errors import DataError, MissingDataError, NonFiniteError, ShapeError
from quantpits.signals.panel import (
    AlignedScores,
    ScorePanel,
    align,
    panel_from_series,
    panel_to_series,
)

NAN = float("nan")


def days(*texts):
    return np.array(texts, dtype="datetime64[D]")


def series_of(rows, names=("datetime", "instrument")):
    index = pd.MultiIndex.from_tuples([(pd.Timestamp(d), i) for d, i, _ in rows], names=names)
    return pd.Series([value for *_, value in rows], index=index, dtype=float)


def panel_of(cells):
    return panel_from_series(series_of(cells))


def test_panel_from_series_sorts_both_axes():
    panel = panel_of([("2024-01-12", "B", 4.0), ("2024-01-05", "B", 2.0), ("2024-01-05", "A", 1.0)])
    assert ["2024-01-05", "2024-01-12"] == [str(day) for day in panel.dates]
    assert ("A", "B") == panel.instruments
    np.testing.assert_array_equal([[1.0, 2.0], [NAN, 4.0]], panel.scores)
    np.testing.assert_array_equal([[True, True], [False, True]], panel.is_scored)


def test_panel_from_series_reads_levels_by_name_in_either_order():
    rows = [("2024-01-05", "A", 1.0), ("2024-01-05", "B", 2.0)]
    swapped = series_of(rows).swaplevel()
    assert ["instrument", "datetime"] == list(swapped.index.names)
    assert ("A", "B") == panel_from_series(swapped).instruments


def test_panel_from_series_reads_unnamed_levels_day_first():
    assert ("A",) == panel_from_series(
        series_of([("2024-01-05", "A", 1.0)], (None, None))
    ).instruments


def test_panel_from_series_drops_what_is_not_scored():
    panel = panel_of([("2024-01-05", "A", 1.0), ("2024-01-05", "B", NAN), ("2024-01-12", "A", NAN)])
    assert (("A",), (1, 1)) == (panel.instruments, panel.scores.shape)


def test_panel_from_series_of_nothing_is_empty():
    panel = panel_of([("2024-01-05", "A", NAN)])
    assert (0, 0) == panel.scores.shape
    assert 0 == len(panel_to_series(panel))


def test_panel_from_series_reads_text_days():
    index = pd.MultiIndex.from_tuples([("2024-01-05", "A")])
    assert days("2024-01-05") == panel_from_series(pd.Series([1.0], index=index)).dates


def test_panel_from_series_wants_two_levels():
    with pytest.raises(ShapeError, match="day and instrument"):
        panel_from_series(pd.Series([1.0]))


def test_panel_from_series_refuses_a_time_of_day():
    with pytest.raises(DataError, match="not a whole day") as caught:
        panel_of([("2024-01-05", "A", 1.0), ("2024-01-05 15:00", "B", 1.0)])
    assert "row 2" == caught.value.where


def test_panel_from_series_refuses_a_missing_day():
    index = pd.MultiIndex.from_arrays([pd.DatetimeIndex(["NaT"]), ["A"]])
    with pytest.raises(DataError, match="not a whole day"):
        panel_from_series(pd.Series([1.0], index=index))


def test_panel_from_series_refuses_days_that_are_none():
    index = pd.MultiIndex.from_tuples([("yesterday", "A")])
    with pytest.raises(DataError, match="cannot be read as days"):
        panel_from_series(pd.Series([1.0], index=index))


def test_panel_from_series_refuses_a_repeated_cell():
    rows = [("2024-01-05", "A", 1.0), ("2024-01-05", "B", 1.0), ("2024-01-05", "B", 2.0)]
    with pytest.raises(DataError, match="scored twice") as caught:
        panel_of(rows)
    assert "B on 2024-01-05" == caught.value.where


def test_panel_from_series_refuses_infinity():
    with pytest.raises(NonFiniteError, match="infinite"):
        panel_of([("2024-01-05", "A", float("inf"))])


@pytest.mark.parametrize(
    ("dates", "instruments", "shape"),
    [
        (days("2024-01-05"), ("A", "B"), (1, 1)),
        (days("2024-01-12", "2024-01-05"), ("A",), (2, 1)),
        (days("2024-01-05", "2024-01-05"), ("A",), (2, 1)),
        (np.array(["2024-01-05"], dtype="datetime64[ns]"), ("A",), (1, 1)),
        (days("2024-01-05"), ("B", "A"), (1, 2)),
        (days("2024-01-05"), ("A", "A"), (1, 2)),
    ],
)
def test_panel_refuses_axes_that_do_not_fit(dates, instruments, shape):
    with pytest.raises(ShapeError, match=r"axes|strictly increasing"):
        ScorePanel(dates, instruments, np.zeros(shape))


def test_panel_is_read_only_and_leaves_its_input_alone():
    scores = np.zeros((1, 1))
    panel = ScorePanel(days("2024-01-05"), ("A",), scores)
    with pytest.raises(ValueError, match="read-only"):
        panel.scores[0, 0] = 1.0
    scores[0, 0] = 5.0
    assert 0.0 == panel.scores[0, 0]


def test_panel_to_series_is_sorted_and_named():
    panel = panel_of([("2024-01-12", "A", 3.0), ("2024-01-05", "B", 2.0), ("2024-01-05", "A", 1.0)])
    series = panel_to_series(panel)
    assert "score" == series.name
    assert ["datetime", "instrument"] == list(series.index.names)
    assert [1.0, 2.0, 3.0] == series.tolist()
    assert [pd.Timestamp("2024-01-05")] * 2 == list(series.index.get_level_values(0)[:2])


def test_align_keeps_only_cells_that_all_models_score():
    aligned = align(
        {
            "gru": panel_of(
                [("2024-01-05", "A", 1.0), ("2024-01-05", "B", 2.0), ("2024-01-12", "A", 3.0)]
            ),
            "mlp": panel_of(
                [("2024-01-05", "A", 4.0), ("2024-01-12", "B", 5.0), ("2024-01-12", "A", 6.0)]
            ),
        }
    )
    assert ("gru", "mlp") == aligned.models
    assert ("A",) == aligned.instruments
    np.testing.assert_array_equal([[[1.0], [3.0]], [[4.0], [6.0]]], aligned.scores)


def test_align_marks_a_cell_that_one_model_lacks_for_all():
    rows = [(d, i, 1.0) for d in ("2024-01-05", "2024-01-12") for i in "AB"]
    aligned = align({"x": panel_of(rows), "y": panel_of(rows[:3])})
    np.testing.assert_array_equal([[1.0, 1.0], [1.0, NAN]], aligned.scores[0])
    np.testing.assert_array_equal(aligned.scores[0], aligned.scores[1])


def test_align_drops_days_and_instruments_without_a_shared_cell():
    first = panel_of([("2024-01-05", "A", 1.0), ("2024-01-12", "B", 1.0), ("2024-01-19", "C", 1.0)])
    second = panel_of(
        [("2024-01-05", "A", 1.0), ("2024-01-12", "C", 1.0), ("2024-01-19", "B", 1.0)]
    )
    aligned = align({"x": first, "y": second})
    assert (("A",), 1) == (aligned.instruments, len(aligned.dates))


def test_align_wants_a_model():
    with pytest.raises(DataError, match="no scores to align"):
        align({})


def test_align_refuses_models_without_a_common_row():
    with pytest.raises(MissingDataError, match="scored by all models") as caught:
        align(
            {"x": panel_of([("2024-01-05", "A", 1.0)]), "y": panel_of([("2024-01-05", "B", 1.0)])}
        )
    assert "common rows of 'x', 'y'" == caught.value.expected


def test_aligned_scores_refuse_a_cube_that_does_not_fit():
    with pytest.raises(ShapeError, match="do not fit"):
        AlignedScores(days("2024-01-05"), ("A",), ("x", "y"), np.zeros((1, 1, 1)))


CELLS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.sampled_from("ABCDE")),
    st.floats(-1e6, 1e6, allow_nan=False),
    min_size=1,
    max_size=20,
)


def panel_of_cells(cells):
    start = np.datetime64("2024-01-05")
    return panel_of([(str(start + 7 * day), name, value) for (day, name), value in cells.items()])


@pytest.mark.property
@settings(deadline=None, max_examples=50)
@given(CELLS)
def test_panel_and_series_are_one(cells):
    panel = panel_of_cells(cells)
    back = panel_from_series(panel_to_series(panel))
    np.testing.assert_array_equal(panel.dates, back.dates)
    assert panel.instruments == back.instruments
    np.testing.assert_array_equal(panel.scores, back.scores)


@pytest.mark.property
@settings(deadline=None, max_examples=50)
@given(st.lists(CELLS, min_size=1, max_size=3))
def test_align_equals_an_inner_join(models):
    frame = pd.concat(
        {str(at): panel_to_series(panel_of_cells(cells)) for at, cells in enumerate(models)}, axis=1
    ).dropna()
    panels = {str(at): panel_of_cells(cells) for at, cells in enumerate(models)}
    if frame.empty:
        with pytest.raises(MissingDataError, match="scored by all"):
            align(panels)
        return
    aligned = align(panels)
    for at, name in enumerate(aligned.models):
        back = panel_to_series(ScorePanel(aligned.dates, aligned.instruments, aligned.scores[at]))
        pd.testing.assert_series_equal(
            frame[name].sort_index(), back, check_names=False, check_index_type=False
        )
