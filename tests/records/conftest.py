"""A workspace on disk and the scores of a small market."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from quantpits.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    root = tmp_path / "Books"
    (root / "config").mkdir(parents=True)
    return Workspace(root)


@pytest.fixture
def scores() -> pd.Series:
    index = pd.MultiIndex.from_product(
        [pd.to_datetime(["2026-02-05", "2026-02-06"]), ["SH600000", "SZ000001"]],
        names=["datetime", "instrument"],
    )
    return pd.Series(np.array([0.1, -0.25, 1e-17, 3.0]), index=index, name="score")
