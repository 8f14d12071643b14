"""What decides a run's result, as one hash.

Two runs with the same fingerprint give the same predictions, so the second need not be made. The
hash covers the resolved model and dataset, the market data, the anchor, the seed, the versions of
the libraries that take part, and the version of this program.
"""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from quantpits import __version__
from quantpits.workspace import sha256_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["library_versions", "result_fingerprint"]

_ALWAYS = ("pyqlib", "numpy", "pandas")
# Part of a model's module path, and the libraries its results depend on.
_BY_MODULE = {
    "gbdt": ("lightgbm",),
    "double_ensemble": ("lightgbm",),
    "catboost": ("catboost",),
    "xgboost": ("xgboost",),
    "linear": ("scikit-learn", "scipy"),
    "pytorch": ("torch",),
    "zoo": ("torch",),
}


def library_versions(module_path: str) -> dict[str, str]:
    """Return the versions of the libraries that a model's results depend on.

    Parameters
    ----------
    module_path : str
        Where the model's class lives, such as ``qlib.contrib.model.gbdt``.

    Returns
    -------
    dict of str to str
        Library to version, ``"not installed"`` where it is missing.
    """
    names = [*_ALWAYS]
    for part, libraries in _BY_MODULE.items():
        if part in module_path:
            names += libraries
    return {name: _version(name) for name in names}


def result_fingerprint(parts: Mapping[str, object]) -> str:
    """Return the sha256 of everything that decides a result.

    Parameters
    ----------
    parts : mapping
        Values that JSON can hold, by name; order does not matter.

    Returns
    -------
    str
        64 hexadecimal digits.

    Examples
    --------
    >>> result_fingerprint({"a": 1, "b": 2}) == result_fingerprint({"b": 2, "a": 1})
    True
    """
    content = {"quantpits": __version__, **parts}
    return sha256_bytes(json.dumps(content, sort_keys=True, allow_nan=False).encode())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
