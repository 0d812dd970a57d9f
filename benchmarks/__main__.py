"""Training steps and gradients of this library beside every peer found: ``python -m benchmarks``.

Thirteen workloads, from a line through 100 points to a transformer; each is one text in PyTorch's idiom, run by this library and by
PyTorch, and one in NumPy's, run by JAX, HIPS autograd and MyGrad. All begin with the same weights and must follow the same losses.
"""
from __future__ import annotations

import argparse
import json
import sys

from benchmarks import machine, report, runner
from benchmarks.libraries import LIBRARIES
from benchmarks.workloads import WORKLOADS, chosen


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="workloads:\n" + "\n".join(f"  {w.name:8} {w.title}" for w in WORKLOADS.values()),
    )  # fmt: skip
    default = runner.Settings()
    parser.add_argument("--only", metavar="W1,W4", help="these workloads; W10 is all of W10-...")
    parser.add_argument("--libraries", metavar="ours,torch", default=",".join(LIBRARIES), help=f"out of {', '.join(LIBRARIES)}")
    parser.add_argument("--rounds", type=int, help=f"bursts of each library ({default.rounds})")
    parser.add_argument("--seconds", type=float, help=f"length of a burst ({default.seconds})")
    parser.add_argument(
        "--patience", type=float, default=default.patience,
        help=f"seconds to wait before each burst for others to leave the machine alone ({default.patience})",
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=float, default=default.limit,
        help=f"seconds of a library for a workload: what is not done then is ended, and noted ({default.limit})",
    )  # fmt: skip
    parser.add_argument("--threads", type=int, default=default.threads, help=f"of each library ({default.threads})")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.02 seconds, to see that it runs")
    parser.add_argument("--json", metavar="FILE", help="keep what was measured")
    parser.add_argument("--update", action="store_true", help="keep the other workloads that the file holds")
    parser.add_argument("--chart", metavar="FILE.svg", help="draw it (needs matplotlib: pip install 'glassgrad[train]')")
    parser.add_argument("--hips-python", metavar="PATH", help="Python of an environment with HIPS autograd, whose import name is ours too")
    given = parser.parse_args()
    if given.update and not given.json:
        parser.error("--update needs --json FILE")
    return given


def main() -> None:
    given = arguments()
    libraries = given.libraries.split(",")
    if unknown := set(libraries) - set(LIBRARIES):
        raise SystemExit(f"libraries are {', '.join(LIBRARIES)}; {', '.join(sorted(unknown))} was given")
    rounds, seconds = (3, 0.02) if given.quick else (runner.Settings().rounds, runner.Settings().seconds)
    settings = runner.Settings(
        given.rounds or rounds, given.seconds or seconds, patience=given.patience, threads=given.threads, limit=given.limit,
        hips_python=given.hips_python,
    )  # fmt: skip
    workloads = chosen(given.only)
    kept = report.read(given.json) if given.update else {"limits": {}, "workloads": {}}
    measured = {
        "machine": machine.describe(),
        "limits": kept["limits"],
        "settings": {"rounds": settings.rounds, "seconds": settings.seconds, "threads": settings.threads},
        "workloads": kept["workloads"],
    }
    for number, workload in enumerate(workloads, 1):
        print(f"{number}/{len(workloads)} {workload.name}: {workload.title}", file=sys.stderr, flush=True)
        measured["limits"] = runner.calibrate(settings, measured["limits"])
        measured["workloads"][workload.name] = {
            "title": workload.title,
            "unit": workload.unit,
            "per": workload.per,
            "limit": workload.limit._asdict(),
            "tolerance": workload.tolerance,
            "steps": workload.steps,
            "libraries": runner.measure(workload, libraries, settings),
        }
        measured["workloads"] = {name: measured["workloads"][name] for name in WORKLOADS if name in measured["workloads"]}
        if given.json:  # a long run that is cut off keeps what it has
            with open(given.json, "w") as file:
                json.dump(measured, file, indent=1)
    print(report.text(measured))
    if given.chart:
        report.chart(measured, given.chart)


if __name__ == "__main__":
    main()
