"""What a base gives its heir: the weights of its only network."""

from __future__ import annotations

import pytest

from quantpits.errors import ModelError
from quantpits.modeling.artifacts import pickled
from quantpits.modeling.pretraining import write_base_weights

torch = pytest.importorskip("torch", reason="the extra 'nn' is not installed")


class Holder:
    """A picklable model with the attributes it is given."""

    def __init__(self, **values):
        vars(self).update(values)


def test_the_weights_are_those_of_the_only_network(tmp_path):
    network = torch.nn.Linear(3, 2)
    content = pickled(Holder(name="x", lstm_model=network))
    write_base_weights(content, tmp_path / "w", model="heir", base="base")
    loaded = torch.load(tmp_path / "w")
    assert ["weight", "bias"] == list(loaded)
    assert all(torch.equal(loaded[key], value) for key, value in network.state_dict().items())


@pytest.mark.parametrize("n_networks", [0, 2])
def test_none_or_several_networks_are_refused(tmp_path, n_networks):
    networks = {f"n{number}": torch.nn.Linear(1, 1) for number in range(n_networks)}
    with pytest.raises(ModelError, match="'heir' cannot start from 'base'"):
        write_base_weights(pickled(Holder(**networks)), tmp_path / "w", model="heir", base="base")
    assert not (tmp_path / "w").exists()


def test_a_file_that_is_no_pickle_names_the_heir(tmp_path):
    with pytest.raises(ModelError, match="'heir' failed while loading the weights of 'base'"):
        write_base_weights(b"damaged", tmp_path / "w", model="heir", base="base")
