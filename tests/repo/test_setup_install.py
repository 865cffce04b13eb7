"""tools/setup_env.py makes .venv once, brings it up to date, repairs it, and explains what it cannot do."""

import os
import re
import signal
import subprocess
import time

import pytest


def test_first_run_installs_with_pip_and_second_does_nothing(small):
    small.use_pip()
    first = small.setup()
    assert first.returncode == 0, first.stderr
    assert first.stdout.startswith("Making .venv with pip")
    assert (small.installed("torch"), small.installed("tiny")) == ("9.9", "1.0")

    state, start = small.state(), time.perf_counter()
    second = small.setup()
    assert time.perf_counter() - start < 2  # in practice 0.1 s
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert small.state() == state


def test_changed_requirements_update_in_place(small):
    small.setup()
    own = small.root / ".venv/own-file"
    own.touch()
    small.add_wheel("tiny", "2.0")
    small.require("torch==9.9", "tiny==2.0")
    result = small.setup()
    assert result.stdout.startswith("Updating .venv")
    assert small.installed("tiny") == "2.0"
    assert own.exists()


def test_failed_update_keeps_what_there_was(small):
    small.setup()
    small.require("torch==9.9", "tiny==3.0")
    failed = small.setup()
    assert failed.returncode == 1
    assert small.installed("tiny") == "1.0"
    small.require("torch==9.9", "tiny==1.0")
    assert small.setup().stdout == ""


@pytest.mark.parametrize("left_over", ["folder", "broken link"])
def test_unfinished_environment_is_made_again(small, left_over):
    venv = small.root / ".venv"
    if left_over == "folder":
        (venv / "lib").mkdir(parents=True)
    else:
        venv.symlink_to("nowhere")
    result = small.setup()
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("Remaking .venv")
    assert small.installed("tiny") == "1.0"


def test_moved_repository_gets_a_new_environment(small):
    small.setup()
    small.root = small.root.rename(small.root.with_name("moved"))
    small.env["PATH"] = str(small.root / "programs")
    assert small.setup().stdout.startswith("Remaking .venv")
    assert "a repository" not in (small.root / ".venv/bin/activate").read_text()


def test_without_network_the_message_says_so(small):
    small.use_pip()
    small.require("torch==9.9", "elsewhere==1.0")
    env = {"PIP_NO_INDEX": "0", "PIP_RETRIES": "1", "PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
    result = small.setup(**env)
    assert result.returncode == 1
    assert "The package registry could not be reached. Connect to the internet" in result.stderr
    assert result.stderr.rstrip().endswith("The whole log: " + os.path.join(".venv", "setup.log"))
    assert "Traceback" not in result.stderr
    assert "elsewhere" in (small.root / ".venv/setup.log").read_text()


def heed_interrupts():
    """As in a terminal; the programs that a script starts in the background ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupt_ends_quietly_and_the_next_run_repairs(small):
    small.add_program("uv", "#!/bin/sh\nexec /bin/sleep 60\n")
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        small.command(),
        env=small.env,
        stdout=pipe,
        stderr=pipe,
        text=True,
        start_new_session=True,
        preexec_fn=heed_interrupts,
    )
    log = small.root / ".venv/setup.log"
    for _ in range(200):
        if log.exists():
            break
        time.sleep(0.05)
    time.sleep(0.3)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert re.fullmatch(r"\s*Stopped\. Run the same command again.*\s*", errors)
    small.use_fake_uv()
    assert small.setup().stdout.startswith("Remaking .venv")
    assert small.installed("tiny") == "1.0"


def test_two_at_once_install_once(small):
    processes = [
        subprocess.Popen(small.command(), env=small.env, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    outputs = sorted(process.communicate(timeout=120)[0] for process in processes)
    assert outputs[0] == ""
    assert outputs[1].endswith("The environment is ready.\n")
