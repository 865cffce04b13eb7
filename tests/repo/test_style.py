"""The whole repository passes its own linter, formatter and notebook checks."""

import subprocess
import sys

import pytest

from tools.check_notebooks import ROOT, check, notebooks


@pytest.mark.parametrize("command", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_ruff(command):
    result = subprocess.run(
        [sys.executable, "-m", "ruff", *command, "."], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_notebooks():
    assert [problem for path in notebooks() for problem in check(path)] == []
