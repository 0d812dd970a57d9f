"""Functions of one array: many elements under few ops, few elements under many."""
from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.workloads.base import Arrays, Gradient, Limit, normal

C = 1 + 2**-20  # the same number in float32 and float64: MyGrad multiplies by a double


class Elementwise(Gradient):
    """Bound by arithmetic and memory."""

    name = "W8"
    title = "sum(tanh(sin(x) exp(-x²) + x)) of 10,000,000 floats, value and gradient"
    steps = 2
    limit = Limit(bytes=2 * 4e7)

    def parameters(self, rng: np.random.Generator) -> Arrays:
        return {"x": normal(rng, 10_000_000)}

    def function(self, np: Any, x: Any) -> Any:
        return np.sum(np.tanh(np.sin(x) * np.exp(-x * x) + x))


class Chain(Gradient):
    """Bound by what one op costs."""

    name = "W9"
    title = "1,000 ops (mul, add, tanh, mul) in a row on 4 floats, value and gradient"
    steps = 2
    limit = Limit(calls=3000)

    def parameters(self, rng: np.random.Generator) -> Arrays:
        return {"x": np.array([0.5, -0.25, 0.75, 1.0], np.float32)}

    def function(self, np: Any, x: Any) -> Any:
        y = x
        for _ in range(250):
            y = np.tanh(y * x + 0.1) * 0.9
        return np.sum(y)


class Depth(Chain):
    """Bound by what one op costs, and by whatever grows with the depth of the graph."""

    unit = "op"
    skips = {
        "torch-compile": "it would unroll the chain into one function",
        "jax": "it would unroll the chain into one function",
    }  # fmt: skip

    def __init__(self, length: int) -> None:
        self.per = self.length = length
        self.name = f"W10-{length:.0e}".replace("+0", "")
        self.title = f"x = x * c, {length:,} times in a row on 4 floats, value and gradient"
        self.limit = Limit(calls=2 * length)
        if length > 100_000:
            self.skips = {**self.skips, "hips": "more than a minute per step", "mygrad": "more than a minute per step"}

    def function(self, np: Any, x: Any) -> Any:
        for _ in range(self.length):
            x = x * C
        return np.sum(x)


WORKLOADS = (Elementwise(), Chain(), *map(Depth, (10_000, 100_000, 1_000_000)))
