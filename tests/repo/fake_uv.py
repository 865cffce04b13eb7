"""Stands in for uv: unpacks wheels from --find-links folders, in a tenth of the time that pip takes."""

import re
import shutil
import sys
import venv
import zipfile
from itertools import pairwise
from pathlib import Path


def pinned(arguments):
    """Name and version of everything to install, from the command line or the requirements file."""
    lines = Path("requirements.txt").read_text().splitlines() if "-r" in arguments else arguments
    return [re.split("==", line) for line in lines if re.fullmatch(r"\w+==\S+", line)]


def main(arguments):
    if arguments[0] == "venv":
        venv.create(arguments[-1], symlinks=True)
        return
    folders = [Path(folder) for option, folder in pairwise(arguments) if option == "--find-links"]
    wheels = []
    for name, version in pinned(arguments):
        found = [wheel for folder in folders for wheel in folder.glob(f"{name}-{version}*.whl")]
        if not found:
            sys.exit(f"No solution found: there is no {name}=={version}")
        wheels += found[:1]
    target = next(Path().glob(".venv/lib/python*/site-packages"))
    for wheel in wheels:
        name = wheel.name.split("-")[0]
        for old in target.glob(f"{name}-*.dist-info"):
            shutil.rmtree(old)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(target)


if __name__ == "__main__":
    main(sys.argv[1:])
