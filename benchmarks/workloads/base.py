"""What a workload is: named arrays to begin with, one step in PyTorch's idiom, one value in NumPy's.

The PyTorch text takes the modules (``torch, nn, F, optim``) as arguments: PyTorch and this library run the same lines. The NumPy text
takes ``np`` (``jax.numpy``, ``autograd.numpy``, ``mygrad``) and F, the few functions that NumPy has not and that each of them spells in
its own way (``benchmarks/libraries.py``). Weights and data come from one seeded source.
"""
from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

Arrays = dict[str, np.ndarray]
Shapes = Mapping[str, tuple[int, ...]]
FUNCTIONAL = ("jax", "hips", "mygrad")  # the libraries that run the NumPy text


class Limit(NamedTuple):
    """What no implementation in NumPy can avoid."""

    flops: float = 0  # of matrix products
    bytes: float = 0  # through memory
    calls: int = 0  # of NumPy functions

    def seconds(self, machine: Mapping[str, float]) -> float:
        """On a machine as ``benchmarks.machine.calibrate`` describes it."""
        return self.flops / machine["sgemm_flops"] + self.bytes / machine["copy_bytes"] + self.calls * machine["call_seconds"]


class Optimizer:
    """One rule under PyTorch's name: as ``optim`` has it, and as plain functions on arrays."""

    def __init__(self, name: str, **options: Any) -> None:
        self.name, self.options = name, options
        self.rule, self.moments = (adam, 2) if "Adam" in name else (momentum_sgd, 1) if "momentum" in options else (sgd, 0)

    def pytorch(self, optim: Any, parameters: Any, **kernel: Any) -> Any:
        return getattr(optim, self.name)(parameters, **self.options, **kernel)

    def start(self, p: Arrays) -> dict[str, Any]:
        """The state before the first step."""
        return {"t": 0, **{name: [np.zeros_like(a) for _ in range(self.moments)] for name, a in p.items()}}

    def update(self, p: Any, g: Any, state: Any) -> tuple[Any, Any]:
        """Parameters and state after one more step; in place where arrays can be written to."""
        t = state["t"] + 1
        new = {name: self.rule(t, p[name], g[name], *state[name], **self.options) for name in p}
        return {name: first for name, (first, *_) in new.items()}, {"t": t, **{name: rest for name, (_, *rest) in new.items()}}

    def bytes(self, parameters: float) -> float:
        """Each of parameter and moments is read and written, the gradient written and read."""
        return 4 * parameters * 2 * (2 + self.moments)


# ``x -= y`` writes into a NumPy array and rebinds the name of a JAX one: the same text is in place for one and pure for the other.


def sgd(t: Any, p: Any, g: Any, lr: float) -> tuple[Any, ...]:
    p -= lr * g
    return (p,)


def momentum_sgd(t: Any, p: Any, g: Any, b: Any, lr: float, momentum: float) -> tuple[Any, ...]:
    b *= momentum
    b += g
    p -= lr * b
    return p, b


def adam(
    t: Any, p: Any, g: Any, m: Any, v: Any,
    lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, weight_decay: float = 0,
) -> tuple[Any, ...]:  # fmt: skip
    m *= betas[0]
    m += (1 - betas[0]) * g
    v *= betas[1]
    v += (1 - betas[1]) * g * g
    if weight_decay:
        p *= 1 - lr * weight_decay
    p -= lr / (1 - betas[0] ** t) * m / ((v / (1 - betas[1] ** t)) ** 0.5 + eps)
    return p, m, v


class Workload:
    """Base of both kinds.

    name       as in ``--only``
    title      what it is, in one line
    per        a figure is the time of a step divided by this
    unit       what that is the time of
    steps      the first so many must agree between libraries
    tolerance  relative, of float32 sums in another order, grown over the steps
    skips      library -> why it is left out
    """

    name: str
    title: str
    per = 1
    unit = "step"
    steps = 6
    tolerance = 2e-3
    limit = Limit()
    skips: Mapping[str, str] = {}
    optimizer: Optimizer | None = None

    def parameters(self, rng: np.random.Generator) -> Arrays:
        raise NotImplementedError

    def data(self, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
        """The arguments of every step: a batch."""
        return ()

    def start(self) -> tuple[Arrays, tuple[np.ndarray, ...]]:
        """Parameters and data, always the same."""
        rng = np.random.default_rng(0)
        return self.parameters(rng), self.data(rng)

    def pytorch(self, torch: Any, nn: Any, F: Any, optim: Any, compiled: Callable[..., Any] = lambda f: f, **kernel: Any) -> Any:
        """(step, its arguments); ``compiled`` is applied to the forward pass, ``kernel`` goes to the optimiser."""
        raise NotImplementedError

    def value(self, np: Any, F: Any, p: Any, *data: Any) -> Any:
        """The loss as a function of the parameters, in NumPy's idiom."""
        raise NotImplementedError


class Training(Workload):
    """Steps of an optimiser on one batch: shapes, model, loss and optimiser are what a subclass says."""

    shapes: Shapes
    optimizer: Optimizer

    def parameters(self, rng: np.random.Generator) -> Arrays:
        return {name: initial(name, shape, rng) for name, shape in self.shapes.items()}

    def model(self, torch: Any, nn: Any, F: Any) -> Any:
        raise NotImplementedError

    def loss(self, torch: Any, F: Any, model: Any, *data: Any) -> Any:
        """Cross-entropy, where a workload does not say otherwise."""
        *inputs, labels = data
        return F.cross_entropy(model(*inputs), labels)

    def pytorch(self, torch: Any, nn: Any, F: Any, optim: Any, compiled: Callable[..., Any] = lambda f: f, **kernel: Any) -> Any:
        p, data = self.start()
        model = self.model(torch, nn, F)
        model.load_state_dict({name: torch.from_numpy(a) for name, a in p.items()})
        optimizer = self.optimizer.pytorch(optim, model.parameters(), **kernel)
        forward = compiled(lambda *data: self.loss(torch, F, model, *data))

        def step(*data: Any) -> Any:
            optimizer.zero_grad()
            loss = forward(*data)
            loss.backward()
            optimizer.step()
            return loss

        return step, [torch.from_numpy(a) for a in data]

    @property
    def size(self) -> float:
        """The number of parameters."""
        return sum(math.prod(shape) for shape in self.shapes.values())


class Gradient(Workload):
    """Value and gradient of one function of an array. NumPy's and PyTorch's spelling are the same, so there is one text: ``function``."""

    def function(self, np: Any, x: Any) -> Any:
        raise NotImplementedError

    def value(self, np: Any, F: Any, p: Any, *data: Any) -> Any:
        return self.function(np, p["x"])

    def pytorch(self, torch: Any, nn: Any, F: Any, optim: Any, compiled: Callable[..., Any] = lambda f: f, **kernel: Any) -> Any:
        x = torch.from_numpy(self.start()[0]["x"]).requires_grad_()
        forward = compiled(lambda x: self.function(torch, x))

        def step() -> Any:
            x.grad = None
            value = forward(x)
            value.backward()
            return value, x.grad

        return step, []


def initial(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Matrices are drawn with variance 1 / fan-in; vectors are zeros, but ones where they scale (the weights of a normalisation)."""
    if len(shape) > 1:
        return normal(rng, *shape) / np.float32(math.sqrt(math.prod(shape[1:])))
    return (np.ones if name.endswith("weight") else np.zeros)(shape, np.float32)


def normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return rng.standard_normal(shape, np.float32)


def dense(name: str, inputs: int, outputs: int) -> Shapes:
    """What ``nn.Linear`` holds."""
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def linear(x: Any, p: Any, name: str) -> Any:
    return x @ p[f"{name}.weight"].T + p[f"{name}.bias"]


def product_flops(rows: float, widths: list[int]) -> float:
    """Of the products of a chain of linear layers in a step: forward, by the weights and, after the first layer, by the input."""
    return sum(2 * rows * n * m * (3 if i else 2) for i, (n, m) in enumerate(itertools.pairwise(widths)))
