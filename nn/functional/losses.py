"""Losses: how wrong an output is, as one number or one per element."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from nn.functional.distance import pairwise_distance
from nn.functional.lookup import one_hot, values

__all__ = [
    "mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "cross_entropy", "nll_loss", "binary_cross_entropy",
    "binary_cross_entropy_with_logits", "kl_div", "hinge_embedding_loss", "cosine_embedding_loss", "margin_ranking_loss",
    "triplet_margin_loss", "gaussian_nll_loss", "poisson_nll_loss", "soft_margin_loss", "multi_margin_loss", "multilabel_margin_loss",
    "multilabel_soft_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


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
    labels = values(target)
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
    if (values(var) < 0).any():
        raise ArgumentError(message(
            "gaussian_nll_loss", "variances that are not negative are required", f"{values(var).min():g}",
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
