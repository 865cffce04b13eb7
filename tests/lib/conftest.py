"""Hypothesis tries the same examples on every run, and no example has a time limit."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "lib",
    derandomize=True,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("lib")
