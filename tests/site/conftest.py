"""The book, built once for all test files, from a copy of its sources."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from http import HTTPStatus
from pathlib import Path

import pytest
from filelock import FileLock

from tools.check_notebooks import ROOT

SOURCES = (
    "_config.yml",
    "_toc.yml",
    "nbgrader_config.py",
    "chapters",
    "solutions",
    "backprop_lib",
    "benchmarks",
)
BIN = Path(sys.executable).parent


def run(folder, *command):
    """Run a program of this environment in the folder; it must succeed."""
    env = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}  # nbgrader calls alembic by name
    program = shutil.which(command[0], path=env["PATH"])
    done = subprocess.run([program, *command[1:]], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]


def build(folder, builder):
    """Copy the sources into the folder, make the students' notebooks and the book; a warning is an error.

    `builder` is that of jupyter-book: html, or pdflatex.
    """
    folder.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
        elif source.exists():
            shutil.copy(source, folder)
    for assignment in sorted((folder / "solutions").iterdir()):
        run(folder, "nbgrader", "generate_assignment", assignment.name, "--log-level=WARN")
    run(folder, "jupyter-book", "build", ".", "--builder", builder, "-W", "-n", "--keep-going")


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id):
    """The folder of the built site; the workers of pytest-xdist share it, and the first one builds it."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    with FileLock(shared / "book.lock"):
        if not (shared / "book").exists():
            build(shared / "book", "html")
    site = shared / "book/_build/html"
    assert (site / "index.html").exists(), "another worker could not build the book"
    return site


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def do_GET(self):
        if self.path == "/favicon.ico":  # no page asks for it, but browsers do
            self.send_response(HTTPStatus.NO_CONTENT)
            self.end_headers()
        else:
            super().do_GET()


@pytest.fixture(scope="session")
def address(site):
    """The http address of the site, served on a free port of this machine."""
    handler = functools.partial(Handler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
