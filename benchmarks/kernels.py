"""Heavy ops, forward and backward, beside PyTorch's, on the shapes of real models: where a training step spends its time.

Run it with ``python -m benchmarks.kernels``, or with parts of names to measure those alone: ``python -m benchmarks.kernels gelu norm``.

Both libraries take turns in one process; the minima are compared. PyTorch's kernels profit from our settings of the allocator too
(see autograd/memory.py), as both ask the same ``malloc``.
"""
from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import autograd as ag
import nn.functional as F

RNG = np.random.default_rng(0)
Case = tuple[Callable[..., Any], Callable[..., Any], tuple[Any, ...]]


def floats(*shape: int) -> np.ndarray[Any, Any]:
    return RNG.standard_normal(shape).astype(np.float32)


def integers(high: int, *shape: int) -> np.ndarray[Any, Any]:
    return RNG.integers(0, high, shape)


def edges(nodes: int, count: int) -> tuple[Any, Any]:
    """A gather along edges, in both libraries, from one constant index."""
    index = integers(nodes, count)
    ours, theirs = ag.tensor(index), torch.tensor(index)
    return lambda h: h[ours], lambda h: h[theirs]


def segments(nodes: int, count: int) -> tuple[Any, Any]:
    """A sum over the edges that end at each node, from one constant index."""
    index = integers(nodes, count)
    ours, theirs = ag.tensor(index), torch.tensor(index)
    return (
        lambda m: ag.zeros(nodes, m.shape[1]).index_add(0, ours, m),
        lambda m: torch.zeros(nodes, m.shape[1]).index_add(0, theirs, m),
    )


def attention(library: Any) -> Callable[[Any], Any]:
    """Heads out of one packed product, as a transformer has them: (12, 64, 3 * 128) -> (12, 64, 128)."""
    function = getattr(library, "scaled_dot_product_attention", None)

    def attend(packed: Any) -> Any:
        q, k, v = (part.reshape((12, 64, 4, 32)).transpose(1, 2) for part in packed.split(128, -1))
        return function(q, k, v, is_causal=True).transpose(1, 2).reshape((12, 64, 128))

    return attend


def smooth(x: Any) -> Any:
    return ((x.sin() * (-x * x).exp() + x).tanh()).sum()


def cases() -> dict[str, Case]:
    T = torch.nn.functional
    rows, wide = floats(768, 128), floats(768, 512)
    gamma = floats(128)
    return {
        "linear 128x784->512": (F.linear, T.linear, (floats(128, 784), floats(512, 784), floats(512))),
        "linear 768x128->512": (F.linear, T.linear, (rows, floats(512, 128), floats(512))),
        "linear 768x128->65": (F.linear, T.linear, (rows, floats(65, 128), floats(65))),
        "linear 256x1024->4096": (F.linear, T.linear, (floats(256, 1024), floats(4096, 1024), floats(4096))),
        "relu 128x512": (F.relu, T.relu, (floats(128, 512),)),
        "relu 256x4096": (F.relu, T.relu, (floats(256, 4096),)),
        "gelu 768x512": (F.gelu, T.gelu, (wide,)),
        "gelu tanh 768x512": (lambda x: F.gelu(x, approximate="tanh"), lambda x: T.gelu(x, approximate="tanh"), (wide,)),
        "silu 768x512": (F.silu, T.silu, (wide,)),
        "sigmoid 768x512": (F.sigmoid, torch.sigmoid, (wide,)),
        "dropout 768x512": (lambda x: F.dropout(x, 0.2), lambda x: T.dropout(x, 0.2), (wide,)),
        "layer_norm 768x128": (
            lambda x, w, b: F.layer_norm(x, (128,), w, b), lambda x, w, b: T.layer_norm(x, (128,), w, b), (rows, gamma, gamma),
        ),
        "layer_norm 512x1000": (
            lambda x, w, b: F.layer_norm(x, (1000,), w, b), lambda x, w, b: T.layer_norm(x, (1000,), w, b),
            (floats(512, 1000), floats(1000), floats(1000)),
        ),
        "rms_norm 768x128": (lambda x, w: F.rms_norm(x, (128,), w), lambda x, w: T.rms_norm(x, (128,), w), (rows, gamma)),
        "batch_norm 128x256": (
            lambda x, w, b: F.batch_norm(x, None, None, w, b, True), lambda x, w, b: T.batch_norm(x, None, None, w, b, True),
            (floats(128, 256), floats(256), floats(256)),
        ),
        "batch_norm 32x64x28x28": (
            lambda x, w, b: F.batch_norm(x, None, None, w, b, True), lambda x, w, b: T.batch_norm(x, None, None, w, b, True),
            (floats(32, 64, 28, 28), floats(64), floats(64)),
        ),
        "softmax 3072x64": (lambda x: F.softmax(x, -1), lambda x: T.softmax(x, -1), (floats(3072, 64),)),
        "log_softmax 768x65": (lambda x: F.log_softmax(x, -1), lambda x: T.log_softmax(x, -1), (floats(768, 65),)),
        "cross_entropy 768x65": (F.cross_entropy, T.cross_entropy, (floats(768, 65), integers(65, 768))),
        "cross_entropy 128x10": (F.cross_entropy, T.cross_entropy, (floats(128, 10), integers(10, 128))),
        "attention 12x4x64x32": (attention(F), attention(T), (floats(12, 64, 384),)),
        "embedding 768 of 65x128": (lambda w, i: F.embedding(i, w), lambda w, i: T.embedding(i, w), (floats(65, 128), integers(65, 768))),
        "h[src] 100k of 10kx64": (*edges(10_000, 100_000), (floats(10_000, 64),)),
        "index_add 100k to 10kx64": (*segments(10_000, 100_000), (floats(100_000, 64),)),
        "where 768x512": (lambda x, m: ag.where(m, x, 0.0), lambda x, m: torch.where(m, x, 0.0), (wide, wide > 0)),
        "smooth 1e7": (smooth, smooth, (floats(10_000_000),)),
    }


def step(library: Any, function: Callable[..., Any], arrays: tuple[Any, ...]) -> Callable[[], float]:
    """Seconds for one forward and backward pass of function on leaves made of these arrays."""
    make = ag.tensor if library is ag else torch.tensor
    leaves = [make(a, requires_grad=True) if a.dtype == np.float32 else make(a) for a in arrays]
    y = function(*leaves)
    seed = make(np.random.default_rng(1).standard_normal(tuple(y.shape)).astype(np.float32))

    def once() -> float:
        for leaf in leaves:
            leaf.grad = None
        start = time.perf_counter()
        function(*leaves).backward(seed)
        return time.perf_counter() - start

    return once


def measure(case: Case, seconds: float) -> tuple[float, float]:
    """(our minimum, PyTorch's), in microseconds. The threads of each library spin for a while before they sleep: let them."""
    ours, theirs, arrays = case
    best = [float("inf")] * 2
    steps = step(ag, ours, arrays), step(torch, theirs, arrays)
    end = time.perf_counter() + seconds
    while best[1] == float("inf") or time.perf_counter() < end:
        for i, once in enumerate(steps):
            time.sleep(0.03)
            turn = time.perf_counter() + 0.03
            best[i] = min(best[i], once(), once())
            while time.perf_counter() < turn:
                best[i] = min(best[i], once())
    return best[0] * 1e6, best[1] * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="parts of the names of what to measure (all)")
    parser.add_argument("--seconds", type=float, default=2.0, help="per case (2)")
    options = parser.parse_args()
    print(f"NumPy {np.__version__}, PyTorch {torch.__version__}; microseconds, forward + backward, minima of interleaved rounds")
    for name, case in cases().items():
        if not options.names or any(part in name for part in options.names):
            try:
                ours, theirs = measure(case, options.seconds)
            except TypeError:  # not there yet
                continue
            print(f"{name:28} {ours:10.0f} {theirs:10.0f}   {ours / theirs:5.2f}", flush=True)


if __name__ == "__main__":
    main()
