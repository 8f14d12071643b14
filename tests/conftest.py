"""What every test shares: how Hypothesis draws, and what stays on one worker."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

_TESTS = Path(__file__).parent
_SHARED_FIXTURES = {"e2e", "modeling", "packaging", "prediction", "training"}

# The first call of a kernel compiles it, and a busy machine is slow: time is no property here.
settings.register_profile(
    "work", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# In CI the same examples are drawn every time, so that a red run is about the change.
settings.register_profile("ci", parent=settings.get_profile("work"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "work")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the rooms whose tests share a dear fixture, such as a trained model, on one worker."""
    for item in items:
        room = item.path.relative_to(_TESTS).parts[0]
        if room in _SHARED_FIXTURES:
            item.add_marker(pytest.mark.xdist_group(room))
