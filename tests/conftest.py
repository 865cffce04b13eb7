"""With REQUIRE_NO_SKIPS=1 a skipped test fails: in CI a missing program must not hide a check."""

import os

import pytest


def forbid_skip(report):
    """Turn the report of a skip into a failure that names the reason; an expected failure is no skip."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: {reason} (REQUIRE_NO_SKIPS is set: a skipped test fails)"
    return report


class NoSkips:
    """A plugin and not plain functions of this file: those would not see the notebooks in chapters/."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self):
        return forbid_skip((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self):
        return forbid_skip((yield))


def pytest_configure(config):
    if os.environ.get("REQUIRE_NO_SKIPS") == "1":
        config.pluginmanager.register(NoSkips())
