"""One function of this library and the same one of PyTorch, held against each other: values, dtypes, first and second derivatives."""
from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import Tensor

RTOL, ATOL = 1e-9, 1e-10


def parts(y):
    return list(y) if isinstance(y, tuple | list) else [y]


def differentiable(y):
    return [part for part in parts(y) if part.requires_grad]


def weights(shape, seed=0):
    return np.random.default_rng(seed).uniform(0.5, 1.5, tuple(shape))


def derivatives(y, xs, grad, tensor):
    """Gradients of the outputs under fixed weights, and the gradients of those: None where there is none."""
    outputs = differentiable(y)
    if not outputs:
        return [], []
    first = grad(outputs, xs, [tensor(weights(part.shape)) for part in outputs], create_graph=True, allow_unused=True)
    again = [g for g in first if g is not None and g.requires_grad]
    if not again:
        return first, []
    return first, grad(again, xs, [tensor(weights(g.shape, 1)) for g in again], allow_unused=True)


def array(part):
    return None if part is None else np.asarray(part.detach().numpy())


def agree(found, expected, what, rtol=RTOL, atol=ATOL):
    for i, (a, b) in enumerate(zip(found, expected, strict=True)):
        a, b = (np.zeros(()) if part is None else array(part) for part in (a, b))  # no gradient and a gradient of zeros mean the same
        if a.ndim != b.ndim and not (a.any() or b.any()):
            continue
        assert a.shape == b.shape, f"{what} {i}: shape {a.shape}, PyTorch has {b.shape}"
        np.testing.assert_allclose(a, b, rtol, atol, err_msg=f"{what} {i}")


def against_torch(ours, theirs, *arrays, order=2, rtol=RTOL, atol=ATOL):
    """Both functions on the same arrays; those of floats require a gradient."""
    torch = pytest.importorskip("torch")
    xs = [Tensor(a.copy(), requires_grad=a.dtype.kind == "f") for a in arrays]
    ts = [torch.tensor(a, requires_grad=a.dtype.kind == "f") for a in arrays]
    y, t = ours(*xs), theirs(*ts)
    assert len(parts(y)) == len(parts(t))
    for a, b in zip(parts(y), parts(t), strict=True):
        assert str(a.dtype) == str(b.dtype).removeprefix("torch."), f"dtype {a.dtype}, PyTorch has {b.dtype}"
    agree(parts(y), parts(t), "output", rtol, atol)
    xs, ts = ([x for x in xs if x.requires_grad] for xs in (xs, ts))
    if not xs or not order:
        return
    assert len(differentiable(y)) == len(differentiable(t))
    first, second = derivatives(y, xs, autograd.grad, Tensor)
    first_t, second_t = derivatives(t, ts, torch.autograd.grad, torch.tensor)
    agree(first, first_t, "gradient", rtol, atol)
    if order > 1:
        zeros = [None] * len(xs)
        agree(second or zeros, second_t or zeros, "second gradient", rtol, atol)
