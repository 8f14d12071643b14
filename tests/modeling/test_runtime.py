"""Seeds, threads and devices."""

from __future__ import annotations

import os
import random
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from quantpits.modeling import runtime
from quantpits.modeling.runtime import (
    calm_threads,
    fit_arguments,
    model_arguments,
    seed_everything,
)


class LGBModel:
    def __init__(self, loss="mse", **kwargs):
        pass


class Tuned(LGBModel):
    pass


class CatBoostModel:
    def __init__(self, loss="RMSE", **kwargs):
        pass


class Network:
    def __init__(self, lr=0.1, n_jobs=10, GPU=0, seed=None):  # noqa: N803
        pass

    def fit(self, dataset, save_path=None, verbose_eval=20):
        pass


class Linear:
    def __init__(self, estimator="ols"):
        pass

    def fit(self, dataset):
        pass


def test_generators_give_the_same_numbers_after_seeding():
    seed_everything(5)
    first = random.random(), np.random.rand()  # noqa: NPY002
    seed_everything(5)
    assert first == (random.random(), np.random.rand())  # noqa: NPY002


def test_threads_sleep_while_they_wait_unless_the_user_says_otherwise(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    calm_threads()
    assert "PASSIVE" == os.environ["OMP_WAIT_POLICY"]
    monkeypatch.setenv("OMP_WAIT_POLICY", "ACTIVE")
    calm_threads()
    assert "ACTIVE" == os.environ["OMP_WAIT_POLICY"]


def test_torch_is_seeded_only_where_it_is_loaded(monkeypatch):
    calls = {}
    torch = SimpleNamespace(
        manual_seed=lambda seed: calls.update(seed=seed),
        set_num_threads=lambda count: calls.update(threads=count),
    )
    monkeypatch.setitem(sys.modules, "torch", torch)
    seed_everything(3)
    assert {"seed": 3, "threads": runtime.TORCH_THREADS} == calls
    monkeypatch.delitem(sys.modules, "torch")
    seed_everything(4)
    assert 3 == calls["seed"]


@pytest.mark.parametrize("model_class", [LGBModel, Tuned])
def test_lightgbm_gets_seed_threads_and_determinism(model_class):
    expected = {
        "lr": 0.1,
        "seed": 9,
        "num_threads": 2,
        "deterministic": True,
        "force_row_wise": True,
    }
    assert expected == model_arguments(model_class, {"lr": 0.1}, seed=9)


def test_catboost_writes_no_files():
    expected = {"random_seed": 9, "thread_count": 2, "allow_writing_files": False}
    assert expected == model_arguments(CatBoostModel, {}, seed=9)


def test_what_the_workflow_sets_stays_within_the_machine(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    made = model_arguments(LGBModel, {"num_threads": 20, "seed": 1, "deterministic": False}, seed=9)
    assert (4, 1, False) == (made["num_threads"], made["seed"], made["deterministic"])


def test_a_synonym_of_the_workflow_is_not_doubled(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    made = model_arguments(LGBModel, {"n_jobs": 8, "random_state": 1}, seed=9)
    assert "num_threads" not in made
    assert "seed" not in made
    assert 2 == made["n_jobs"]


@pytest.mark.parametrize(("given", "expected"), [({}, 0), ({"n_jobs": 20}, 2), ({"n_jobs": 1}, 1)])
def test_a_network_gets_a_seed_few_workers_and_no_gpu(given, expected):
    made = model_arguments(Network, {"GPU": 0, **given}, seed=9)
    assert {"seed": 9, "GPU": -1, "n_jobs": expected} == made


def test_a_seed_of_the_workflow_stays():
    assert 4 == model_arguments(Network, {"seed": 4}, seed=9)["seed"]


def test_a_model_without_any_of_these_gets_none():
    assert {"estimator": "ols"} == model_arguments(Linear, {"estimator": "ols"}, seed=9)


def test_gpus_are_not_looked_for(monkeypatch):
    module = sys.modules[CatBoostModel.__module__]
    monkeypatch.setattr(module, "get_gpu_device_count", lambda: 1, raising=False)
    model_arguments(CatBoostModel, {}, seed=0)
    assert 0 == module.get_gpu_device_count()


def test_fit_is_kept_quiet_and_away_from_home(tmp_path):
    expected = {"verbose_eval": 0, "save_path": str(tmp_path / "best_weights")}
    assert expected == fit_arguments(Network().fit, tmp_path)
    assert {} == fit_arguments(Linear().fit, tmp_path)
