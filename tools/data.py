"""Put Fashion-MNIST into data/fashion-mnist: from Debian's package, else from the public address.

The four files are checked by the SHA-256 of what they contain: Debian packs the same bytes anew.
Only the standard library, so that `make data` needs no .venv. Xiao, Rasul & Vollgraf, arXiv:1708.07747, 2017.
"""

import gzip
import hashlib
import os
import shutil
import sys
import urllib.request
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "data/fashion-mnist"
DEBIAN = Path("/usr/share/datasets/fashion-mnist")
URL = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion"
TIMEOUT = 60  # seconds without a byte
SHA256 = {
    "train-images-idx3-ubyte.gz": "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    "train-labels-idx1-ubyte.gz": "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    "t10k-images-idx3-ubyte.gz": "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    "t10k-labels-idx1-ubyte.gz": "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
}


class DataError(Exception):
    """What went wrong and what to do, for the person who typed make data."""


def is_right(path, sha256):
    """Whether the file is there and its content, unpacked, has this SHA-256."""
    digest = hashlib.sha256()
    try:
        with gzip.open(path) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except (OSError, EOFError, zlib.error):  # not there, cut short, or not what gzip writes
        return False
    return digest.hexdigest() == sha256


def missing(folder=FOLDER):
    """The names of the files that are not in the folder; it does not look into those that are."""
    return [name for name in SHA256 if not (folder / name).is_file()]


def copy(source, target):
    """Copy a file, or what an address delivers."""
    if isinstance(source, Path):
        shutil.copyfile(source, target)
        return
    with urllib.request.urlopen(source, timeout=TIMEOUT) as answer, target.open("wb") as file:
        shutil.copyfileobj(answer, file)


def fetch(source, target, sha256):
    """Copy to the side, check, then rename: under its own name there is only ever a whole, right file."""
    aside = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        copy(source, aside)
        if not is_right(aside, sha256):
            raise DataError(f"{source} is not the file that this course was made with: its SHA-256 differs.")
        aside.replace(target)
    except OSError as error:  # urllib's errors are among these
        raise DataError(f"{source}: {error}") from error
    finally:
        aside.unlink(missing_ok=True)


def install(folder=FOLDER, debian=DEBIAN, url=URL):
    """Bring every file that is missing or wrong; raises DataError, and then the files are not all there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, sha256 in SHA256.items():
        if is_right(folder / name, sha256):
            continue
        packed = debian / name
        source = packed if is_right(packed, sha256) else f"{url}/{name}"
        print(f"Taking {name} from {source.parent if source is packed else url}", flush=True)
        fetch(source, folder / name, sha256)


def main():
    try:
        install(url=os.environ.get("FASHION_MNIST_URL") or URL)
    except DataError as error:
        print(
            f"{error}\nOn Debian and Ubuntu install the package dataset-fashion-mnist, then make data again."
            "\nElsewhere name another place that has the files: make data FASHION_MNIST_URL=https://...",
            file=sys.stderr,
        )
        return 1
    print(f"Fashion-MNIST is in {FOLDER.relative_to(ROOT).as_posix()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
