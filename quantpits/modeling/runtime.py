"""What is added to a model's arguments so that a run can be repeated and fits the machine.

Seeds: Python's, NumPy's and torch's generators are seeded before a model is built and again before
it is fitted, and a model that takes a seed gets one, unless its workflow sets one. Threads: two
unless the workflow says otherwise, and never more than there are processors; one for torch.
Devices: the processor, so that the same numbers come out everywhere. LightGBM is told to be
deterministic. Nothing is written to the working directory.
"""

from __future__ import annotations

import inspect
import os
import random
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

__all__ = [
    "DEFAULT_THREADS",
    "TORCH_THREADS",
    "calm_threads",
    "fit_arguments",
    "limit_torch_threads",
    "model_arguments",
    "scratch_arguments",
    "seed_everything",
]

DEFAULT_THREADS = 2
# The networks of a daily system are small: on an idle machine a second thread gains little, on a
# busy one the threads wait for each other (a recurrent net took 97 seconds instead of 11).
TORCH_THREADS = 1
# DataLoader workers; more than this only costs memory on the data sizes a daily system has.
_MOST_WORKERS = 2

# Models that hand unnamed arguments to a library: what that library calls its seed and its threads.
_LIBRARY_ARGUMENTS: dict[str, dict[str, object]] = {
    "LGBModel": {
        "seed": "seed",
        "num_threads": "threads",
        "deterministic": True,
        "force_row_wise": True,
    },
    "CatBoostModel": {
        "random_seed": "seed",
        "thread_count": "threads",
        "allow_writing_files": False,
    },
    "XGBModel": {"seed": "seed", "nthread": "threads"},
}
# Other names of the same argument; a workflow that uses one must not get the other too.
_SYNONYMS = {
    "num_threads": ("n_jobs", "nthread", "nthreads", "num_thread"),
    "nthread": ("n_jobs", "num_threads"),
    "seed": ("random_state", "random_seed"),
    "random_seed": ("random_state", "seed"),
}
_THREAD_NAMES = {"n_jobs", "num_thread", "num_threads", "nthread", "nthreads", "thread_count"}


def calm_threads() -> None:
    """Let threads that wait sleep; must run before a library that uses OpenMP is loaded.

    Notes
    -----
    OpenMP's threads wait by spinning. Where other programs use the same processors, they wait for
    each other's time slices: 30 rounds of LightGBM on two threads took 48 seconds, asleep 6.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def seed_everything(seed: int) -> None:
    """Seed every generator a model may draw from.

    Parameters
    ----------
    seed : int
        Seed in [0, 2**32).

    Notes
    -----
    torch is seeded only when a model has already imported it. Its thread count is set too.
    """
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - models draw from the global generator
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.manual_seed(seed)
    limit_torch_threads()


def limit_torch_threads() -> None:
    """Set the number of torch's threads, if a model has imported it.

    Notes
    -----
    The order of a sum, and so the last digits of a loss or a score, depends on it.
    """
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(TORCH_THREADS)


def model_arguments(
    model_class: type[Any], arguments: Mapping[str, Any], *, seed: int
) -> dict[str, Any]:
    """Return a model's arguments with seed, threads and device filled in.

    Parameters
    ----------
    model_class : type
        The class.
    arguments : mapping
        The ``kwargs`` of the workflow; what it sets, stays.
    seed : int
        Seed for a model that takes one.

    Returns
    -------
    dict
        Arguments to build the model with.
    """
    merged = dict(arguments)
    named = inspect.signature(model_class).parameters
    for name, kind in _library_arguments(model_class).items():
        if not any(key in merged for key in (name, *_SYNONYMS.get(name, ()))):
            merged[name] = {"seed": seed, "threads": DEFAULT_THREADS}.get(str(kind), kind)
    if "seed" in named and merged.get("seed") is None:
        merged["seed"] = seed
    if "GPU" in named:
        merged["GPU"] = -1
    if "n_jobs" in named:
        merged["n_jobs"] = min(int(merged.get("n_jobs", 0)), _MOST_WORKERS)
    module = sys.modules[model_class.__module__]
    if hasattr(module, "get_gpu_device_count"):
        # Qlib's CatBoost model uses any GPU it finds, and complains loudly where there is none.
        vars(module)["get_gpu_device_count"] = lambda: 0
    processors = os.cpu_count() or 1
    for name in _THREAD_NAMES & set(merged):
        merged[name] = min(int(merged[name]), max(processors, DEFAULT_THREADS))
    return merged


def scratch_arguments(model_class: type[Any], scratch: Path) -> dict[str, str]:
    """Return the arguments that keep what a model writes while it is built away from the home.

    Parameters
    ----------
    model_class : type
        The class.
    scratch : Path
        A folder that is removed after the run.

    Returns
    -------
    dict
        Only what the class names. They are no parameters of the model, so they are not recorded.
    """
    wanted = {"pretrain_file": str(scratch / "pretrained_weights")}
    named = inspect.signature(model_class).parameters
    return {name: value for name, value in wanted.items() if name in named}


def fit_arguments(fit: Callable[..., Any], scratch: Path) -> dict[str, Any]:
    """Return the arguments of a model's ``fit`` that keep it quiet and away from the user's home.

    Parameters
    ----------
    fit : callable
        The bound method.
    scratch : Path
        A folder that is removed after the run.

    Returns
    -------
    dict
        Only what the method names.
    """
    wanted = {"verbose_eval": 0, "save_path": str(scratch / "best_weights")}
    named = inspect.signature(fit).parameters
    return {name: value for name, value in wanted.items() if name in named}


def _library_arguments(model_class: type[Any]) -> dict[str, object]:
    for each in model_class.__mro__:
        if each.__name__ in _LIBRARY_ARGUMENTS:
            return _LIBRARY_ARGUMENTS[each.__name__]
    return {}
