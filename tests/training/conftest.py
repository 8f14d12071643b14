"""The small market and the toy models of the modeling tests."""

from __future__ import annotations

import runpy
from pathlib import Path

_MODELING = Path(__file__).resolve().parents[1] / "modeling" / "conftest.py"
globals().update(
    {
        name: value
        for name, value in runpy.run_path(str(_MODELING)).items()
        if not name.startswith("__")
    }
)
