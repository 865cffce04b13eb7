"""A small repository with its own setup_env.py, package index and wheels, so that no test needs a network."""

import functools
import hashlib
import http.server
import os
import shutil
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest

from tools.check_notebooks import ROOT

FAKE_UV = Path(__file__).with_name("fake_uv.py")


def make_wheel(folder, name, version):
    """Write the smallest wheel that pip installs."""
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        wheel.writestr(f"{name}.py", f"version = '{version}'\n")
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


class SmallRepository:
    """What setup_env.py sees of a repository, and the environment variables that it runs with."""

    def __init__(self, root):
        self.root = root
        self.wheels = root.with_name("wheels")  # beside it: pip splits this option at spaces
        (root / "tools").mkdir(parents=True)
        shutil.copy(ROOT / "tools/setup_env.py", root / "tools")
        self.require("torch==9.9", "tiny==1.0")
        (root / "requirements.lock").write_text("")
        (root / "pyproject.toml").write_text("")
        self.programs = root / "programs"
        self.programs.mkdir()
        self.use_fake_uv()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))},
            "PATH": str(self.programs),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "TORCH_INDEX_URL": "",
            "NO_PROXY": "127.0.0.1",
        }

    def require(self, *lines):
        (self.root / "requirements.txt").write_text("\n".join(["-c requirements.lock", *lines, ""]))

    def use_fake_uv(self):
        self.add_program("uv", f'#!/bin/sh\nexec "{sys.executable}" "{FAKE_UV}" "$@"\n')

    def use_pip(self):
        (self.programs / "uv").unlink()

    def add_wheel(self, name, version):
        make_wheel(self.wheels, name, version)

    def add_program(self, name, script):
        path = self.programs / name
        path.write_text(script)
        path.chmod(0o755)

    def command(self, *options):
        return [sys.executable, *options, str(self.root / "tools/setup_env.py")]

    def setup(self, *options, **env):
        return subprocess.run(
            self.command(*options), env={**self.env, **env}, capture_output=True, text=True, timeout=120
        )

    def installed(self, name):
        """The version of a package in the small repository's .venv, from the name of its metadata."""
        found = list(self.root.glob(f".venv/lib/python*/site-packages/{name}-*.dist-info"))
        return found[0].name.removeprefix(f"{name}-").removesuffix(".dist-info") if found else None

    def state(self):
        """A hash that changes with any file of .venv."""
        digest = hashlib.sha256()
        for path in sorted(self.root.glob(".venv/**/*")):
            digest.update(f"{path} {path.lstat().st_mtime_ns}".encode())
        return digest.hexdigest()


@pytest.fixture
def small(tmp_path):
    """A small repository that installs with the fake uv; after use_pip() with pip."""
    repository = SmallRepository(tmp_path / "a repository")
    repository.add_wheel("torch", "9.9")
    repository.add_wheel("tiny", "1.0")
    return repository


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def serve():
    """A function that serves a folder on the loopback address and returns the server's URL."""
    servers = []

    def start(folder: Path):
        handler = functools.partial(QuietHandler, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
