"""A chapter whose data is not here is skipped, and the run says why."""

import pytest

from tools import data

NEEDS_FASHION_MNIST = "09_fashion_mnist.ipynb"
REASON = "Fashion-MNIST is not here: run make data"


def pytest_collection_modifyitems(items):
    if not data.missing():
        return
    for item in items:
        if item.path.name == NEEDS_FASHION_MNIST:
            item.add_marker(pytest.mark.skip(reason=REASON))


def pytest_terminal_summary(terminalreporter):
    """One line for the chapter; -rs would print one for each cell."""
    skipped = terminalreporter.stats.get("skipped", [])
    if any(NEEDS_FASHION_MNIST in report.nodeid for report in skipped):
        terminalreporter.write_line(
            f"{NEEDS_FASHION_MNIST} skipped. {REASON}"
        )
