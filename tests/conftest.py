"""What every test shares: how hypothesis looks for examples."""

import os

from hypothesis import HealthCheck, settings

# The same examples on every machine and every run: a test that fails here fails everywhere.
settings.register_profile(
    "gate",
    database=None,
    deadline=None,
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
# New examples on every run, and more of them: for a person who looks for trouble.
settings.register_profile("search", database=None, deadline=None, max_examples=5_000)
settings.load_profile(os.environ.get("TRELLIS_HYPOTHESIS", "gate"))
