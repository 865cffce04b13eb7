"""With uv on PATH tools/setup_env.py lets uv do the work, and hands it pip's find-links."""

import sys

RECORDER = """#!/bin/sh
echo "$@" >> "{log}"
if [ "$1" = venv ]; then exec "{python}" -m venv --without-pip "$PWD/.venv"; fi
"""


def test_uv_makes_and_fills_the_environment(small):
    log = small.root / "uv.log"
    small.add_program("uv", RECORDER.format(log=log, python=sys.executable))
    result = small.setup(PIP_FIND_LINKS=f"{small.wheels} https://example.org/wheels")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Making .venv with uv")
    venv, python = small.root / ".venv", small.root / ".venv/bin/python"
    find_links = f"--find-links {small.wheels} --find-links https://example.org/wheels"
    assert log.read_text().splitlines() == [
        f"venv --allow-existing --seed --python {sys.executable} {venv}",
        f"pip install --python {python} {find_links} -r requirements.txt",
    ]
    assert small.setup().stdout == ""


def test_uv_asks_the_small_builds_index_first(small, serve, tmp_path):
    log = small.root / "uv.log"
    small.add_program("uv", RECORDER.format(log=log, python=sys.executable))
    (tmp_path / "served/cpu/torch").mkdir(parents=True)
    url = serve(tmp_path / "served") + "/cpu"
    assert small.setup(TORCH_INDEX_URL=url).returncode == 0
    assert log.read_text().splitlines()[1].endswith(f"--no-deps --index {url} torch==9.9")
