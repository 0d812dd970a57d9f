"""The process that runs one workload with one library: ``python -P worker.py ROOT LIBRARY WORKLOAD THREADS MODULES``.

It answers requests, one line of JSON each, and sleeps between them. Nothing but the standard library is imported before the library is
timed; the repository comes into the path after that, unless the library lies there: HIPS autograd has the import name of ours.
"""
from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from typing import Any

clock = time.perf_counter


def memory_peak() -> int:
    """Bytes of memory this process has held at most; 0 where the system does not tell."""
    try:
        with open("/proc/self/status") as status:
            return next(1024 * int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except (OSError, StopIteration):  # no Linux: what the parent held when it forked may be counted too
        try:
            import resource
        except ImportError:
            return 0
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else 1024 * peak


def array(x: Any) -> Any:
    import numpy as np

    return np.asarray(x.detach() if hasattr(x, "detach") else x)


def numbers(result: Any) -> list[float]:
    """What must agree between libraries: the loss, or a value and the length of its gradient."""
    import numpy as np

    value, *gradient = result if isinstance(result, tuple) else (result,)
    return [float(array(value)), *(float(np.linalg.norm(array(g).astype(np.float64))) for g in gradient)]


def wait(result: Any) -> None:
    """JAX returns before it has computed."""
    for part in result if isinstance(result, tuple) else (result,):
        if hasattr(part, "block_until_ready"):
            part.block_until_ready()


class Worker:
    """The requests, one method each."""

    def __init__(self, library: str, workload: str, threads: int) -> None:
        self.memory_before = memory_peak()
        from benchmarks.libraries import LIBRARIES
        from benchmarks.workloads import WORKLOADS

        self.library = LIBRARIES[library]
        self.workload = WORKLOADS[workload]
        self.threads = threads

    def describe(self) -> dict[str, Any]:
        """Version and size of what is installed."""
        from benchmarks.machine import installed_bytes, version

        return {"version": version(self.library.modules[0]), "bytes": installed_bytes(self.library)}

    def first(self) -> dict[str, Any]:
        """Build the model, then time the first step."""
        self.step, self.data = self.library.build(self.workload, self.threads)
        start = clock()
        result = self.step(*self.data)
        wait(result)
        return {"seconds": clock() - start, "numbers": numbers(result)}

    def follow(self, steps: int) -> dict[str, Any]:
        """The numbers of the next steps, and the seconds that one took."""
        start = clock()
        found = [numbers(self.step(*self.data)) for _ in range(steps)]
        return {"numbers": found, "seconds": (clock() - start) / steps}

    def burst(self, seconds: float, warm: bool = True) -> dict[str, Any]:
        """Seconds per step, over as many steps as fit; one before them is not timed, it fills the caches that others have emptied."""
        step, data, done = self.step, self.data, 0
        if warm:
            wait(step(*data))
        start = clock()
        while True:
            result = step(*data)
            done += 1
            if clock() - start >= seconds:
                break
        wait(result)
        return {"seconds": (clock() - start) / done}

    def memory(self) -> dict[str, Any]:
        """Bytes at the peak, beyond what the imports had taken."""
        return {"bytes": memory_peak() - self.memory_before}


def problem(error: BaseException) -> str:
    """One line for the table: a name that is not there yet is told from a failure."""
    if type(error).__name__ == "NotThere":
        return str(error)
    if isinstance(error, AttributeError) and hasattr(error.obj, "__spec__"):
        return f"missing: {error.obj.__name__.removeprefix('autograd.')}.{error.name}".replace("nn.functional.", "F.")
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"


def main(root: str, library: str, workload: str, threads: str, modules: str) -> None:
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no reply

    def reply(**answer: Any) -> None:
        replies.write(json.dumps(answer) + "\n")
        replies.flush()

    if library.startswith("ours"):
        sys.path.insert(0, root)
    start = clock()
    try:
        for module in modules.split(","):
            importlib.import_module(module)
    except ImportError as error:
        reply(problem=f"not there: {error}")
        return
    seconds = clock() - start
    if root not in sys.path:
        sys.path.insert(0, root)
    worker = Worker(library, workload, int(threads))
    reply(seconds=seconds)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply(**getattr(worker, request.pop("do"))(**request))
        except Exception as error:  # noqa: BLE001  whatever a library raises is an entry in the table
            traceback.print_exc()
            reply(problem=problem(error))


if __name__ == "__main__":
    main(*sys.argv[1:])
