"""What every test shares: how Hypothesis draws."""

import os

from hypothesis import HealthCheck, settings

# The first call of a kernel compiles it, and a busy machine is slow: time is no property here.
settings.register_profile(
    "work", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
# In CI the same examples are drawn every time, so that a red run is about the change.
settings.register_profile("ci", parent=settings.get_profile("work"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "work")
