"""Microseconds per op, forward and backward, on tensors of four floats: what the engine itself costs.

Run it with ``python -m benchmarks.overhead``.

Each library runs the same program in turn, many short rounds in one process, one thread each; the minimum is the figure to compare, the
median tells how quiet the machine was. Peers that are not installed are left out.
"""
from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "x * c": lambda x, other: x * 1.0001,
    "x + y": lambda x, other: x + other,
    "x * y": lambda x, other: x * other,
    "tanh(x)": lambda x, other: x.tanh(),
    "x - x.mean()": lambda x, other: x - x.mean(),
}


def peers() -> Iterator[tuple[str, Callable[[], tuple[Any, Any]]]]:
    """(name, function that makes the two inputs) of every library found."""
    import autograd

    yield "glassgrad", lambda: (autograd.ones(4, requires_grad=True), autograd.full((4,), 0.9999, requires_grad=True))
    try:
        import torch
    except ImportError:
        return
    torch.set_num_threads(1)
    yield f"torch {torch.__version__}", lambda: (torch.ones(4, requires_grad=True), torch.full((4,), 0.9999, requires_grad=True))


def once(make: Callable[[], tuple[Any, Any]], program: Callable[[Any, Any], Any], length: int) -> float:
    """Seconds for a chain of ``length`` calls and its backward pass."""
    x, other = make()
    y = x
    start = time.perf_counter()
    for _ in range(length):
        y = program(y, other)
    y.backward(x.detach())
    return time.perf_counter() - start


def measure(length: int, rounds: int) -> dict[str, dict[str, tuple[float, float]]]:
    """program -> library -> (minimum, median) microseconds per call."""
    libraries = dict(peers())
    table = {}
    for name, program in PROGRAMS.items():
        seconds: dict[str, list[float]] = {library: [] for library in libraries}
        for _ in range(rounds):
            for library, make in libraries.items():
                seconds[library].append(once(make, program, length))
        table[name] = {library: (1e6 * min(s) / length, 1e6 * statistics.median(s) / length) for library, s in seconds.items()}
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--length", type=int, default=500, help="calls in the chain (500)")
    parser.add_argument("--rounds", type=int, default=200, help="rounds per library and program (200)")
    arguments = parser.parse_args()
    print(f"NumPy {np.__version__}; microseconds per call, forward + backward, minimum / median of {arguments.rounds} interleaved rounds")
    for program, row in measure(arguments.length, arguments.rounds).items():
        cells = [f"{library} {low:5.2f} / {middle:5.2f}" for library, (low, middle) in row.items()]
        lows = [low for low, _ in row.values()]
        ratio = f"   ratio of minima {lows[0] / lows[1]:.2f}" if len(lows) > 1 else ""
        print(f"{program:>12}   " + "   ".join(cells) + ratio)


if __name__ == "__main__":
    main()
