"""Make or update .venv from requirements.txt; do nothing when it is up to date.

Only the standard library, and syntax that Python 3.6 reads, so that an old interpreter can say what is wrong.
Uses uv when it is on PATH, otherwise venv and pip.
"""

import contextlib
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import urllib.request

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

NEEDED = (3, 11)
NEWER_NAMES = ["python3.13", "python3.12", "python3.11"]
CPU_TORCH = "https://download.pytorch.org/whl/cpu"
CUDA_SIZE = "2.7 GB"

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
BIN = os.path.join(VENV, "Scripts" if os.name == "nt" else "bin")
VENV_PYTHON = os.path.join(BIN, "python.exe" if os.name == "nt" else "python")
STAMP = os.path.join(VENV, "setup.stamp")
LOG = os.path.join(VENV, "setup.log")
INPUTS = ["requirements.txt", "requirements.lock", "pyproject.toml"]


class SetupError(Exception):
    """What went wrong and what to do, for the person who typed make."""


def say(text):
    print(text)
    sys.stdout.flush()


# Which Python


def version_text(version):
    return ".".join(str(part) for part in version[:2])


def version_of(program):
    """The (major, minor) of an interpreter, or None when it does not run (a pyenv shim may not)."""
    code = "import sys; print('%d %d' % sys.version_info[:2])"
    try:
        out = subprocess.check_output([program, "-c", code], stderr=subprocess.DEVNULL)
        return tuple(int(part) for part in out.split())
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def newer_python():
    """The first interpreter on PATH that is new enough, or None."""
    for name in NEWER_NAMES:
        program = shutil.which(name)
        if program and (version_of(program) or (0, 0)) >= NEEDED:
            return program
    return None


def hand_over(program):
    """Run this script again with another interpreter, in this one's place."""
    command = [program, os.path.abspath(__file__)] + sys.argv[1:]
    if os.name == "nt":  # exec on Windows returns to the shell before the new process ends
        sys.exit(subprocess.call(command))
    os.execv(program, command)


def need_good_python():
    """Go on only with an interpreter that is new enough and does not live in the .venv it is to make."""
    if sys.version_info < NEEDED:
        program = newer_python()
        if program is None:
            raise SetupError(
                f"Python {version_text(NEEDED)} or newer is needed. Found {version_text(sys.version_info)} "
                f"({sys.executable}) and no working {', '.join(NEWER_NAMES)} on PATH.\n"
                "Install one from https://www.python.org/downloads/ "
                "or name one that you have: make PYTHON=/path/to/python3.12"
            )
        hand_over(program)
    base = getattr(sys, "_base_executable", sys.executable)
    if os.path.realpath(sys.prefix) == os.path.realpath(VENV) and base != sys.executable:
        hand_over(base)


# What is there already


def base():
    """What .venv is tied to: the Python version, and its own place, since its scripts hold absolute paths."""
    return f"python {version_text(sys.version_info)} in {hashlib.sha256(ROOT.encode()).hexdigest()[:8]}"


def fingerprint():
    """The stamp of a finished .venv: its base, then a hash of the files that it is made from."""
    digest = hashlib.sha256()
    for name in INPUTS:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read() + b"\0")
    return f"{base()}\n{digest.hexdigest()}\n"


def read_stamp():
    """The stamp's text, or None when .venv is missing, unfinished, or its interpreter is gone."""
    try:
        with open(STAMP) as file:
            return file.read() if os.path.exists(VENV_PYTHON) else None
    except OSError:
        return None


def write_stamp(text):
    """Write the stamp in one step: half a stamp must not exist."""
    with open(STAMP + ".new", "w") as file:
        file.write(text)
    os.replace(STAMP + ".new", STAMP)


def remove_venv():
    if os.path.islink(VENV):
        os.unlink(VENV)
    elif os.path.exists(VENV):
        shutil.rmtree(VENV)


# Installing


def run(command):
    """Run a command from the root and tell whether it succeeded; its output goes to the log.

    A terminal shows the line that it is at.
    """
    env = dict(os.environ, PIP_USER="0", PIP_DISABLE_PIP_VERSION_CHECK="1", PIP_NO_INPUT="1")
    width = shutil.get_terminal_size().columns - 1
    live = sys.stdout.isatty()
    with open(LOG, "a", errors="replace") as log:
        log.write("$ " + " ".join(command) + "\n")
        child = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for raw in child.stdout:
            line = raw.decode("utf-8", "replace")
            log.write(line)
            if live:
                sys.stdout.write("\r" + ("  " + line.strip())[:width].ljust(width))
                sys.stdout.flush()
    if live:
        sys.stdout.write("\r" + " " * width + "\r")
    return child.wait() == 0


NO_NETWORK = (
    "NewConnectionError|ConnectTimeout|Connection refused|Connection reset|Max retries exceeded|ProxyError"
    "|SSLError|Temporary failure in name resolution|Name or service not known|getaddrinfo failed"
    "|Network is unreachable|dns error|error sending request|Failed to fetch|Read timed out|ReadTimeout"
)


def read_log():
    with open(LOG, errors="replace") as file:
        return file.read()


def advice(log):
    """What to do about a failed installation, from what the installer wrote."""
    if "No space left on device" in log:
        return "The disk is full. Free some space and run the same command again."
    if re.search(NO_NETWORK, log):
        return (
            "The package registry could not be reached. Connect to the internet, or set your proxy, and run "
            "the same command again. Once it has succeeded, no connection is needed."
        )
    return "The installer's last words tell why; when they are put right, run the same command again."


def failure(what):
    """A SetupError that says what to do and ends with the installer's own last lines."""
    log = read_log()
    tail = "\n".join("  " + line for line in log.splitlines()[-5:])
    return SetupError(f"{what} failed. {advice(log)}\n{tail}\nThe whole log: {os.path.relpath(LOG, ROOT)}")


def make_venv(uv):
    """An empty .venv for this interpreter, whatever was there before."""
    if not uv and not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        name = "python" + version_text(sys.version_info)
        raise SetupError(
            f"This {name} ({sys.executable}) has no module to make virtual environments with.\n"
            f"On Debian and Ubuntu: sudo apt install {name}-venv. Elsewhere install Python "
            "from https://www.python.org/downloads/, or uv, which needs no such module. "
            "Then run the same command again."
        )
    remove_venv()
    os.mkdir(VENV)
    command = [uv, "venv", "--allow-existing", "--seed", "--python", sys.executable] if uv else []
    if not run((command or [sys.executable, "-m", "venv"]) + [VENV]):
        raise failure("Making .venv")


def find_links():
    """The folders and pages where pip is configured to look for wheels besides the index."""
    if os.environ.get("PIP_FIND_LINKS"):
        return os.environ["PIP_FIND_LINKS"].split()
    links = []
    for key in ["global.find-links", "install.find-links"]:
        command = [sys.executable, "-m", "pip", "config", "get", key]
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            links += subprocess.check_output(command, stderr=subprocess.DEVNULL).decode().split()
    return links


def installer(uv, links):
    """The words that start an installation into .venv."""
    if not uv:
        return [VENV_PYTHON, "-m", "pip", "install", "--progress-bar", "off"]
    options = [part for link in links for part in ("--find-links", link)]
    return [uv, "pip", "install", "--python", VENV_PYTHON] + options


# PyTorch: its ordinary wheel for Linux carries the CUDA libraries, useless without an NVIDIA GPU


def has_nvidia():
    return os.path.exists("/proc/driver/nvidia/version") or shutil.which("nvidia-smi") is not None


def torch_pin():
    """The line that pins torch, such as torch==2.13.0."""
    with open(os.path.join(ROOT, "requirements.txt")) as file:
        return re.search(r"^torch==[^\s#;]+", file.read(), re.M).group()


def has_torch():
    """Whether .venv holds the pinned torch already, in any build."""
    code = "from importlib.metadata import version; print(version('torch').split('+')[0])"
    try:
        out = subprocess.check_output([VENV_PYTHON, "-c", code], stderr=subprocess.DEVNULL)
    except subprocess.CalledProcessError:
        return False
    return "torch==" + out.decode().strip() == torch_pin()


def torch_index():
    """The index to take torch from, or an empty string for the ordinary way."""
    url = os.environ.get("TORCH_INDEX_URL")
    if url is not None:
        return url
    return "" if has_nvidia() or not sys.platform.startswith("linux") else CPU_TORCH


def reachable(url):
    try:
        with urllib.request.urlopen(url.rstrip("/") + "/torch/", timeout=3):
            return True
    except (OSError, ValueError):
        return False


def local_torch(links):
    """Whether a wheel of the pinned torch for this Python lies in one of pip's find-links folders."""
    start = torch_pin().replace("==", "-")
    tag = f"-cp{sys.version_info[0]}{sys.version_info[1]}-"
    folders = [link[7:] if link.startswith("file://") else link for link in links]
    names = [name for folder in folders if os.path.isdir(folder) for name in os.listdir(folder)]
    return any(re.match(re.escape(start) + r"(\+[^-]*)?-", name) and tag in name for name in names)


def install_torch(uv, install, links):
    """Take the small build of torch where there is one; requirements.txt then finds torch installed."""
    if has_torch():
        return
    url = torch_index()
    if url and reachable(url):
        say(f"Taking {torch_pin()} from {url}")
        option = "--index" if uv else "--index-url"  # uv asks the indexes in order and --index is the first
        if run(install + ["--no-deps", option, url, torch_pin()]):
            return
    if local_torch(links):
        say(f"Taking {torch_pin()} from a local wheel (pip's find-links).")
    elif sys.platform.startswith("linux"):
        why = f"; {url} did not deliver it" if url else ""
        say(f"Taking {torch_pin()} with CUDA from the package registry{why}. It downloads about {CUDA_SIZE}.")


def set_up():
    """Bring .venv up to date with the requirements."""
    wanted, found = fingerprint(), read_stamp()
    if found == wanted:
        return
    uv = shutil.which("uv")
    update = found is not None and found.startswith(base() + "\n")
    verb = "Updating" if update else "Remaking" if os.path.lexists(VENV) else "Making"
    say(f"{verb} .venv with {'uv' if uv else 'pip'} and Python {version_text(sys.version_info)}")
    if update:
        os.remove(STAMP)
        open(LOG, "w").close()
    else:
        make_venv(uv)
    links = find_links()
    install = installer(uv, links)
    install_torch(uv, install, links)
    if not run(install + ["-r", "requirements.txt"]):
        if update and not re.search("Installing collected packages|Prepared [0-9]+ package", read_log()):
            write_stamp(found)  # nothing was changed yet: the old state still holds
        raise failure("Installing requirements.txt")
    write_stamp(wanted)
    say("The environment is ready.")


@contextlib.contextmanager
def one_at_a_time():
    """Wait for another run of this script, if there is one; the lock ends with the process."""
    with open(__file__) as file:
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main():
    try:
        need_good_python()
        with one_at_a_time():
            set_up()
    except SetupError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"\nSetting up .venv failed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command again: it begins .venv afresh.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
