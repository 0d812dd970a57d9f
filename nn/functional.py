"""The functions behind the layers and losses, without state: ``import nn.functional as F``. Names, arguments and defaults are PyTorch's."""
from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, DimError, DtypeError, ShapeError, message
from nn.attention import multi_head_attention_forward, scaled_dot_product_attention
from nn.ctc import ctc_loss
from nn.dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout, placed
from nn.images import channel_shuffle, fold, local_response_norm, pixel_shuffle, pixel_unshuffle, unfold
from nn.lookup import embedding, embedding_bag
from nn.pooling import (
    fractional_max_pool2d,
    fractional_max_pool3d,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_unpool1d,
    max_unpool2d,
    max_unpool3d,
)
from nn.resampling import affine_grid, grid_sample, interpolate, upsample

__all__ = [
    "linear", "bilinear", "embedding", "embedding_bag", "multi_head_attention_forward", "scaled_dot_product_attention",
    "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "max_pool1d", "max_pool2d", "max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d",
    "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d",
    "max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d_with_indices",
    "lp_pool1d", "lp_pool2d", "lp_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d",
    "fractional_max_pool2d", "fractional_max_pool3d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d_with_indices",
    "dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout",
    "relu", "relu6", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "logsigmoid", "tanh",
    "tanhshrink", "softplus", "softsign", "hardtanh", "hardsigmoid", "hardswish", "softshrink", "hardshrink", "threshold", "glu",
    "relu_", "leaky_relu_", "rrelu_", "elu_", "selu_", "celu_", "hardtanh_", "threshold_",
    "softmax", "softmin", "log_softmax", "gumbel_softmax",
    "layer_norm", "rms_norm", "batch_norm", "instance_norm", "group_norm", "normalize",
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "cross_entropy", "nll_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "kl_div", "hinge_embedding_loss", "cosine_embedding_loss", "margin_ranking_loss",
    "triplet_margin_loss", "gaussian_nll_loss", "poisson_nll_loss", "soft_margin_loss",
    "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss", "triplet_margin_with_distance_loss", "ctc_loss",
    "one_hot", "pad", "cosine_similarity", "pairwise_distance", "pdist",
    "interpolate", "upsample", "grid_sample", "affine_grid", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle", "unfold", "fold",
    "local_response_norm",
]  # fmt: skip

# ── products ──

linear, bilinear = ag.linear, ag.bilinear

# ── windows ──

conv1d, conv2d, conv3d = ag.conv1d, ag.conv2d, ag.conv3d
conv_transpose1d, conv_transpose2d, conv_transpose3d = ag.conv_transpose1d, ag.conv_transpose2d, ag.conv_transpose3d
max_pool1d, max_pool2d, max_pool3d = ag.max_pool1d, ag.max_pool2d, ag.max_pool3d
avg_pool1d, avg_pool2d, avg_pool3d = ag.avg_pool1d, ag.avg_pool2d, ag.avg_pool3d
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = ag.adaptive_avg_pool1d, ag.adaptive_avg_pool2d, ag.adaptive_avg_pool3d
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = ag.adaptive_max_pool1d, ag.adaptive_max_pool2d, ag.adaptive_max_pool3d
max_pool1d_with_indices, max_pool2d_with_indices, max_pool3d_with_indices = (
    functools.partial(pool, return_indices=True) for pool in (max_pool1d, max_pool2d, max_pool3d)
)
adaptive_max_pool1d_with_indices, adaptive_max_pool2d_with_indices, adaptive_max_pool3d_with_indices = (
    functools.partial(pool, return_indices=True) for pool in (adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d)
)
fractional_max_pool2d_with_indices, fractional_max_pool3d_with_indices = (
    functools.partial(pool, return_indices=True) for pool in (fractional_max_pool2d, fractional_max_pool3d)
)

# ── activations ──



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


# ── normalisation ──


layer_norm, rms_norm, batch_norm, instance_norm, group_norm = ag.layer_norm, ag.rms_norm, ag.batch_norm, ag.instance_norm, ag.group_norm


def normalize(input: Tensor, p: float = 2.0, dim: int | Sequence[int] = 1, eps: float = 1e-12) -> Tensor:
    """x / max(‖x‖_p, eps) along dim: (*) -> (*)."""
    return input / ag.clamp(ag.norm(input, p, dim=dim, keepdim=True), min=eps)


# ── losses ──


def _values(tensor: Any) -> np.ndarray[Any, Any]:
    return np.asarray(tensor.detach() if isinstance(tensor, Tensor) else tensor)


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(getattr(value, "shape", ()))


def _require_same_shape(name: str, input: Any, target: Any, second: str = "target") -> None:
    """Raise unless the shapes are equal: (N, 1) against (N,) would broadcast to (N, N), and train to something, silently."""
    a, b = getattr(input, "shape", ()), getattr(target, "shape", ())
    if a == b:
        return
    a, b = tuple(a), tuple(b)
    if a == (*b, 1):
        remedy = f"{second}.unsqueeze({len(b)}) or input.squeeze({len(b)})"
    elif b == (*a, 1):
        remedy = f"input.unsqueeze({len(a)}) or {second}.squeeze({len(a)})"
    else:
        remedy = "give both the same shape"
    raise ShapeError(message(name, f"input and {second} of the same shape are required, nothing is broadcast", f"{a} and {b}", remedy))


def _reduced(name: str, loss: Tensor, reduction: str) -> Tensor:
    if reduction == "mean":
        return ag.mean(loss)
    if reduction == "sum":
        return ag.sum(loss)
    if reduction == "none":
        return loss
    raise ArgumentError(message(name, 'a reduction of "mean", "sum" or "none" is required', repr(reduction)))


def mse_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """(x - t)²: (*), (*) -> () or (*)."""
    _require_same_shape("mse_loss", input, target)
    if weight is None and reduction == "mean":
        return ag.mean_squared_error(input, target)
    difference = input - target
    return _weighted_mean("mse_loss", difference * difference, weight, reduction)


def l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", weight: Tensor | None = None) -> Tensor:
    """|x - t|: (*), (*) -> () or (*)."""
    _require_same_shape("l1_loss", input, target)
    return _weighted_mean("l1_loss", ag.abs(input - target), weight, reduction)


def _weighted_mean(name: str, loss: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    if weight is None:
        return _reduced(name, loss, reduction)
    _require_same_shape(name, loss, weight, "weight")
    return ag.sum(loss * weight) / ag.sum(weight) if reduction == "mean" else _reduced(name, loss * weight, reduction)


def huber_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None) -> Tensor:
    """d² / 2 where |d| <= delta, delta * (|d| - delta / 2) elsewhere, d = x - t: (*), (*) -> () or (*)."""
    _require_same_shape("huber_loss", input, target)
    if delta <= 0:
        raise ArgumentError(message("huber_loss", "delta > 0 is required", repr(delta)))
    difference = input - target
    near = ag.clamp(difference, -delta, delta)
    return _weighted_mean("huber_loss", near * (difference - 0.5 * near), weight, reduction)


def smooth_l1_loss(input: Tensor, target: Tensor, *, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """d² / (2 beta) where |d| < beta, |d| - beta / 2 elsewhere, d = x - t: (*), (*) -> () or (*)."""
    _require_same_shape("smooth_l1_loss", input, target)
    if beta < 0:
        raise ArgumentError(message("smooth_l1_loss", "beta >= 0 is required", repr(beta)))
    difference = input - target
    if beta == 0:
        return _reduced("smooth_l1_loss", ag.abs(difference), reduction)
    near = ag.clamp(difference, -beta, beta)
    return _reduced("smooth_l1_loss", near * (difference - 0.5 * near) * (1 / beta), reduction)


cross_entropy, nll_loss = ag.softmax_cross_entropy, ag.nll_loss


def binary_cross_entropy(input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean") -> Tensor:
    """-weight * (t log x + (1 - t) log(1 - x)), x and t probabilities; logarithms are at least -100: (*), (*) -> () or (*)."""
    _require_same_shape("binary_cross_entropy", input, target)
    return ag.binary_cross_entropy(input, target, weight, reduction=reduction)


def binary_cross_entropy_with_logits(
    input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean", pos_weight: Tensor | None = None
) -> Tensor:
    """-weight * (pos_weight * t log σ(x) + (1 - t) log(1 - σ(x))), from logits x, without overflow: (*), (*) -> () or (*)."""
    _require_same_shape("binary_cross_entropy_with_logits", input, target)
    return ag.binary_cross_entropy_with_logits(input, target, weight, reduction=reduction, pos_weight=pos_weight)


def kl_div(input: Tensor, target: Tensor, *, reduction: str = "mean", log_target: bool = False) -> Tensor:
    """t * (log t - x), x log-probabilities, t probabilities, or their logarithms: (*), (*) -> () or (*).

    reduction="batchmean" divides the sum by the length of the first dim, which is the divergence's mean; "mean" divides by all elements.
    """
    _require_same_shape("kl_div", input, target)
    loss = ag.exp(target) * (target - input) if log_target else ag.xlogy(target, target) - target * input
    if reduction == "batchmean":
        return ag.sum(loss) / input.shape[0] if input.ndim else ag.sum(loss)
    return _reduced("kl_div", loss, reduction)


def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, *, reduction: str = "mean") -> Tensor:
    """x where t = 1, max(0, margin - x) where t = -1: (*), (*) -> () or (*)."""
    _require_same_shape("hinge_embedding_loss", input, target)
    loss = ag.where(target != 1, ag.relu(margin - input), 0.0) + ag.where(target != -1, input, 0.0)
    return _reduced("hinge_embedding_loss", loss, reduction)


def soft_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """log(1 + exp(-t x)), t = 1 or -1: (*), (*) -> () or (*)."""
    _require_same_shape("soft_margin_loss", input, target)
    return _reduced("soft_margin_loss", -ag.logsigmoid(target * input), reduction)


def cosine_embedding_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean") -> Tensor:
    """1 - cos(x₁, x₂) where t = 1, max(0, cos(x₁, x₂) - margin) where t = -1: (N, D), (N, D), (N) or (D), (D), () -> () or (N)."""
    _require_same_shape("cosine_embedding_loss", input1, input2, "input2")
    if _shape(target) != _shape(input1)[:-1]:
        raise ShapeError(message(
            "cosine_embedding_loss", f"a target of shape {_shape(input1)[:-1]} is required", f"{_shape(target)}",
            "give one 1 or -1 per pair",
        ))
    tiny = 1e-12
    squares = (ag.sum(input1 * input1, -1) + tiny) * (ag.sum(input2 * input2, -1) + tiny)
    cosine = ag.sum(input1 * input2, -1) / ag.sqrt(squares)
    loss = ag.where(target == 1, 1 - cosine, 0.0) + ag.where(target == -1, ag.relu(cosine - margin), 0.0)
    return _reduced("cosine_embedding_loss", loss, reduction)


def margin_ranking_loss(input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, *, reduction: str = "mean") -> Tensor:
    """max(0, -t * (x₁ - x₂) + margin), t = 1 where x₁ is to rank higher, else -1: (*), (*), (*) -> () or (*)."""
    _require_same_shape("margin_ranking_loss", input1, input2, "input2")
    _require_same_shape("margin_ranking_loss", input1, target)
    return _reduced("margin_ranking_loss", ag.relu(margin - target * (input1 - input2)), reduction)


def triplet_margin_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False,
    *, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """max(0, d(anchor, positive) - d(anchor, negative) + margin), d the p-norm of the difference: (N, D) or (D) each -> () or (N).

    swap  use d(positive, negative) where it is smaller than d(anchor, negative)
    """
    _require_same_shape("triplet_margin_loss", anchor, positive, "positive")
    _require_same_shape("triplet_margin_loss", anchor, negative, "negative")
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = ag.minimum(far, pairwise_distance(positive, negative, p, eps))
    return _reduced("triplet_margin_loss", ag.relu(pairwise_distance(anchor, positive, p, eps) - far + margin), reduction)


def triplet_margin_with_distance_loss(
    anchor: Tensor, positive: Tensor, negative: Tensor, *, distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0, swap: bool = False, reduction: str = "mean",
) -> Tensor:  # fmt: skip
    """``triplet_margin_loss`` with a distance of one's own, (N, D), (N, D) -> (N); ``pairwise_distance`` unless given."""
    _require_same_shape("triplet_margin_with_distance_loss", anchor, positive, "positive")
    _require_same_shape("triplet_margin_with_distance_loss", anchor, negative, "negative")
    distance = distance_function or pairwise_distance
    far = distance(anchor, negative)
    if swap:
        far = ag.minimum(far, distance(positive, negative))
    return _reduced("triplet_margin_with_distance_loss", ag.relu(distance(anchor, positive) - far + margin), reduction)


def multi_margin_loss(
    input: Tensor, target: Tensor, p: int = 1, margin: float = 1.0, weight: Tensor | None = None, *, reduction: str = "mean"
) -> Tensor:
    """Σ_j max(0, margin - x_t + x_j)^p / C over classes j other than the target t: (N, C), (N) or (C), () -> () or (N).

    p       1 or 2
    weight  (C), by which the terms of samples of a class are multiplied
    """
    if p not in (1, 2):
        raise ArgumentError(message("multi_margin_loss", "p = 1 or 2 is required", repr(p)))
    if input.ndim not in (1, 2) or _shape(target) != _shape(input)[:-1]:
        given = f"{_shape(input)} and {_shape(target)}"
        raise ShapeError(message("multi_margin_loss", "an input (N, C) or (C) and one label per sample are required", given))
    right = one_hot(target, input.shape[-1]).to(input.dtype)
    terms = ag.relu(margin - ag.sum(input * right, -1, keepdim=True) + input) * (1 - right)
    if p == 2:
        terms = terms * terms
    if weight is not None:
        terms = terms * ag.sum(weight * right, -1, keepdim=True)
    return _reduced("multi_margin_loss", ag.mean(terms, -1), reduction)


def multilabel_margin_loss(input: Tensor, target: Tensor, *, reduction: str = "mean") -> Tensor:
    """Σ max(0, 1 - (x_j - x_i)) / C over labels j of a sample, and classes i that are not: (N, C), (N, C) or (C), (C) -> () or (N).

    target  the labels of a sample, and -1 behind the last of them
    """
    _require_same_shape("multilabel_margin_loss", input, target)
    labels = _values(target)
    if labels.dtype.kind not in "iu":
        required = "labels of an integer dtype are required"
        raise DtypeError(message("multilabel_margin_loss", required, str(labels.dtype), "convert them: target.long()"))
    given = np.cumsum(labels < 0, -1) == 0
    chosen = np.where(given, labels, 0)
    classes = np.arange(input.shape[-1])
    others = ~((chosen[..., None] == classes) & given[..., None]).any(-2)
    counts = (given[..., :, None] & others[..., None, :]).astype(input.dtype)
    away = ag.take_along_dim(input, ag.tensor(chosen), -1).unsqueeze(-1) - input.unsqueeze(-2)
    return _reduced("multilabel_margin_loss", ag.sum(ag.relu(1 - away) * ag.tensor(counts), (-2, -1)) / input.shape[-1], reduction)


def multilabel_soft_margin_loss(input: Tensor, target: Tensor, weight: Tensor | None = None, *, reduction: str = "mean") -> Tensor:
    """-weight * (t log σ(x) + (1 - t) log(1 - σ(x))), the mean over classes: (N, C), (N, C) -> () or (N)."""
    _require_same_shape("multilabel_soft_margin_loss", input, target)
    loss = -(target * ag.logsigmoid(input) + (1 - target) * ag.logsigmoid(-input))
    return _reduced("multilabel_soft_margin_loss", ag.mean(loss if weight is None else loss * weight, -1), reduction)


def gaussian_nll_loss(
    input: Tensor, target: Tensor, var: Tensor | float, full: bool = False, eps: float = 1e-6, *, reduction: str = "mean",
) -> Tensor:
    """(log v + (x - t)² / v) / 2, v = max(var, eps): (*), (*), (*) or one variance per row -> () or (*). full adds log(2π) / 2."""
    _require_same_shape("gaussian_nll_loss", input, target)
    var = var if isinstance(var, Tensor) else ag.full(_shape(input), float(var), dtype=input.dtype)
    shape = _shape(input)
    if _shape(var) != shape:
        if _shape(var) == shape[:-1]:
            var = var.unsqueeze(-1)
        elif _shape(var) != (*shape[:-1], 1):
            raise ShapeError(message(
                "gaussian_nll_loss", f"a var of shape {shape}, {shape[:-1]} or {(*shape[:-1], 1)} is required", f"{_shape(var)}",
            ))
    if (_values(var) < 0).any():
        raise ArgumentError(message(
            "gaussian_nll_loss", "variances that are not negative are required", f"{_values(var).min():g}",
            "apply softplus or exp to what the model predicts",
        ))
    var = var + (ag.clamp(var, min=eps) - var).detach()  # clamped, with the gradient of var itself
    loss = 0.5 * (ag.log(var) + (input - target) ** 2 / var)
    return _reduced("gaussian_nll_loss", loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool = True, full: bool = False, *, eps: float = 1e-8, reduction: str = "mean",
) -> Tensor:
    """exp(x) - t x for x the log of the rate, x - t log(x + eps) for x the rate: (*), (*) -> () or (*). full adds Stirling's log t!."""
    _require_same_shape("poisson_nll_loss", input, target)
    loss = ag.exp(input) - target * input if log_input else input - target * ag.log(input + eps)
    if full:
        t = ag.clamp(target, min=1.0)
        loss = loss + ag.where(target > 1, t * ag.log(t) - t + 0.5 * ag.log(2 * math.pi * t), 0.0)
    return _reduced("poisson_nll_loss", loss, reduction)


# ── vectors ──


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Zeros with a one at the index: (*) of integers -> (*, num_classes) of integers; num_classes=-1 takes the largest index plus one."""
    indices = _values(tensor)
    if indices.dtype.kind not in "iu":
        raise DtypeError(message("one_hot", "indices of an integer dtype are required", str(indices.dtype), "convert them: tensor.long()"))
    if num_classes == -1:
        if not indices.size:
            raise ArgumentError(message("one_hot", "num_classes is required", "an empty tensor", "say how many classes there are"))
        num_classes = int(indices.max()) + 1
    wrong = indices[(indices < 0) | (indices >= num_classes)]
    if wrong.size:
        raise DimError(message(
            "one_hot", f"indices from 0 to {num_classes - 1} are required for {num_classes} classes", str(wrong[0]),
            "raise num_classes or correct the index",
        ))
    return ag.tensor((indices[..., None] == np.arange(num_classes)).astype(np.int64))


pad = ag.pad


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """x₁ · x₂ / (max(‖x₁‖, eps) max(‖x₂‖, eps)) along dim: (..., n, ...), (..., n, ...) -> (..., ...)."""
    length1, length2 = (ag.clamp(ag.norm(x, 2, dim=dim), min=eps) for x in (x1, x2))
    return ag.sum(x1 * x2, dim) / (length1 * length2)


def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """‖x_i - x_j‖_p for all i < j: (N, d) -> (N (N - 1) / 2)."""
    if input.ndim != 2:
        raise ShapeError(message("pdist", "an input (N, d) is required", f"shape {tuple(input.shape)}"))
    i, j = np.triu_indices(input.shape[0], 1)
    return ag.norm(input[i] - input[j], p, dim=-1)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """‖x₁ - x₂ + eps‖_p along the last dim: (..., n), (..., n) -> (...)."""
    return ag.norm(x1 - x2 + eps, p, dim=-1, keepdim=keepdim)
