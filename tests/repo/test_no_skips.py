"""REQUIRE_NO_SKIPS=1 turns every kind of skip into a failure, in files of tests and in notebooks alike."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from tools.check_notebooks import ROOT

SKIPS = """
import pytest

def test_passes(): pass

@pytest.mark.skip(reason="no chromium here")
def test_marked(): pass

@pytest.mark.xfail(strict=True)
def test_expected_failure(): raise ValueError
"""
MODULE_SKIP = "import pytest\npytest.importorskip('a_module_that_nobody_has')\n"


@pytest.fixture
def project(tmp_path):
    """A small project with this repository's conftest, a skip of each kind, and a skipped notebook cell."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "chapters").mkdir()
    shutil.copy(ROOT / "tests/conftest.py", tmp_path / "tests")
    (tmp_path / "tests/test_some.py").write_text(SKIPS)
    (tmp_path / "tests/test_module.py").write_text(MODULE_SKIP)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests chapters\n")
    cell = nbformat.v4.new_code_cell("# NBVAL_SKIP\n1")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata=kernel), tmp_path / "chapters/a.ipynb")
    return tmp_path


def run(project, value, workers):
    command = [sys.executable, "-m", "pytest", "-n", workers, "--nbval", "-p", "no:cacheprovider"]
    env = os.environ | {"REQUIRE_NO_SKIPS": value}
    return subprocess.run(command, cwd=project, env=env, capture_output=True, text=True)


def test_skips_are_allowed_without_the_variable(project):
    result = run(project, "", workers="0")
    assert result.returncode == 0, result.stdout
    assert "1 passed, 3 skipped, 1 xfailed" in result.stdout


def test_every_skip_fails_with_its_reason(project):
    result = run(project, "1", workers="2")
    assert result.returncode == 1
    assert "skipped" not in result.stdout.splitlines()[-1]
    assert "test_some.py::test_marked: Skipped: no chromium here (REQUIRE_NO_SKIPS" in result.stdout
    assert "a_module_that_nobody_has" in result.stdout
    assert "a.ipynb::Cell 0" in result.stdout
