"""tools/setup_env.py takes the small build of PyTorch where it can, and says what it takes."""

import sys
from pathlib import Path

import pytest

from tests.repo.conftest import make_wheel
from tools import setup_env


def test_build_of_a_reachable_index_is_taken(small, serve, tmp_path):
    small.use_pip()
    make_wheel(tmp_path / "served/cpu/torch", "torch", "9.9+cpu")
    make_wheel(tmp_path / "served/simple/torch", "torch", "9.9")
    make_wheel(tmp_path / "served/simple/tiny", "tiny", "1.0")
    url = serve(tmp_path / "served")
    result = small.setup(
        TORCH_INDEX_URL=url + "/cpu", PIP_INDEX_URL=url + "/simple", PIP_NO_INDEX="0", PIP_FIND_LINKS=""
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"Taking torch==9.9 from {url}/cpu" in result.stdout
    assert small.installed("torch") == "9.9+cpu"
    assert small.installed("tiny") == "1.0"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a CUDA build in the registry")
@pytest.mark.parametrize("url", ["http://127.0.0.1:9/cpu", ""], ids=["unreachable", "switched off"])
def test_otherwise_the_size_of_the_ordinary_build_is_told(small, url):
    result = small.setup(TORCH_INDEX_URL=url)
    assert result.returncode == 0, result.stderr
    assert "with CUDA from the package registry" in result.stdout
    assert f"It downloads about {setup_env.CUDA_SIZE}." in result.stdout
    assert ("did not deliver it" in result.stdout) == bool(url)
    assert small.installed("torch") == "9.9"


def test_local_wheel_is_recognised(monkeypatch, tmp_path):
    monkeypatch.setattr(setup_env, "torch_pin", lambda: "torch==9.9")
    python = f"cp3{sys.version_info[1]}"
    folder = tmp_path / "wheels"
    folder.mkdir()
    links = [folder.as_uri(), "https://example.org/wheels"]
    (folder / f"torch-9.9.1-{python}-{python}-linux_x86_64.whl").touch()
    (folder / "torch-9.9-cp36-cp36-linux_x86_64.whl").touch()
    assert not setup_env.local_torch(links)
    (folder / f"torch-9.9+cpu-{python}-{python}-linux_x86_64.whl").touch()
    assert setup_env.local_torch(links)


@pytest.mark.parametrize(
    ("platform", "nvidia", "expected"),
    [("linux", False, setup_env.CPU_TORCH), ("linux", True, ""), ("darwin", False, ""), ("win32", False, "")],
)
def test_only_linux_without_nvidia_asks_for_the_small_build(monkeypatch, platform, nvidia, expected):
    monkeypatch.delenv("TORCH_INDEX_URL", raising=False)
    monkeypatch.setattr(setup_env, "has_nvidia", lambda: nvidia)
    monkeypatch.setattr(setup_env.sys, "platform", platform)
    assert setup_env.torch_index() == expected


def test_version_of_torch_is_read_from_the_requirements():
    assert setup_env.torch_pin() in Path(setup_env.ROOT, "requirements.txt").read_text().split()
