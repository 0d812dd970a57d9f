"""Each library in a process of its own; only one of them computes at a time, in short bursts by turns.

What disturbs the machine for a while so disturbs all alike, and the ratio of two minima is what can be trusted. Between bursts the
parent waits a moment, for thread pools keep a core busy after their last task (OpenBLAS: 2^26 cycles).
"""
from __future__ import annotations

import contextlib
import json
import math
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import machine
from benchmarks.libraries import LIBRARIES, REFERENCE
from benchmarks.workloads import Workload

WORKER = Path(__file__).with_name("worker.py")
Result = dict[str, Any]


class Settings(NamedTuple):
    """How long, and with what.

    rounds       bursts of each library
    seconds      length of a burst; one step at least
    pause        between bursts
    patience     seconds to wait, before each burst, for others to leave the machine alone
    threads      of each library
    limit        seconds of one library for one workload, its start included: what is not done then is ended, and noted
    hips_python  interpreter of an environment with HIPS autograd, which cannot share one with this library
    """

    rounds: int = 10
    seconds: float = 0.1
    pause: float = 0.05
    patience: float = 0.5
    threads: int = 2
    limit: float = 60
    hips_python: str | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The same number of threads for every pool."""
        n = str(self.threads)
        pools = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS", "NPROC")  # NPROC is XLA's
        inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}  # imports are timed
        return {**inherited, **dict.fromkeys(pools, n), "JAX_PLATFORMS": "cpu", "PYTHONHASHSEED": "0"}


LIMITED = {"start": "the import", "first": "the first call", "follow": "the first steps", "burst": "one burst"}


class Problem(Exception):
    """Why there is no figure."""


class Worker:
    """A process of ``worker.py``, asked over pipes."""

    def __init__(self, library: str, workload: str, settings: Settings, cache: str) -> None:
        python = settings.hips_python if library == "hips" else sys.executable
        if python is None:
            raise Problem("not there: no --hips-python")
        modules = ",".join(LIBRARIES[library].modules)
        self.limit = self.left = settings.limit
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed with the worker
        self.process = subprocess.Popen(
            [python, "-P", str(WORKER), str(machine.ROOT), library, workload, str(settings.threads), modules],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, text=True,
            env={**settings.environment, "TORCHINDUCTOR_CACHE_DIR": cache, **({"PYTHONPATH": ""} if library == "hips" else {})},
        )  # fmt: skip
        try:
            self.import_seconds = self.answer("start")["seconds"]
        except Problem:
            self.close()
            raise

    def ask(self, do: str, **arguments: Any) -> Any:
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # the answer says why
            self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self.process.stdin.flush()
        return self.answer(do)

    def answer(self, do: str) -> Any:
        assert self.process.stdout is not None
        alarm = threading.Timer(self.left if do in LIMITED else self.limit, self.process.kill)
        start = time.perf_counter()  # before the alarm's, or a process that it ended would seem to have had time left
        alarm.start()
        line = self.process.stdout.readline()
        alarm.cancel()
        self.left -= time.perf_counter() - start
        if not line:
            code = self.process.wait()
            if do in LIMITED and self.left <= 0:
                raise Problem(f"too slow: {LIMITED[do]} was not over when its {self.limit:g} s were")
            self.errors.seek(0)
            last = self.errors.read().strip().splitlines()[-1:] or [""]
            raise Problem(f"ended with code {code}: {last[0]}"[:200])
        reply = json.loads(line)
        if "problem" in reply:
            raise Problem(reply["problem"])
        return reply

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


def calibrate(settings: Settings, known: dict[str, float]) -> dict[str, float]:
    """The machine's rates, measured in a process of its own; of these and those known before, the better ones."""
    command = [sys.executable, "-m", "benchmarks.machine"]
    calm(settings)
    done = subprocess.run(command, cwd=machine.ROOT, env=settings.environment, capture_output=True, check=True)
    found = json.loads(done.stdout)
    return {name: (min if name == "call_seconds" else max)(value, known.get(name, value)) for name, value in found.items()}


@contextlib.contextmanager
def started(workload: Workload, libraries: list[str], settings: Settings, results: dict[str, Result]) -> Iterator[dict[str, Worker]]:
    """The workers of those libraries that are there, each started alone; ended afterwards."""
    workers: dict[str, Worker] = {}
    with tempfile.TemporaryDirectory() as cache, contextlib.ExitStack() as stack:
        for library in libraries:
            if library in workload.skips:
                results[library] = {"problem": f"left out: {workload.skips[library]}"}
                continue
            try:
                workers[library] = Worker(library, workload.name, settings, cache)
                stack.callback(workers[library].close)
                results[library] = {"import_seconds": workers[library].import_seconds, "seconds": []}
            except Problem as problem:
                results[library] = {"problem": str(problem)}
        yield workers


def each(workers: dict[str, Worker], results: dict[str, Result], do: str, **arguments: Any) -> Iterator[tuple[str, Any]]:
    """(library, its answer) by turns; one that has a problem takes no further part."""
    for library, worker in list(workers.items()):
        try:
            yield library, worker.ask(do, **arguments)
        except Problem as problem:
            results[library]["problem"] = str(problem)
            del workers[library]


def calm(settings: Settings) -> None:
    """Let the threads of the last burst go to sleep, then wait until the machine is idle, or patience is at its end."""
    end = time.perf_counter() + settings.patience
    while machine.busy(settings.pause) > 0.2 and time.perf_counter() < end:
        pass


def measure(workload: Workload, libraries: list[str], settings: Settings) -> dict[str, Result]:
    """library -> what was measured, or its problem.

    A library takes part in bursts until it has had its time: three rounds, and more as long as its steps are short enough; fewer if its
    limit would be over before the next one.
    """
    results: dict[str, Result] = {}
    with started(workload, libraries, settings, results) as workers:
        for library, answer in each(workers, results, "describe"):
            results[library] |= answer
        calm(settings)
        for library, answer in each(workers, results, "first"):
            results[library] |= {"first_seconds": answer["seconds"], "numbers": [answer["numbers"]]}
            calm(settings)
        pace = {}
        for library, answer in each(workers, results, "follow", steps=workload.steps - 1):
            results[library]["numbers"] += answer["numbers"]
            pace[library] = max(answer["seconds"], settings.seconds)
        compare(workload, results)
        spent = dict.fromkeys(workers, 0.0)
        for turn in range(settings.rounds):
            for library in list(workers):
                if turn >= 3 and spent[library] > 3 * settings.rounds * settings.seconds:
                    continue
                if results[library]["seconds"] and workers[library].left < 1.5 * pace[library]:
                    continue
                calm(settings)
                start = time.perf_counter()
                warm = pace[library] < 3 * settings.seconds
                for _, answer in each({library: workers[library]}, results, "burst", seconds=settings.seconds, warm=warm):
                    results[library]["seconds"].append(answer["seconds"] / workload.per)
                spent[library] += time.perf_counter() - start
        for library, answer in each(workers, results, "memory"):
            results[library]["peak_bytes"] = answer["bytes"]
    return results


def compare(workload: Workload, results: dict[str, Result]) -> None:
    """Mark as FAIL what does not follow the reference: the first library in order that ran."""
    reference = next((results[name]["numbers"] for name in REFERENCE if "numbers" in results.get(name, ())), None)
    for result in results.values():
        if reference is not None and "numbers" in result:
            result["deviation"] = deviation(result["numbers"], reference)
            if not result["deviation"] <= workload.tolerance:
                result["problem"] = f"FAIL: off by {result['deviation']:.1e}"


def deviation(numbers: list[list[float]], reference: list[list[float]]) -> float:
    """The largest relative difference over all steps."""
    pairs = [pair for rows in zip(numbers, reference, strict=True) for pair in zip(*rows, strict=True)]
    differences = [abs(a - b) / max(abs(b), 1e-30) if a != b else 0.0 for a, b in pairs]
    return math.inf if any(map(math.isnan, differences)) else max(differences)
