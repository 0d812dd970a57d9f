"""Activations: functions of each element, and softmax."""
from __future__ import annotations

import functools
import warnings
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn.functional.dropouts import placed

__all__ = [
    "relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "logsigmoid", "tanh",
    "tanhshrink", "softplus", "softsign", "hardtanh", "hardsigmoid", "hardswish", "softshrink", "hardshrink", "threshold", "glu",
    "relu_", "leaky_relu_", "rrelu_", "elu_", "selu_", "celu_", "hardtanh_", "threshold_", "softmax", "softmin", "log_softmax",
    "gumbel_softmax",
]  # fmt: skip

sigmoid, logsigmoid, tanh, tanhshrink, softsign = ag.sigmoid, ag.logsigmoid, ag.tanh, ag.tanhshrink, ag.softsign
softplus, gelu, hardshrink, prelu = ag.softplus, ag.gelu, ag.hardshrink, ag.prelu


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0): (*) -> (*). The gradient at 0 is 0."""
    return placed(ag.relu, input, inplace=True) if inplace else ag.relu(input)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6): (*) -> (*)."""
    return placed(ag.relu6, input, inplace)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """x where x > 0, negative_slope * x elsewhere: (*) -> (*)."""
    return placed(lambda x: ag.leaky_relu(x, negative_slope), input, inplace)


def rrelu(input: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False) -> Tensor:
    """``leaky_relu`` with a slope from U(lower, upper) per element in training, their mean in evaluation: (*) -> (*)."""

    def function(x: Tensor) -> Tensor:
        slope = lower + (upper - lower) * ag.rand(*x.shape, dtype=x.dtype) if training else (lower + upper) / 2
        return ag.where(x > 0, x, slope * x)

    return placed(function, input, inplace)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """x where x > 0, alpha * (exp(x) - 1) elsewhere: (*) -> (*)."""
    return placed(lambda x: ag.elu(x, alpha), input, inplace)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """1.0507 * elu(x, 1.6733): (*) -> (*)."""
    return placed(ag.selu, input, inplace)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0): (*) -> (*)."""
    return placed(lambda x: ag.celu(x, alpha), input, inplace)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """x * sigmoid(x): (*) -> (*)."""
    return placed(ag.silu, input, inplace)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * tanh(softplus(x)): (*) -> (*)."""
    return placed(ag.mish, input, inplace)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """min(max(x, min_val), max_val): (*) -> (*). The gradient at the bounds is 0."""
    if min_val > max_val:
        raise ArgumentError(message("hardtanh", "min_val <= max_val is required", f"{min_val} and {max_val}"))
    return placed(lambda x: ag.hardtanh(x, min_val, max_val), input, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6: (*) -> (*)."""
    return placed(ag.hardsigmoid, input, inplace)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """x * hardsigmoid(x): (*) -> (*)."""
    return placed(ag.hardswish, input, inplace)


def softshrink(input: Tensor, lambd: float = 0.5) -> Tensor:
    """x - lambd where x > lambd, x + lambd where x < -lambd, 0 between: (*) -> (*)."""
    if lambd < 0:
        raise ArgumentError(message("softshrink", "lambd >= 0 is required", repr(lambd)))
    return ag.softshrink(input, lambd)


def threshold(input: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """x where x > threshold, value elsewhere: (*) -> (*)."""
    return placed(lambda x: ag.threshold(x, threshold, value), input, inplace)


relu_, leaky_relu_, rrelu_, elu_, selu_, celu_, hardtanh_, threshold_ = (
    functools.partial(function, inplace=True) for function in (relu, leaky_relu, rrelu, elu, selu, celu, hardtanh, threshold)
)


def glu(input: Tensor, dim: int = -1) -> Tensor:
    """a * sigmoid(b), a and b the halves of the input along dim: (..., 2n, ...) -> (..., n, ...)."""
    if input.shape[dim] % 2:
        raise ShapeError(message("glu", f"an even length along dim {dim} is required", f"shape {tuple(input.shape)}"))
    a, b = ag.chunk(input, 2, dim)
    return a * ag.sigmoid(b)


def _softmax_dim(name: str, input: Tensor, dim: int | None) -> int:
    if dim is not None:
        return dim
    chosen = 0 if input.ndim in (0, 1, 3) else 1
    warnings.warn(f"{name}: dim is required; got None, taken as {chosen} for an input {tuple(input.shape)}; say dim={chosen}", stacklevel=3)
    return chosen


def softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """exp(x_i) / Σ_j exp(x_j) along dim: (*) -> (*)."""
    return ag.softmax(input if dtype is None else input.to(dtype), _softmax_dim("softmax", input, dim))


def softmin(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """softmax(-x) along dim: (*) -> (*)."""
    return ag.softmax(-(input if dtype is None else input.to(dtype)), _softmax_dim("softmin", input, dim))


def log_softmax(input: Tensor, dim: int | None = None, *, dtype: Any = None) -> Tensor:
    """x_i - log Σ_j exp(x_j) along dim: (*) -> (*)."""
    return ag.log_softmax(input if dtype is None else input.to(dtype), _softmax_dim("log_softmax", input, dim))


def gumbel_softmax(logits: Tensor, tau: float = 1.0, hard: bool = False, *, dim: int = -1) -> Tensor:
    """A draw from the Gumbel-softmax distribution along dim: (*) -> (*). hard: one-hot, with the gradient of the soft draw."""
    noise = -ag.log(-ag.log(ag.rand(*logits.shape, dtype=logits.dtype).clamp(1e-20, 1 - 1e-7)))
    soft = ag.softmax((logits + noise) / tau, dim)
    if not hard:
        return soft
    chosen = ag.argmax(soft, dim=dim, keepdim=True)
    shape = [1] * soft.ndim
    shape[dim] = soft.shape[dim]
    return ag.eq(ag.arange(soft.shape[dim]).reshape(shape), chosen).to(soft.dtype) + soft - soft.detach()
