"""How kernels are compiled, and the array types they take.

A kernel is a plain function over NumPy arrays and numbers whose name ends in ``_nb``. It writes
into arrays that its caller made, allocates nothing, returns no array, and can be called from
another kernel. All kernels of the room are compiled in one way, said here once:

- cached on disk, with Python's own rules for dividing by zero;
- no ``fastmath``: it breaks the test for NaN and the order of sums;
- without the interpreter's lock, so that simulations run side by side in threads;
- put into the body of the kernel that calls it;
- without Numba's own memory management, which would count references to every row it looks at
  (that took nine tenths of the time), and so Numba refuses a kernel that allocates.

Numba renews its cache when the file of a function changes, but not when a function that it calls
in another file does; a decision would go on using yesterday's ranking. So the name under which a
kernel is cached carries a digest of its own code and, through their names, of all that it calls.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, ParamSpec, TypeAlias, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["BoolArray", "FloatArray", "IntArray", "kernel"]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
BoolArray: TypeAlias = NDArray[np.bool_]

P = ParamSpec("P")
R = TypeVar("R")

_DIGEST_LETTERS = 12
_OPTIONS: dict[str, Any] = {
    "error_model": "python",
    "nogil": True,
    "forceinline": True,
    "_nrt": False,
}


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Return `function` compiled, with its own signature for the type checker.

    Parameters
    ----------
    function : callable
        A plain function over arrays, numbers and named tuples of them. What it calls must stand
        above it, already compiled.

    Returns
    -------
    callable
        The compiled function. Its plain form is ``getattr(compiled, "py_func", compiled)``: with
        compilation switched off Numba returns the function itself.

    Notes
    -----
    Compiled code is kept beside the module, or in the user's cache folder; where neither can be
    written it is compiled anew in each process.
    """
    function.__qualname__ = f"{function.__qualname__}_{_digest(function)}"
    try:
        compiled = njit(cache=True, **_OPTIONS)(function)
    except RuntimeError:  # Numba found no folder for its cache
        compiled = njit(**_OPTIONS)(function)
    return cast("Callable[P, R]", compiled)


def _digest(function: Any) -> str:
    """Return a digest of code, constants, options, and the kernels and numbers referred to."""
    code = function.__code__
    parts = [repr(_OPTIONS), code.co_code.hex(), repr(code.co_consts), repr(code.co_varnames)]
    for name in code.co_names:
        value = function.__globals__.get(name)
        parts.append(f"{name}={getattr(value, '__qualname__', None) or repr(value)}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:_DIGEST_LETTERS]
