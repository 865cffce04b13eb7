"""requirements.lock pins every package that is installed here, and says nothing of this machine."""

import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tools.check_notebooks import ROOT


def requirements(name):
    """The requirements in a file, without comments, options and this package."""
    lines = (re.sub(r"\s*#.*", "", line).strip() for line in (ROOT / name).read_text().splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def applies(requirement, extras=("",)):
    return requirement.marker is None or any(
        requirement.marker.evaluate({"extra": extra}) for extra in extras
    )


DIRECT = [requirement for requirement in requirements("requirements.txt") if applies(requirement)]
LOCKED = {
    canonicalize_name(requirement.name): requirement.specifier
    for requirement in requirements("requirements.lock")
    if applies(requirement)
}


def needed():
    """The direct requirements and all that the installed packages require in turn, by name."""
    found, open_ones = {}, list(DIRECT)
    while open_ones:
        requirement = open_ones.pop()
        name = canonicalize_name(requirement.name)
        if not requirement.extras <= found.get(name, set()) or name not in found:
            found[name] = found.get(name, set()) | requirement.extras
            for line in distribution(name).requires or []:
                dependency = Requirement(line)
                if applies(dependency, ["", *found[name]]):
                    open_ones.append(dependency)
    return sorted(found)


def test_lock_repeats_the_direct_pins():
    assert {
        requirement.name: str(requirement.specifier)
        for requirement in DIRECT
        if str(LOCKED.get(canonicalize_name(requirement.name))) != str(requirement.specifier)
    } == {}


def test_lock_holds_what_is_installed():
    different = {}
    for name in needed():
        installed = Version(distribution(name).version).public
        if name not in LOCKED or str(LOCKED[name]) != f"=={installed}":
            different[name] = (installed, str(LOCKED.get(name)))
    assert different == {}, "run make, and after a change of requirements.txt make lock"


def test_everything_that_is_required_is_installed():
    try:
        assert len(needed()) > len(DIRECT)
    except PackageNotFoundError as error:
        pytest.fail(f"{error.name} is required and not installed: run make")


def test_every_line_is_one_exact_pin():
    for requirement in requirements("requirements.lock") + DIRECT:
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), requirement


@pytest.mark.parametrize("name", ["requirements.txt", "requirements.lock"])
def test_no_addresses_and_no_paths(name):
    lines = [
        line for line in (ROOT / name).read_text().splitlines() if re.search(r"://|--|file:|[\w.]+/\w", line)
    ]
    assert lines == []
