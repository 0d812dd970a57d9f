"""The machine: what it is, what is installed on it, and how fast it can go at all (``python -m benchmarks.machine``)."""
from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import platform
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from benchmarks.libraries import Library

ROOT = Path(__file__).resolve().parents[1]


def read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""


def describe() -> dict[str, Any]:
    """Processor, memory, system, Python, NumPy and its BLAS; and how many processes computed when the run began."""
    name = re.search(r"model name\s*:\s*(.*)", read("/proc/cpuinfo"))
    caches = (f"/sys/devices/system/cpu/cpu0/cache/index{i}/" for i in range(4))
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]  # type: ignore[call-overload,index]
    return {
        "processor": name[1] if name else platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "caches": {f"L{read(c + 'level')} {read(c + 'type').lower()}": read(c + "size") for c in caches if read(c + "size")},
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else None,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "blas": f"{blas['name']} {blas['version']}",
    }


def busy(seconds: float) -> float:
    """The part of all cores that was in use during so many seconds from now; 0 where the system does not tell."""

    def clocks() -> tuple[int, int]:
        ticks = [int(t) for t in read("/proc/stat").partition("\n")[0].split()[1:]]
        return sum(ticks), sum(ticks[3:5])  # idle, and waiting for a disk

    total, idle = clocks()
    time.sleep(seconds)
    total, idle = (after - before for after, before in zip(clocks(), (total, idle), strict=True))
    return 1 - idle / total if total else 0.0


def best(f: Callable[[], Any], seconds: float = 0.5) -> float:
    """The shortest of many calls."""
    f()
    times = []
    begin = time.perf_counter()
    while (start := time.perf_counter()) < begin + seconds:
        f()
        times.append(time.perf_counter() - start)
    return min(times)


def calibrate() -> dict[str, float]:
    """The rates behind the physical limits: matrix products, memory (read and write), and a NumPy call on four floats."""
    n, calls = 2048, 20_000
    a, b = np.ones((2, n, n), np.float32)
    product = best(lambda: np.dot(a, b))
    source = np.ones(2**26, np.float32)
    target = np.empty_like(source)
    copy = best(lambda: np.copyto(target, source))
    small = np.ones(4, np.float32)

    def many() -> None:
        for _ in range(calls):
            np.add(small, small, small)

    return {"sgemm_flops": 2 * n**3 / product, "copy_bytes": 2 * source.nbytes / copy, "call_seconds": best(many) / calls}


# ── what is installed ──


def version(module: str) -> str:
    """The version of an imported library, as it tells it or as its package does."""
    imported = importlib.import_module(module)
    return str(getattr(imported, "__version__", None) or importlib.metadata.version(module))


def requirements(distribution: importlib.metadata.Distribution) -> Iterator[str]:
    """Names of what it needs without extras; what a marker rules out on this machine is not installed and so not counted."""
    for requirement in distribution.requires or ():
        if "extra ==" not in requirement:
            yield re.split(r"[^\w.-]", requirement, maxsplit=1)[0]


def installed_bytes(library: Library) -> int:
    """Bytes on disk of a library and of all it needs."""
    total = sum(path.stat().st_size for folder in library.folders for path in (ROOT / folder).rglob("*.py"))
    seen: set[str] = set()
    waiting = list(library.distributions)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen:
            continue
        seen.add(name)
        try:
            distribution = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue
        waiting += requirements(distribution)
        files = (Path(str(distribution.locate_file(file))) for file in distribution.files or ())
        total += sum(file.stat().st_size for file in files if file.is_file())
    return total


if __name__ == "__main__":
    print(json.dumps(calibrate()))
