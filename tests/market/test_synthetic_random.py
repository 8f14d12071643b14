import hashlib

import numpy as np

from quantpits.market.synthetic_random import Draws


def test_uniform_has_the_same_bits_everywhere():
    expected = "678136f336a5247114204bcdc2bf2f3d508cf3f326dbe13bde057d635e9cf3dc"
    assert expected == hashlib.sha256(Draws(7, stream=3).uniform(1000).tobytes()).hexdigest()


def test_normal_has_the_same_bits_everywhere():
    expected = "745fd53bd397cd96818524e160226c96e93f356458e6648c1732c4a6710f6122"
    assert expected == hashlib.sha256(Draws(7, stream=3).normal(10, 50).tobytes()).hexdigest()


def test_uniform_covers_the_unit_interval():
    drawn = Draws(1, stream=0).uniform(20_000)

    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0
    assert abs(drawn.mean() - 0.5) < 0.01
    assert abs(drawn.var() - 1 / 12) < 0.002


def test_normal_has_mean_zero_and_deviation_one():
    drawn = Draws(1, stream=0).normal(200, 100)

    assert (200, 100) == drawn.shape
    assert abs(drawn.mean()) < 0.02
    assert abs(drawn.std() - 1.0) < 0.02
    assert abs((drawn**4).mean() - 2.85) < 0.1


def test_streams_and_seeds_are_independent():
    one = Draws(1, stream=0).normal(5_000)
    other_stream = Draws(1, stream=1).normal(5_000)
    other_seed = Draws(2, stream=0).normal(5_000)

    assert abs(np.corrcoef(one, other_stream)[0, 1]) < 0.05
    assert abs(np.corrcoef(one, other_seed)[0, 1]) < 0.05


def test_draws_go_on_where_they_stopped():
    draws = Draws(4, stream=0)
    pieces = np.concatenate([draws.uniform(3), draws.uniform(4)])

    assert Draws(4, stream=0).uniform(7).tolist() == pieces.tolist()
