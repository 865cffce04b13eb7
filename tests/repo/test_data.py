"""`make data` takes Debian's files or downloads them, checks what they contain, and leaves no half files.

Small files stand for the four of Fashion-MNIST, and a server on the loopback address for the public one.
"""

import gzip
import hashlib
import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from tests.repo.test_makefile import Project
from tools import data
from tools.check_notebooks import ROOT


def content(name):
    return name.encode() * 1000


def write_all(folder, level=9):
    folder.mkdir(parents=True, exist_ok=True)
    for name in data.SHA256:
        (folder / name).write_bytes(gzip.compress(content(name), level))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The folder to fill, Debian's, and the one that is served; both sources are still empty."""
    sums = {name: hashlib.sha256(content(name)).hexdigest() for name in data.SHA256}
    monkeypatch.setattr(data, "SHA256", sums)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    folders = [tmp_path / name for name in ("data", "debian", "served")]
    folders[1].mkdir()
    folders[2].mkdir()
    return folders


NOWHERE = "http://127.0.0.1:9"


def test_debians_files_need_no_network(places, capsys):
    folder, debian, _ = places
    write_all(debian)
    data.install(folder, debian, NOWHERE)
    assert names(folder) == sorted(data.SHA256)
    assert data.missing(folder) == []
    assert capsys.readouterr().out.count(f"from {debian}") == 4


def test_otherwise_they_are_downloaded(places, serve, capsys):
    folder, debian, served = places
    write_all(served)
    url = serve(served)
    data.install(folder, debian, url)
    assert names(folder) == sorted(data.SHA256)
    for name in data.SHA256:
        assert gzip.decompress((folder / name).read_bytes()) == content(name)
    assert f"Taking train-images-idx3-ubyte.gz from {url}" in capsys.readouterr().out


def test_files_that_are_there_are_left_alone(places, capsys):
    folder, debian, _ = places
    write_all(folder)
    before = {name: (folder / name).stat().st_mtime_ns for name in data.SHA256}
    data.install(folder, debian, NOWHERE)
    assert {name: (folder / name).stat().st_mtime_ns for name in data.SHA256} == before
    assert capsys.readouterr().out == ""


def test_another_packing_of_the_same_bytes_is_right(places):
    folder, debian, _ = places
    write_all(debian, level=1)
    data.install(folder, debian, NOWHERE)
    assert data.missing(folder) == []


@pytest.mark.parametrize("damage", ["other content", "cut short", "not gzip", "a changed byte"])
def test_corrupt_download_is_refused(places, serve, damage):
    folder, debian, served = places
    write_all(served)
    corrupt = served / "t10k-images-idx3-ubyte.gz"
    whole = corrupt.read_bytes()
    corrupt.write_bytes(
        {
            "other content": gzip.compress(b"other"),
            "cut short": whole[:-9],
            "not gzip": b"<html>Sign in first</html>",
            "a changed byte": whole[:20] + bytes([whole[20] ^ 1]) + whole[21:],
        }[damage]
    )
    with pytest.raises(data.DataError, match=r"/t10k-images-idx3-ubyte\.gz is not the file"):
        data.install(folder, debian, serve(served))
    assert names(folder) == ["train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"]
    assert data.missing(folder) == ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]


def test_corrupt_file_of_debian_or_of_before_is_replaced(places, serve):
    folder, debian, served = places
    for place in (folder, debian, served):
        write_all(place)
    name = "train-labels-idx1-ubyte.gz"
    for place in (folder, debian):
        (place / name).write_bytes(b"")
    data.install(folder, debian, serve(served))
    assert gzip.decompress((folder / name).read_bytes()) == content(name)


def test_unreachable_address_is_named(places):
    folder, debian, _ = places
    with pytest.raises(data.DataError, match=r"http://127\.0\.0\.1:9/train-images"):
        data.install(folder, debian, NOWHERE)
    assert names(folder) == []


def test_file_that_the_server_lacks_is_named(places, serve):
    folder, debian, served = places
    with pytest.raises(data.DataError, match=r"train-images-idx3-ubyte\.gz: HTTP Error 404"):
        data.install(folder, debian, serve(served))
    assert names(folder) == []


def test_failed_run_says_what_to_do(places, monkeypatch, capsys):
    folder, debian, _ = places
    monkeypatch.setattr(data.install, "__defaults__", (folder, debian, NOWHERE))
    monkeypatch.setenv("FASHION_MNIST_URL", NOWHERE)
    assert data.main() == 1
    said = capsys.readouterr().err
    assert "install the package dataset-fashion-mnist" in said
    assert "make data FASHION_MNIST_URL=" in said


def test_make_data_needs_no_environment(tmp_path):
    project = Project(tmp_path)
    project.write("tools/setup_env.py", "raise SystemExit(1)")
    project.write("tools/data.py", "import os; print('url', os.environ['FASHION_MNIST_URL'])")
    result = project.make("data", f"FASHION_MNIST_URL={NOWHERE}")
    assert (result.returncode, result.stdout) == (0, f"url {NOWHERE}\n")


@pytest.mark.skipif(data.missing() != [], reason="Fashion-MNIST is not here: run make data")
def test_the_files_here_are_the_ones_of_the_checksums():
    assert [name for name, sha in data.SHA256.items() if not data.is_right(data.FOLDER / name, sha)] == []


@pytest.fixture
def book(tmp_path):
    """A small project with this repository's hooks, a chapter that needs the data and one that does not."""
    for name in ("tests/conftest.py", "chapters/conftest.py", "tools/data.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "pytest.ini").write_text("[pytest]\ntestpaths = tests chapters\npythonpath = .\n")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for name in ("09_images", "09_fashion_mnist"):
        cells = [nbformat.v4.new_code_cell("a = 1"), nbformat.v4.new_code_cell("b = a")]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
        nbformat.write(notebook, tmp_path / f"chapters/{name}.ipynb")
    return tmp_path


def run_book(book, *options, no_skips=""):
    command = [sys.executable, "-m", "pytest", "--nbval", "--nbval-current-env", "-p", "no:cacheprovider"]
    env = os.environ | {"REQUIRE_NO_SKIPS": no_skips}
    return subprocess.run([*command, *options], cwd=book, env=env, capture_output=True, text=True)


@pytest.mark.parametrize("options", [["-n", "0"], ["-n", "2", "--dist=loadfile"], ["-q", "-n", "0"]])
def test_chapter_is_skipped_with_a_reason_where_the_data_is_absent(book, options):
    result = run_book(book, *options)
    assert result.returncode == 0, result.stdout
    assert "2 passed, 2 skipped" in result.stdout
    assert (
        result.stdout.count("09_fashion_mnist.ipynb skipped. Fashion-MNIST is not here: run make data") == 1
    )


def test_skipped_chapter_fails_where_no_skip_is_allowed(book):
    result = run_book(book, "-n", "0", no_skips="1")
    assert result.returncode == 1
    assert "2 passed, 2 errors" in result.stdout
    assert "Fashion-MNIST is not here: run make data" in result.stdout


def test_chapter_runs_where_the_data_is(book):
    write_all(book / "data/fashion-mnist")
    result = run_book(book, "-n", "0", no_skips="1")
    assert result.returncode == 0, result.stdout
    assert "4 passed" in result.stdout
    assert "not here" not in result.stdout
