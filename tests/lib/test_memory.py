"""Freed memory is kept for the next step where the C library can do so, and nothing breaks elsewhere."""

import ctypes
import platform
import subprocess
import sys

import pytest

from backprop_lib import memory

STEPS = """
import resource
import backprop_lib as bp
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
x = bp.ones(1000, 1000, requires_grad=True)
for _ in range(3):
    (x * x).sum().backward()
before = faults()
for _ in range(10):
    (x * x).sum().backward()
print(faults() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the setting")
def test_a_step_finds_the_memory_of_the_last_one():
    # A step makes arrays of 4 MB: 1000 pages each, if the system had to give them anew.
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1000


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError])
def test_another_c_library_is_left_as_it_is(monkeypatch, error):
    def none(name):
        raise error

    monkeypatch.setattr(ctypes, "CDLL", none)
    assert memory.keep_freed() is False
