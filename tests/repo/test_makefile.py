"""The verbs of the Makefile: what they list, run, refuse and leave alone; what they call are fakes."""

import os
import re
import shutil
import subprocess

import pytest

from tools.check_notebooks import ROOT

NBGRADER = """#!/bin/sh
echo "$@" >> calls
mkdir -p classroom/release/$2
touch classroom/release/$2/$2.ipynb
"""
VERBS = ["data", "book", "test", "lab", "exercises", "serve", "bench", "lint", "format", "lock", "clean"]


class Project:
    """The Makefile in a folder of its own, with a .venv of fake programs."""

    def __init__(self, root):
        self.root = root
        shutil.copy(ROOT / "Makefile", root)
        self.write("tools/setup_env.py", "")
        self.add_program("nbgrader", NBGRADER)
        for name in ["forward", "backward"]:
            self.write(f"solutions/{name}/{name}.ipynb", "")

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def add_program(self, name, script):
        self.write(f".venv/bin/{name}", script).chmod(0o755)

    def make(self, *arguments):
        env = {
            name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "A"}
        }
        return subprocess.run(["make", *arguments], cwd=self.root, env=env, capture_output=True, text=True)

    def calls(self):
        """The arguments of the calls of nbgrader since the last question."""
        path = self.root / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines


@pytest.fixture
def project(tmp_path):
    root = tmp_path / "my project"
    root.mkdir()
    return Project(root)


def test_plain_make_lists_the_verbs(project):
    result = project.make()
    assert result.returncode == 0
    listed = dict(re.findall(r"^  (\w+) +(\S.*)$", result.stdout, re.M))
    assert set(VERBS) <= set(listed)
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M).group(1).split()
    assert set(phony) == {*listed, "help"}


def test_exercises_are_made_once_and_again_when_the_source_is_newer(project):
    assert project.make("exercises").returncode == 0
    assert [call.split()[:3] for call in project.calls()] == [
        ["generate_assignment", "backward", "--force"],
        ["generate_assignment", "forward", "--force"],
    ]
    assert project.make("exercises").returncode == 0
    assert project.calls() == []
    released = project.root / "classroom/release/forward/forward.ipynb"
    later = released.stat().st_mtime + 1
    os.utime(project.root / "solutions/forward/forward.ipynb", (later, later))
    project.make("exercises")
    assert [call.split()[1] for call in project.calls()] == ["forward"]


def test_one_exercise_by_name(project):
    assert project.make("exercises", "A=forward").returncode == 0
    assert [call.split()[1] for call in project.calls()] == ["forward"]


def test_unknown_exercise_lists_the_known(project):
    result = project.make("exercises", "A=sideways")
    assert result.returncode == 2
    assert 'no assignment "sideways"' in result.stderr
    assert re.search(r"There are: (backward forward|forward backward)", result.stderr)
    assert project.calls() == []


def test_failed_exercise_leaves_nothing_that_looks_finished(project):
    project.add_program("nbgrader", NBGRADER + "exit 1\n")
    assert project.make("exercises", "A=forward").returncode != 0
    assert not (project.root / "classroom/release/forward/forward.ipynb").exists()


def test_book_names_the_file_to_open(project):
    project.add_program("jupyter-book", '#!/bin/sh\necho "$@" >> book-calls\n')
    result = project.make("book")
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith("Open _build/html/index.html\n")
    call = (project.root / "book-calls").read_text()
    assert call == "build . --builder html -W -n --keep-going\n"


def test_failed_book_fails_again(project):
    """Sphinx warns only about pages that it reads, so the next build must read them again."""
    doctrees = project.root / "_build/.doctrees"
    doctrees.mkdir(parents=True)
    project.add_program("jupyter-book", "#!/bin/sh\nexit 1\n")
    result = project.make("book")
    assert result.returncode != 0
    assert "Open" not in result.stdout
    assert not doctrees.exists()


def test_failed_setup_stops_the_verb(project):
    project.write("tools/setup_env.py", "raise SystemExit(1)")
    assert project.make("exercises").returncode != 0
    assert project.calls() == []


def test_missing_python_is_named(project):
    result = project.make("setup", "PYTHON=nopython")
    assert result.returncode != 0
    assert "There is no nopython on PATH. Install Python 3.11 or newer" in result.stderr


def test_serve_before_book_says_what_to_do(project):
    result = project.make("serve")
    assert result.returncode != 0
    assert "run make book first" in result.stderr


def test_clean_leaves_the_classroom_and_the_environment(project):
    kept = ["classroom/gradebook.db", "classroom/x/__pycache__/a.pyc", ".venv/lib/__pycache__/b.pyc"]
    gone = [
        "_build/html/index.html",
        "tools/__pycache__/c.pyc",
        ".pytest_cache/d",
        "chapters/.ipynb_checkpoints/e",
    ]
    for name in kept + gone:
        project.write(name, "")
    assert project.make("clean").returncode == 0
    assert [name for name in kept if not (project.root / name).exists()] == []
    assert [name for name in gone if (project.root / name).exists()] == []
