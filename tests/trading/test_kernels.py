from __future__ import annotations

import textwrap

import numba
import numpy as np
import pytest

from quantpits.trading.kernels import kernel


def _fresh():
    def twice_nb(number: int) -> int:
        return 2 * number

    return twice_nb


def test_kernel_computes_what_the_function_does():
    assert 6 == kernel(_fresh())(3)


def test_kernel_keeps_the_plain_function():
    function = _fresh()
    compiled = kernel(function)
    assert function is getattr(compiled, "py_func", compiled)


def test_kernel_tells_nan_from_numbers():
    @kernel
    def is_missing_nb(values, place):
        return np.isnan(values[place])

    assert is_missing_nb(np.array([np.nan]), 0)
    assert not is_missing_nb(np.array([np.inf]), 0)


def test_kernel_without_a_cache_folder_still_compiles(monkeypatch):
    asked = []

    def njit(*, cache=False, **options):
        asked.append((cache, options))

        def compile_it(function):
            if cache:
                raise RuntimeError("cannot cache function: no locator available")
            return numba.njit(**options)(function)

        return compile_it

    monkeypatch.setattr("quantpits.trading.kernels.njit", njit)
    assert 6 == kernel(_fresh())(3)
    assert [True, False] == [cache for cache, _ in asked]
    assert asked[0][1] == asked[1][1]
    assert "fastmath" not in asked[0][1]


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="only compiling refuses it")
def test_a_kernel_that_allocates_is_refused():
    @kernel
    def doubled_nb(values):
        twice = 2 * values
        return twice[0]

    with pytest.raises(numba.core.errors.NumbaError, match="NRT required"):
        doubled_nb(np.ones(3))


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        (("unrelated = 1", "unrelated = 2"), True),
        (("return number + LIMIT", "return number - LIMIT"), False),
        (("LIMIT = 3", "LIMIT = 4"), False),
        (("return inner_nb(number)", "return inner_nb(number) + 1"), False),
    ],
)
def test_cached_name_changes_with_all_that_a_kernel_calls(change, is_same):
    source = textwrap.dedent(
        """
        LIMIT = 3
        unrelated = 1

        def inner_nb(number):
            return number + LIMIT

        inner_nb = keep(inner_nb)

        def outer_nb(number):
            return inner_nb(number)

        outer_nb = keep(outer_nb)
        """
    )

    def name_of(text):
        names = {"keep": kernel}
        exec(compile(text, __file__, "exec"), names)
        return names["outer_nb"].__qualname__

    assert is_same == (name_of(source) == name_of(source.replace(*change)))
