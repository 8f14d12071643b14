"""The numbers of the slippage model: what is sane, and how it is told."""

from __future__ import annotations

import pytest

from quantpits.errors import NonFiniteError
from quantpits.routine.slippage import NO_SLIPPAGE, Slippage


def test_nothing_is_no_slippage():
    assert Slippage().is_none
    assert "no slippage" == NO_SLIPPAGE.words()


def test_words_name_what_is_set():
    assert "half spread 10 bp" == Slippage(half_spread_bps=10.0).words()
    whole = Slippage(half_spread_bps=2.5, impact_bps=30.0, max_volume_share=0.05)
    assert "half spread 2.5 bp, impact 30 bp, at most 0.05 of the volume" == whole.words()
    assert not whole.is_none


@pytest.mark.parametrize(
    "numbers",
    [
        {"half_spread_bps": -1.0},
        {"half_spread_bps": float("nan")},
        {"impact_bps": float("inf")},
        {"half_spread_bps": 6000.0, "impact_bps": 4000.0},
    ],
)
def test_price_that_cannot_be_is_refused(numbers):
    with pytest.raises(NonFiniteError, match="slippage is out of range"):
        Slippage(**numbers)


@pytest.mark.parametrize("share", [0.0, 1.5])
def test_share_that_is_no_fraction_is_refused(share):
    with pytest.raises(NonFiniteError, match="no fraction"):
        Slippage(max_volume_share=share)
