"""What was measured, as Markdown that can be read in a terminal too, and as a chart: ``python -m benchmarks.report FILE.json``."""
from __future__ import annotations

import argparse
import functools
import json
import math
import statistics
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.libraries import LIBRARIES, MINE
from benchmarks.workloads.base import Limit

Measured = dict[str, Any]
Result = dict[str, Any]
UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


# ── numbers ──


def digits(x: float) -> str:
    """Three significant digits, none of them an exponent."""
    return f"{x:.{max(0, 2 - math.floor(math.log10(x)))}f}" if x > 0 else "0"


def duration(*seconds: float) -> str:
    """``1.20/1.35 ms``, in the unit of the first."""
    size, unit = next(((size, unit) for size, unit in UNITS if seconds[0] >= size), UNITS[-1])
    return "/".join(digits(s / size) for s in seconds) + f" {unit}"


def megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 1e7 else f"{size / 1e6:.1f} MB"


# ── one cell ──


def works(result: Result | None) -> bool:
    return result is not None and "problem" not in result


def cell(result: Result | None, show: Callable[[Result], str]) -> str:
    """What there is to show, or in a word why there is nothing; the whole reason is among the notes."""
    if result is None:
        return ""
    if works(result):
        return show(result)
    kind, _, rest = result["problem"].partition(":")
    return {"not there": "", "left out": "–", "missing": f"missing:{rest}", "FAIL": "FAIL", "too slow": "too slow"}.get(kind, "error")


def fastest(result: Result) -> float:
    return min(result["seconds"])


# ── tables ──


def table(header: list[str], rows: list[list[str]]) -> str:
    """Markdown with its columns padded; numbers to the right."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: list[str]) -> str:
        padded = [c.rjust(w) if i else c.ljust(w) for i, (c, w) in enumerate(zip(cells, widths, strict=True))]
        return "| " + " | ".join(padded) + " |"

    rule = "|" + "|".join("-" * (w + 1) + (":" if i else "-") for i, w in enumerate(widths)) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])


def present(measured: Measured) -> list[str]:
    """The libraries that were there for one workload at least."""
    results = [(name, result) for w in measured["workloads"].values() for name, result in w["libraries"].items()]
    there = {name for name, result in results if not result.get("problem", "").startswith("not there")}
    return [name for name in LIBRARIES if name in there]


def by_workload(
    measured: Measured, show: Callable[[Measured, Result], str], libraries: list[str], **more: Callable[[Measured], str],
) -> str:  # fmt: skip
    """One row per workload and one column per library; ``show(workload, result)`` is a cell. Columns of the workload itself come first."""
    rows = []
    for name, w in measured["workloads"].items():
        cells = (cell(w["libraries"].get(library), functools.partial(show, w)) for library in libraries)
        rows.append([name, *(column(w) for column in more.values()), *cells])
    return table(["", *more, *libraries], rows)


def sections(measured: Measured) -> Iterator[tuple[str, str, str]]:
    """(title, explanation, table) of everything there is to say."""
    libraries = present(measured)
    peers = [name for name in libraries if name not in MINE]

    def summary(w: Measured, result: Result) -> str:
        return duration(fastest(result), statistics.median(result["seconds"]))

    others = ", ".join(f"{name} per {w['unit']}" for name, w in measured["workloads"].items() if w["unit"] != "step")
    yield "Time", f"Minimum/median over bursts, per step{others and '; ' + others}.", by_workload(measured, summary, libraries)
    for mine in [name for name in libraries if name in MINE and peers]:

        def ratio(w: Measured, result: Result, mine: str = mine) -> str:
            own = w["libraries"].get(mine)
            return digits(fastest(own) / fastest(result)) if works(own) else ""

        yield f"{mine} / peer", "Ratio of minima: below 1, this library is faster.", by_workload(measured, ratio, peers)

    limits = measured["limits"]

    def limit(w: Measured) -> float:
        return Limit(**w["limit"]).seconds(limits) / w["per"]

    def distance(w: Measured, result: Result) -> str:
        return digits(fastest(result) / limit(w))

    rates = (
        f"{limits['sgemm_flops'] / 1e9:.0f} GFLOP/s in matrix products, {limits['copy_bytes'] / 1e9:.0f} GB/s through memory, "
        f"{1e6 * limits['call_seconds']:.2f} µs per NumPy call"
    )
    explanation = (
        f"The limit is what NumPy cannot go below, at the best rates measured during the run: {rates}. "
        "Machine code makes no NumPy calls and may come below 1."
    )
    yield "Time / limit", explanation, by_workload(measured, distance, libraries, limit=lambda w: duration(limit(w)))
    first = by_workload(measured, lambda w, result: duration(result["first_seconds"]), libraries)
    yield "First call", "The first step, with whatever is compiled in it.", first
    memory = by_workload(measured, lambda w, result: megabytes(result["peak_bytes"]), libraries)
    yield "Peak memory", "Beyond what the imports had taken.", memory
    yield "Installation", "Import time: the fastest. Size: with all that the library needs.", installation(measured, libraries)


def installed(measured: Measured, library: str) -> list[Result]:
    """The results that tell how large a library is, and how long its import took: one for each workload that it ran."""
    return [r for w in measured["workloads"].values() if "bytes" in (r := w["libraries"].get(library, {}))]


def installation(measured: Measured, libraries: list[str]) -> str:
    rows = []
    for library in libraries:
        if found := installed(measured, library):
            seconds = min(r["import_seconds"] for r in found)
            rows.append([library, found[0]["version"], duration(seconds), megabytes(found[0]["bytes"])])
    return table(["", "version", "import", "size"], rows)


SUMMARY = {  # small and large, those where it is slower among them
    "W1": "linear regression, 100 points", "W3": "MLP 2-16-16-1, 100 points", "W4": "MLP 784-512-256-10, batch 128",
    "W7": "transformer, 4 layers, 128 wide", "W8": "elementwise formula, 10⁷ floats", "W13": "LSTM, 2 × 128, sequence 64",
}  # fmt: skip


def summary(measured: Measured) -> str:
    """A few rows for the README: minima per step, import time, size."""
    libraries = {"this": "ours", "this, compiled": "ours-compiled", "PyTorch": "torch", "JAX": "jax", "HIPS": "hips", "MyGrad": "mygrad"}
    rows = [
        [title, *(cell(measured["workloads"][name]["libraries"].get(of), lambda r: duration(fastest(r))) for of in libraries.values())]
        for name, title in SUMMARY.items()
    ]
    found = [installed(measured, of) for of in libraries.values()]
    rows.append(["import", *(duration(min(r["import_seconds"] for r in part)) for part in found)])
    rows.append(["installed, NumPy included", *(megabytes(part[0]["bytes"]) for part in found)])
    return table(["", *libraries], rows)


def notes(measured: Measured) -> Iterator[str]:
    """Every problem, and the largest deviation from the common trajectory; workloads with the same problem stand together."""
    for name in dict.fromkeys(name for w in measured["workloads"].values() for name in w["libraries"]):
        problems: dict[str, list[str]] = {}
        for w, row in measured["workloads"].items():
            if "problem" in (result := row["libraries"].get(name, {})):
                problems.setdefault(result["problem"], []).append(w)
        for problem, where in problems.items():
            yield f"{name}, {'all' if len(where) == len(measured['workloads']) else ', '.join(where)}: {problem}"
    for name, w in measured["workloads"].items():
        off = {r["deviation"]: library for library, r in w["libraries"].items() if "deviation" in r}
        if off:
            worst = max(off)
            yield f"{name}: the first {w['steps']} steps differ by {worst:.0e} at most ({off[worst]}); {w['tolerance']:g} is allowed"


def read(path: str) -> Measured:
    """What a run has kept."""
    with open(path) as file:
        return json.load(file)


def text(measured: Measured) -> str:
    """The whole report."""
    m, settings = measured["machine"], measured["settings"]
    caches = ", ".join(f"{name} {size}" for name, size in m["caches"].items())
    memory = f", {m['memory_bytes'] / 2**30:.0f} GiB" if m["memory_bytes"] else ""
    busy = f" Load when the run began: {m['load']:.1f}." if m["load"] is not None else ""
    conditions = (
        f"{m['processor']}, {m['cores']} cores ({caches}){memory}; {m['system']}; Python {m['python']}, NumPy {m['numpy']} ({m['blas']}).\n"
        f"{settings['rounds']} bursts of {settings['seconds']} s per library, by turns, in processes of their own with "
        f"{settings['threads']} threads each; the same initial weights and data for all.{busy}\n"
        "`python -m benchmarks` measures, `python -m benchmarks.report` writes this page."
    )
    workloads = "\n".join(f"* **{name}** {w['title']}" for name, w in measured["workloads"].items())
    parts = ["# Benchmarks", conditions, workloads]
    for title, explanation, body in sections(measured):
        parts += [f"## {title}", explanation, body]
    parts += ["## Notes", "\n".join(f"* {note}" for note in notes(measured))]
    return "\n\n".join(parts) + "\n"


# ── chart ──


def chart(measured: Measured, path: str) -> None:
    """A dot per library and workload: time relative to PyTorch's eager mode (or the first peer there is), to the left is faster."""
    from matplotlib.figure import Figure

    libraries = present(measured)
    base = next((name for name in ("torch", *libraries) if name in libraries), None)
    rows = [(name, w["libraries"]) for name, w in measured["workloads"].items() if works(w["libraries"].get(base))]
    figure = Figure(figsize=(8, 1.5 + 0.4 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for library in libraries:
        points = [(fastest(r[library]) / fastest(r[base]), i) for i, (_, r) in enumerate(rows) if works(r.get(library))]
        own = library in MINE
        axes.scatter(*zip(*points, strict=True), label=library, s=70 if own else 30, marker="D" if own else "o", zorder=3 if own else 2)
    axes.set_yticks(range(len(rows)), [name for name, _ in rows])
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.axvline(1, color="0.7", linewidth=1)
    axes.grid(axis="x", color="0.92")
    axes.set_xlabel(f"time / time of {base} (minima; left is faster)")
    figure.legend(loc="outside upper center", ncols=4, frameon=False)
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("file", help="what `python -m benchmarks --json` has kept")
    parser.add_argument("--chart", metavar="FILE.svg")
    given = parser.parse_args()
    measured = read(given.file)
    print(text(measured), end="")
    if given.chart:
        chart(measured, given.chart)


if __name__ == "__main__":
    main()
