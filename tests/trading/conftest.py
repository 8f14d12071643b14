"""What the tests of the room share: kernels in both forms, and rules of a quiet session."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from quantpits.trading import CN_RULES, SessionRules

SESSION = date(2024, 1, 2)


def _plain(kernel: Any) -> Any:
    return getattr(kernel, "py_func", kernel)


@pytest.fixture(params=["compiled", "plain"])
def form(request):
    """Return how a kernel is called: as compiled, or as the function it was made from."""
    return (lambda kernel: kernel) if request.param == "compiled" else _plain


@pytest.fixture(scope="session")
def plain():
    return _plain


@pytest.fixture(scope="session")
def cn_rules():
    """Rules of a quiet 2024 session for instruments with a reference price in fen."""

    def make(references: dict[str, int], day: date = SESSION) -> SessionRules:
        return CN_RULES.session_rules(
            tuple(references),
            day,
            reference_fen=np.array(list(references.values()), dtype=np.int64),
        )

    return make
