"""The libraries, each as it is used: which modules it is, and how it makes the step of a workload.

The step of this library and of PyTorch is the workload's PyTorch text; JAX, HIPS autograd and MyGrad share its NumPy text, and what each
of them has beyond NumPy (``F``) is listed here. Nothing is imported before it is used: each library runs in a process of its own.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from benchmarks.workloads import Workload

Step = tuple[Callable[..., Any], Sequence[Any]]  # and its arguments


class NotThere(Exception):
    """The library or the workload lacks what the variant needs: the entry in the table."""


class Library(NamedTuple):
    """One column.

    modules        imported before anything else, against the clock
    distributions  what has to be installed
    build          workload, threads -> step and its arguments
    folders        what is installed without a distribution: packages of this repository
    """

    modules: tuple[str, ...]
    distributions: tuple[str, ...]
    build: Callable[[Workload, int], Step]
    folders: tuple[str, ...] = ()


# ── PyTorch's idiom ──


def ours(workload: Workload, threads: int) -> Step:
    import autograd
    import nn
    from nn import functional, optim

    return workload.pytorch(autograd, nn, functional, optim)


def ours_compiled(workload: Workload, threads: int) -> Step:
    import autograd

    if not hasattr(autograd, "compile"):
        raise NotThere("not there: autograd.compile")
    step, data = ours(workload, threads)
    return autograd.compile(step), data


def torch(workload: Workload, threads: int, fused: bool = False, compiled: bool = False) -> Step:
    import torch

    torch.set_num_threads(threads)
    wrap = torch.compile if compiled else lambda f: f
    return workload.pytorch(torch, torch.nn, torch.nn.functional, torch.optim, wrap, **({"fused": True} if fused else {}))


def torch_fused(workload: Workload, threads: int) -> Step:
    if workload.optimizer is None:
        raise NotThere("left out: nothing to optimise")
    return torch(workload, threads, fused=True)


def torch_compile(workload: Workload, threads: int) -> Step:
    """The forward pass and, through it, the backward pass are compiled; the optimiser is the fused one."""
    return torch(workload, threads, fused=workload.optimizer is not None, compiled=True)


# ── NumPy's idiom ──


def jax_jit(workload: Workload, threads: int) -> Step:
    """The whole step is one compiled function; parameters and state are given away to it, data are arguments."""
    import jax
    from jax import lax, nn
    from jax import numpy as jnp

    def cross_entropy(logits: Any, labels: Any) -> Any:
        return -jnp.mean(jnp.take_along_axis(nn.log_softmax(logits), labels[:, None], 1))

    F = SimpleNamespace(
        relu=nn.relu, tanh=jnp.tanh, sigmoid=nn.sigmoid, softmax=nn.softmax, gelu=functools.partial(nn.gelu, approximate=False),
        mse_loss=lambda x, y: jnp.mean((x - y) ** 2), cross_entropy=cross_entropy,
        zeros=jnp.zeros, scan=lambda f, state, xs: lax.scan(f, state, xs)[1],
        conv2d=functools.partial(lax.conv, window_strides=(1, 1), padding="VALID"),
        max_pool2d=lambda x: lax.reduce_window(x, -jnp.inf, lax.max, (1, 1, 2, 2), (1, 1, 2, 2), "VALID"),
        segment_sum=jax.ops.segment_sum,
    )  # fmt: skip
    p, data = jax.tree.map(jnp.array, workload.start())
    value_and_grad = jax.value_and_grad(lambda p, *data: workload.value(jnp, F, p, *data))
    if (optimizer := workload.optimizer) is None:
        gradient = jax.jit(value_and_grad)

        def differentiate() -> Any:
            value, g = gradient(p)
            return value, g["x"]

        return differentiate, data

    @functools.partial(jax.jit, donate_argnums=(0, 1))
    def update(p: Any, state: Any, *data: Any) -> Any:
        loss, g = value_and_grad(p, *data)
        return *optimizer.update(p, g, state), loss

    state = jax.tree.map(jnp.array, optimizer.start(p))

    def step(*data: Any) -> Any:
        nonlocal p, state
        p, state, loss = update(p, state, *data)
        return loss

    return step, data


def scan(f: Callable[..., Any], state: Any, xs: Any) -> list[Any]:
    """``lax.scan`` as a loop: the outputs."""
    outputs = []
    for x in xs:
        state, y = f(state, x)
        outputs.append(y)
    return outputs


def numpy_step(workload: Workload, value_and_grad: Callable[..., Any]) -> Step:
    """The plain training loop of a library that differentiates NumPy: arrays are updated in place."""
    p, data = workload.start()
    optimizer = workload.optimizer
    state = optimizer.start(p) if optimizer else None

    def step(*data: Any) -> Any:
        nonlocal p, state
        loss, g = value_and_grad(p, *data)
        if optimizer is None:
            return loss, g["x"]
        p, state = optimizer.update(p, g, state)
        return loss

    return step, data


def hips(workload: Workload, threads: int) -> Step:
    import autograd
    from autograd import numpy as anp

    def cross_entropy(logits: Any, labels: Any) -> Any:
        z = logits - anp.max(logits, axis=1, keepdims=True)
        return anp.mean(anp.log(anp.sum(anp.exp(z), axis=1)) - z[anp.arange(len(labels)), labels])

    F = SimpleNamespace(
        relu=lambda x: anp.maximum(x, 0), tanh=anp.tanh, sigmoid=lambda x: 1 / (1 + anp.exp(-x)),
        mse_loss=lambda x, y: anp.mean((x - y) ** 2), cross_entropy=cross_entropy,
        zeros=lambda shape: np.zeros(shape, np.float32), scan=scan,
    )  # fmt: skip
    return numpy_step(workload, autograd.value_and_grad(lambda p, *data: workload.value(anp, F, p, *data)))


def mygrad(workload: Workload, threads: int) -> Step:
    import mygrad as mg
    from mygrad import nnet

    F = SimpleNamespace(
        relu=nnet.relu, tanh=mg.tanh, sigmoid=nnet.sigmoid, mse_loss=lambda x, y: mg.mean((x - y) ** 2),
        cross_entropy=nnet.softmax_crossentropy, zeros=lambda shape: np.zeros(shape, np.float32), scan=scan,
        conv2d=functools.partial(nnet.conv_nd, stride=1),
        max_pool2d=lambda x: nnet.max_pool(x[..., : x.shape[-2] // 2 * 2, : x.shape[-1] // 2 * 2], (2, 2), 2),
    )  # fmt: skip

    def value_and_grad(p: Any, *data: Any) -> Any:
        tensors = {name: mg.tensor(a, copy=False) for name, a in p.items()}
        loss = workload.value(mg, F, tensors, *data)
        loss.backward()
        return loss, {name: t.grad for name, t in tensors.items()}

    return numpy_step(workload, value_and_grad)


# ── all of them ──

OURS = Library(("autograd", "nn", "nn.functional", "nn.optim"), ("numpy", "graphviz"), ours, ("autograd", "nn"))
TORCH = Library(("torch",), ("torch", "numpy"), torch)
LIBRARIES: dict[str, Library] = {
    "ours": OURS,
    "ours-compiled": OURS._replace(build=ours_compiled),
    "torch": TORCH,
    "torch-fused": TORCH._replace(build=torch_fused),
    "torch-compile": TORCH._replace(build=torch_compile),
    "jax": Library(("jax", "jax.numpy"), ("jax", "jaxlib"), jax_jit),
    "hips": Library(("autograd", "autograd.numpy"), ("autograd",), hips),
    "mygrad": Library(("mygrad", "mygrad.nnet"), ("mygrad",), mygrad),
}
MINE = tuple(name for name in LIBRARIES if name.startswith("ours"))
REFERENCE = ("torch", *LIBRARIES)  # the first of these that runs says what the right trajectory is
