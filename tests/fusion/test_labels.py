"""What happened after a signal: Qlib's labels, and nothing that had not happened yet."""

import numpy as np
import pytest

from quantpits.backtest import backtest_setting
from quantpits.errors import ShapeError
from quantpits.fusion.labels import forward_returns, realised_labels
from tests.fusion.conftest import INSTRUMENTS


@pytest.mark.parametrize(("frequency", "horizon"), [("day", 2), ("week", 6)])
def test_realised_labels_end_a_horizon_before_the_backtest(lab, frequency, horizon):
    closes = []
    sessions = lab.add_prices(n_days=40, change=lambda close: closes.append(close.copy()))
    setting = backtest_setting(
        lab.workspace,
        instruments=INSTRUMENTS,
        start=sessions[5],
        end=sessions[30],
        frequency=frequency,
    )
    labels = realised_labels(setting)
    assert (26, 12) == labels.shape
    assert np.isnan(labels[-horizon:]).all()
    close = closes[0][5:31]
    np.testing.assert_allclose(
        close[horizon:] / close[1 : 1 + 26 - horizon] - 1, labels[:-horizon], rtol=1e-6
    )


def test_forward_returns_of_a_suspended_name_are_unknown():
    close = np.array([[1.0], [np.nan], [3.0], [6.0]])
    np.testing.assert_array_equal([[np.nan], [1.0]], forward_returns(close, horizon=2)[:2])


def test_forward_returns_of_a_short_market_are_unknown():
    assert np.isnan(forward_returns(np.ones((3, 2)), horizon=6)).all()


def test_forward_returns_need_a_later_close():
    with pytest.raises(ShapeError, match="later close"):
        forward_returns(np.ones((3, 2)), horizon=1)
