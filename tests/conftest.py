"""What every test shares: the two Hypothesis profiles, chosen by ``ZENLINK_HYPOTHESIS``."""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

# A shared machine stalls for longer than any sensible deadline: time is judged by pytest-timeout alone.
settings.register_profile("fast", max_examples=50, deadline=None)
settings.register_profile(
    "deep", max_examples=5000, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile(os.environ.get("ZENLINK_HYPOTHESIS", "fast"))

# A shell's job in the background ignores SIGINT, and so would every process that a test interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)
