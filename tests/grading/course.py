"""A course of its own: a copy of the configuration and the exercises, where nbgrader's real commands run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from tests.exercises.notebooks import ROOT, by_id, meta, read, region

NAME = "worked_example"


class Course:
    """A folder with nbgrader_config.py, solutions/ and grading/, and nothing else of the repository.

    `settings` are further lines for nbgrader_config.py.
    """

    def __init__(self, folder, settings=""):
        self.folder = Path(folder).resolve()
        self.folder.mkdir(parents=True)
        for name in ("solutions", "grading"):
            shutil.copytree(ROOT / name, self.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        config = (ROOT / "nbgrader_config.py").read_text()
        (self.folder / "nbgrader_config.py").write_text(f"{config}\n{settings}\n")
        self.home = self.folder.with_name(f"{self.folder.name}-home")
        self.env = environment(self.home)

    def run(self, *command, cwd=None, fails=False):
        """Run a program of the environment; its result, with stdout and stderr together in stdout."""
        result = subprocess.run(
            [Path(sys.executable).with_name(command[0]), *command[1:]],
            cwd=cwd or self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=400,
        )
        assert (result.returncode != 0) == fails, result.stdout
        return result.stdout

    def nbgrader(self, *arguments, **options):
        return self.run("nbgrader", *arguments, **options)

    @property
    def database(self):
        return f"sqlite:///{self.folder}/classroom/gradebook.db"

    def path(self, kind, student="", suffix=".ipynb"):
        return self.folder / "classroom" / kind / student / NAME / f"{NAME}{suffix}"

    def release(self):
        """The notebook as students get it."""
        return read(self.path("release"))

    def hand_in(self, student, notebook, name=f"{NAME}.ipynb"):
        """Put a notebook, or the text of a file, where collected work lies."""
        path = self.path("submitted", student).with_name(name)
        path.parent.mkdir(parents=True)
        path.write_text(notebook if isinstance(notebook, str) else nbformat.writes(notebook))


def environment(home):
    """The variables for nbgrader: its programs on PATH (it calls alembic by name), no user settings."""
    home.mkdir(exist_ok=True)
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "IPYTHON", "NBGRADER", "PYTEST", "PYTHON"))
    }
    return clean | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "OMP_NUM_THREADS": "1",
    }


def source():
    return read(ROOT / "solutions" / NAME / f"{NAME}.ipynb")


def solutions():
    """The instructor's answers: the cells without the marks of the regions."""
    cells = (cell for cell in source().cells if cell.cell_type == "code" and region(cell, "SOLUTION"))
    return {meta(cell)["grade_id"]: cell.source for cell in cells}


def answered(release, answers, **texts):
    """The release with these answers in its cells: code by part, other cells by keyword."""
    notebook = nbformat.from_dict(release)
    for grade_id, text in (answers | texts).items():
        by_id(notebook, grade_id).source = text
    return notebook
