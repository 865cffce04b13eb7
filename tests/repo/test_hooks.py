"""The pre-commit hooks need no clone and use the versions that are pinned for everything else."""

import yaml

from tests.repo.test_lock import LOCKED
from tools.check_notebooks import ROOT

HOOKS = {
    hook["id"]: hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    for hook in repository["hooks"]
}


def test_all_hooks_are_local():
    repositories = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repository["repo"] for repository in repositories] == ["local"]


def test_versions_are_the_pinned_ones():
    for hook in HOOKS.values():
        for dependency in hook["additional_dependencies"]:
            name, version = dependency.split("==")
            assert str(LOCKED[name]) == f"=={version}", hook["id"]


def test_hooks_check_style_format_and_notebooks():
    assert {hook["entry"].split(" --")[0] for hook in HOOKS.values()} == {
        "ruff check",
        "ruff format",
        "python tools/check_notebooks.py",
    }
