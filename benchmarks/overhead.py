"""What the engine itself costs: small ops, deep chains, training steps of small models, beside PyTorch.

Run it with ``python -m benchmarks.overhead``; ``--only chain step`` picks the programs whose names contain one of the words.

Every program is written once and runs on either library. They run in turn, many short rounds in one process, one thread each; the
minimum is the figure to compare, the median tells how quiet the machine was. Peers that are not installed are left out.
"""
from __future__ import annotations

import argparse
import importlib
import itertools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

Run = Callable[[], object]


class Library(NamedTuple):
    """A library and its parts, by PyTorch's names."""

    name: str
    ag: Any
    nn: Any
    functional: Any
    optim: Any


class Program(NamedTuple):
    """What is measured: ``make(library)`` -> a function to be timed; one call of it counts as so many, in so many rounds."""

    name: str
    make: Callable[[Library], Run]
    count: int
    rounds: int


def libraries() -> Iterator[Library]:
    """Those that are installed, this one first."""
    for root, nn in (("autograd", "nn"), ("torch", "torch.nn")):
        try:
            ag = importlib.import_module(root)
        except ImportError:
            continue
        if root == "torch":
            ag.set_num_threads(1)
        name = "glassgrad" if root == "autograd" else f"torch {ag.__version__}"
        modules = (importlib.import_module(path) for path in (nn, f"{nn}.functional", f"{nn if root == 'autograd' else root}.optim"))
        yield Library(name, ag, *modules)


# ── chains of small ops, forward and backward ──

OPS: dict[str, Callable[[Any, Any], Any]] = {
    "x * c": lambda x, other: x * 1.000001,
    "x + y": lambda x, other: x + other,
    "x * y": lambda x, other: x * other,
    "tanh(x)": lambda x, other: x.tanh(),
    "x - x.mean()": lambda x, other: x - x.mean(),
}


def repeated(op: Callable[[Any, Any], Any], length: int) -> Callable[[Library], Run]:
    """A chain of ``length`` calls of op on four floats, and its backward pass."""

    def make(library: Library) -> Run:
        x, other = library.ag.ones(4, requires_grad=True), library.ag.full((4,), 0.9999, requires_grad=True)
        seed = x.detach()

        def run() -> None:
            x.grad = other.grad = None
            y = x
            for _ in range(length):
                y = op(y, other)
            y.backward(seed)

        return run

    return make


def mixed(library: Library) -> Run:
    """A chain of 1,000 ops of five kinds on four floats, and its backward pass."""
    x = library.ag.full((4,), 0.5, requires_grad=True)
    w, b = library.ag.full((4,), 0.9, requires_grad=True), library.ag.full((4,), 0.1, requires_grad=True)
    seed = x.detach()

    def run() -> None:
        x.grad = w.grad = b.grad = None
        y = x
        for _ in range(200):
            y = y * w
            y = y + b
            y = y.tanh()
            y = y * 1.01
            y = y - x
        y.backward(seed)

    return run


def reads(library: Library) -> Run:
    """The sum of 200 elements, each read by its index: every read has a gradient as large as the whole."""
    x = library.ag.ones(20_000, requires_grad=True)

    def run() -> None:
        x.grad = None
        y = x[0]
        for i in range(1, 200):
            y = y + x[i]
        y.backward()

    return run


# ── training steps ──

STEPS = 20  # in a row: another library in between would leave nothing of this one in the caches


def data(library: Library, features: int) -> tuple[Any, Any]:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(100, features)).astype(np.float32)
    return library.ag.tensor(x), library.ag.tensor((x.sum(1, keepdims=True) > 0).astype(np.float32))


def training(library: Library, model: Any, x: Any, y: Any, optimizer: Any) -> Run:
    """Steps as in any tutorial."""
    loss_function = library.nn.MSELoss()

    def run() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            loss = loss_function(model(x), y)
            loss.backward()
            optimizer.step()

    return run


def regression(library: Library) -> Run:
    """Linear regression on 100 points."""
    model = library.nn.Linear(1, 1)
    return training(library, model, *data(library, 1), library.optim.SGD(model.parameters(), lr=0.01))


def perceptron(*sizes: int, optimizer: str = "SGD", **options: Any) -> Callable[[Library], Run]:
    """A perceptron with ReLU between its layers and a sigmoid at the end, on 100 points."""

    def make(library: Library) -> Run:
        nn = library.nn
        layers = [part for n, m in itertools.pairwise(sizes) for part in (nn.Linear(n, m), nn.ReLU())]
        model = nn.Sequential(*layers[:-1], nn.Sigmoid())
        return training(library, model, *data(library, sizes[0]), getattr(library.optim, optimizer)(model.parameters(), lr=0.01, **options))

    return make


def makemore(library: Library) -> Run:
    """Characters from the three before them, by embeddings and one hidden layer; updates by hand, as in Karpathy's lecture."""
    ag, draw = library.ag, np.random.default_rng(0)
    sizes = ((27, 10), (30, 200), (200,), (200, 27), (27,))
    parameters = [ag.tensor((draw.normal(size=size) * 0.1).astype(np.float32)) for size in sizes]
    C, W1, b1, W2, b2 = parameters
    for p in parameters:
        p.requires_grad = True
    x, y = ag.tensor(draw.integers(0, 27, (32, 3))), ag.tensor(draw.integers(0, 27, 32))

    def run() -> None:
        for _ in range(STEPS):
            emb = C[x]
            h = ag.tanh(emb.view(-1, 30) @ W1 + b1)
            logits = h @ W2 + b2
            loss = library.functional.cross_entropy(logits, y)
            for p in parameters:
                p.grad = None
            loss.backward()
            for p in parameters:
                p.data += -0.1 * p.grad

    return run


def programs(length: int, rounds: int) -> Iterator[Program]:
    """Everything that is measured."""
    for name, op in OPS.items():
        yield Program(name, repeated(op, length), length, rounds)
    yield Program("chain of 1,000", mixed, 1000, rounds)
    for depth in (10_000, 100_000, 1_000_000):
        yield Program(f"depth {depth:,}", repeated(OPS["x * c"], depth), depth, max(2, min(rounds, 200_000 // depth)))
    yield Program("x[i], 200 times", reads, 200, rounds // 4 or 1)
    yield Program("step: regression", regression, STEPS, rounds)
    yield Program("step: 2-4-1", perceptron(2, 4, 1), STEPS, rounds)
    yield Program("step: 2-16-16-1", perceptron(2, 16, 16, 1), STEPS, rounds)
    yield Program("step: 2-16-16-1, momentum", perceptron(2, 16, 16, 1, momentum=0.9), STEPS, rounds)
    yield Program("step: 2-16-16-1, Adam", perceptron(2, 16, 16, 1, optimizer="Adam"), STEPS, rounds)
    yield Program("step: makemore", makemore, STEPS, rounds)


# ── measuring ──


def measure(program: Program) -> dict[str, tuple[float, float]]:
    """Library -> (minimum, median) in microseconds per call."""
    runs = {library.name: program.make(library) for library in libraries()}
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(program.rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - start)
    return {name: (1e6 * min(s) / program.count, 1e6 * statistics.median(s) / program.count) for name, s in seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--length", type=int, default=500, help="calls in a chain of one op (500)")
    parser.add_argument("--rounds", type=int, default=200, help="rounds per library and program (200)")
    parser.add_argument("--only", nargs="*", default=[""], help="words, one of which has to be in a program's name")
    arguments = parser.parse_args()
    print(f"NumPy {np.__version__}; microseconds per call, minimum / median of interleaved rounds")
    for program in programs(arguments.length, arguments.rounds):
        if not any(word in program.name for word in arguments.only):
            continue
        row = measure(program)
        cells = [f"{library} {low:7.2f} / {middle:7.2f}" for library, (low, middle) in row.items()]
        lows = [low for low, _ in row.values()]
        ratio = f"   ratio of minima {lows[0] / lows[1]:.2f}" if len(lows) > 1 else ""
        print(f"{program.name:>26}   " + "   ".join(cells) + ratio, flush=True)


if __name__ == "__main__":
    main()
