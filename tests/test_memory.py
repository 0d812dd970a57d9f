"""The allocator's settings: what they do to page faults and to resident memory, and where they are left alone."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograd import memory

ROOT = Path(__file__).resolve().parents[1]
GLIBC = memory._glibc() is not None
needs_glibc = pytest.mark.skipif(not GLIBC, reason="needs glibc")

FAULTS = """
import resource, numpy as np, autograd
from autograd import memory
x = np.zeros(500_000, np.float32)
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        y = x + x
        z = y + x
        del y, z
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
faults()
"""
RESIDENT = """
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() / 1e6
"""


def run(program, **environment):
    """What a new process prints, as numbers."""
    clean = {name: value for name, value in os.environ.items() if name not in (memory.SWITCH, *memory.SETTINGS)}
    command = [sys.executable, "-c", FAULTS + RESIDENT + program]
    done = subprocess.run(command, cwd=ROOT, env=clean | environment, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


@needs_glibc
def test_an_import_saves_the_page_faults():
    (tuned,) = run("print(faults())")
    (plain,) = run("print(faults())", AUTOGRAD_TUNE_ALLOCATOR="0")
    assert tuned < 100 < plain


@needs_glibc
def test_settings_of_the_user_are_left_alone():
    (plain,) = run("print(faults())", MALLOC_MMAP_THRESHOLD_="100000")
    assert plain > 1000


@needs_glibc
def test_restored():
    before, restored, again = run("""
print(faults()); assert memory.restore_allocator(); print(faults()); assert memory.tune_allocator(); faults(); print(faults())
""")
    assert before < 100 < restored
    assert again < 100


@needs_glibc
def test_memory_goes_back():
    """One large array at once; many small ones down to what is kept, and all of it when asked."""
    start, large, many, released = run("""
memory.tune_allocator(keep=1 << 26)
print(resident())
big = np.ones(100_000_000, np.float32); del big
print(resident())
blocks = [np.ones(250_000, np.float32) for _ in range(300)]; del blocks
print(resident())
memory.release_memory()
print(resident())
""")
    assert large < start + 20
    assert many < start + 170  # 64 MB are kept, and as much again is the padding; 300 were used
    assert released < start + 20


@needs_glibc
def test_a_small_program_stays_small():
    small = "x = autograd.ones(1000, requires_grad=True); (x * x).sum().backward(); print(resident())"
    (tuned,), (plain,) = run(small), run(small, AUTOGRAD_TUNE_ALLOCATOR="0")
    assert tuned < plain + 5


def test_switched_off(monkeypatch):
    monkeypatch.setattr(memory, "tune_allocator", lambda: True)
    assert memory.tune_unless_told_otherwise({})
    assert memory.tune_unless_told_otherwise({memory.SWITCH: "1"})
    assert not memory.tune_unless_told_otherwise({memory.SWITCH: "0"})
    assert not memory.tune_unless_told_otherwise({"GLIBC_TUNABLES": "glibc.malloc.trim_threshold=1000000"})


@pytest.mark.parametrize("confstr", [None, lambda _: None, lambda _: "musl 1.2"], ids=["Windows", "unset", "musl"])
def test_other_systems_are_left_alone(monkeypatch, confstr):
    if confstr is None:
        monkeypatch.delattr(os, "confstr", raising=False)
    else:
        monkeypatch.setattr(os, "confstr", confstr, raising=False)
    assert not memory.tune_allocator()
    assert not memory.restore_allocator()
    assert not memory.release_memory()


def test_macos_has_no_such_name(monkeypatch):
    def confstr(_):
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr(os, "confstr", confstr, raising=False)
    assert not memory.tune_allocator()


def test_an_old_glibc_takes_a_smaller_threshold(monkeypatch):
    class Old:
        given: dict[int, int] = {}

        def mallopt(self, name, value):
            self.given[name] = value
            return int(name != memory.MMAP_THRESHOLD or value <= memory.OWN_MAPPING_ONCE)

    monkeypatch.setattr(memory, "_glibc", Old)
    assert memory.tune_allocator()
    assert Old.given[memory.MMAP_THRESHOLD] == memory.OWN_MAPPING_ONCE
