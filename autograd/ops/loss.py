"""Losses that are worth an op of their own: fused for speed and numerical stability."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import tracing
from autograd.dtypes import number
from autograd.errors import ArgumentError, DimError, DtypeError, GraphError, ShapeError, message
from autograd.kernels import sums
from autograd.kernels.rows import peaks, totals
from autograd.modes import silent
from autograd.op import Array, Sample, derived, op
from autograd.ops.functions import sigmoid
from autograd.ops.indexing import take_along_dim
from autograd.ops.normalisation import log_softmax
from autograd.ops.reduction import floating, mean, sum, total
from autograd.ops.shape import reshape
from autograd.ops.sorting import plain

__all__ = ["softmax_cross_entropy", "nll_loss", "mean_squared_error", "binary_cross_entropy", "binary_cross_entropy_with_logits"]

LABELS = np.array([1, 3, 0])
PIXELS = np.array([[1, 3], [0, -100]])
WEIGHT = np.array([1, 2, 4, 3])
UNSIGNED = {n: np.dtype(f"u{n}") for n in (1, 2, 4, 8)}

# ── class labels ──


def check_reduction(name, reduction):
    if reduction not in ("none", "mean", "sum"):
        raise ArgumentError(message(name, "reduction must be 'none', 'mean' or 'sum'", repr(reduction)))


def reduce(loss, reduction):
    return mean(loss) if reduction == "mean" else sum(loss) if reduction == "sum" else loss


def check_labels(name, x, target):
    """One label for each row of scores: (C) with (), (N, C, ...) with (N, ...)."""
    if target.dtype.kind not in "iu":
        raise DtypeError(message(name, "integer class labels are required", str(target.dtype), "convert them first: target.long()"))
    if not x.ndim or target.shape != x.shape[:1] * (x.ndim > 1) + x.shape[2:]:
        raise ShapeError(message(
            name, "labels of shape (N, ...) are required for scores of shape (N, C, ...)", f"labels {target.shape} and scores {x.shape}",
            "drop a dim of length 1 with squeeze(1), or move the classes to dim 1",
        ))  # fmt: skip


def constant_weight(name, weight):
    if getattr(weight, "requires_grad", False):
        raise GraphError(message(name, "a constant weight is required", "one that requires grad", "detach() it"))


def counted(name, target: Any, weight, classes, ignore_index):
    """(labels fit for indexing, weight of each, sum of weights); the weights are None where all of them are 1.

    An ignored label becomes class 0 with weight 0.
    """
    if isinstance(target, tracing.TracedArray):  # whether labels are ignored is known only when the program runs
        tracing.check(counted, name, target, weight, classes, ignore_index)
        valid: Any = target != ignore_index
        target = np.where(valid, target, 0)  # type: ignore[call-overload]
        weights = valid if weight is None else np.where(valid, weight[target], 0)
        return target, weights, np.add.reduce(weights, axis=None)
    unsigned = target.view(UNSIGNED[target.itemsize])  # a negative label is a huge one: a single pass checks both ends
    if 0 <= ignore_index < classes or (target.size and np.maximum.reduce(unsigned, axis=None) >= classes):
        valid = target != ignore_index
        target, unsigned = np.where(valid, target, 0), np.where(valid, unsigned, 0)
        if np.maximum.reduce(unsigned, axis=None) >= classes:
            bad = target.reshape(-1)[np.argmax(unsigned)]
            required = f"labels from 0 to {classes - 1} are required for {classes} classes"
            raise DimError(message(name, required, str(bad), "count the classes from 0, or set ignore_index"))
        weights = valid if weight is None else np.where(valid, weight[target], 0)
    elif weight is None:
        return target, None, target.size
    else:
        weights = weight[target]
    return target, weights, np.add.reduce(weights, axis=None)


def at_labels(target, ndim):
    """The index that takes, of the scores, those of the labels."""
    if ndim <= 2:
        return (np.arange(len(target)), target) if ndim == 2 else (target,)
    first, *rest = np.ogrid[tuple(slice(n) for n in target.shape)]  # 10 us
    return first, target, *rest


def label_distribution(target, weight, dtype, shape, ignore_index, label_smoothing):
    """What the probabilities are compared with, times the weights: (N, C, ...); and what a mean divides by."""
    axis, classes = min(1, len(shape) - 1), shape[min(1, len(shape) - 1)]
    labels, weights, divisor = counted("softmax_cross_entropy", target, weight, classes, ignore_index)
    y = np.zeros(shape, dtype)
    y[at_labels(labels, len(shape))] = (1 - label_smoothing) * (1 if weights is None else weights)
    if label_smoothing:
        even = np.ones(classes, dtype) if weight is None else weight.astype(dtype)
        even = even.reshape(tuple(-1 if d == axis else 1 for d in range(len(shape)))) * (label_smoothing / classes)
        y += even if weights is None else even * np.expand_dims(target != ignore_index, axis)
    return y, divisor


def label_loss_rule(g, y, x, target, weight, ignore_index, reduction, label_smoothing):
    """(softmax - onehot) * g, and softmax's own rule for what reaches the probabilities."""
    (g, g_p), (_, p) = g, y
    axis = min(1, p.ndim - 1)
    onehot, divisor = label_distribution(plain(target), plain(weight), p.dtype, tuple(p.shape), ignore_index, label_smoothing)
    if reduction == "mean":
        g = g / float(divisor)
    elif reduction == "none":
        g = g.reshape(tuple(1 if d == axis else n for d, n in enumerate(p.shape)))
    total = np.add.reduce(onehot, axis=axis, keepdims=True)
    return (p * total - onehot) * g + p * (g_p - sum(g_p * p, axis, keepdim=True)), None, None


def label_loss_back(g, y, x, target, weight, ignore_index, reduction, label_smoothing, needs):
    """label_loss_rule in the array that it returns, without a second one for the labels."""
    if label_smoothing or g[1].any():
        return label_loss_rule(g, y, x, target, weight, ignore_index, reduction, label_smoothing)
    (g, _), (_, p) = g, y
    axis = min(1, p.ndim - 1)
    labels, weights, divisor = counted("softmax_cross_entropy", target, weight, p.shape[axis], ignore_index)
    if reduction == "mean":
        g = g / float(divisor)
    row = g if weights is None else g * weights.astype(p.dtype, copy=False)
    term = p * (row if row.ndim == 0 else np.expand_dims(row, axis))
    term[at_labels(labels, p.ndim)] -= row
    return term, None, None


@op(
    joint=label_loss_rule, array_rule=label_loss_back, saves="y target weight", masks=True,
    samples=[
        Sample((3, 4), LABELS, None, ignore_index=-100, reduction="mean", label_smoothing=0.0),
        Sample((2, 4, 2), PIXELS, WEIGHT, ignore_index=-100, reduction="none", label_smoothing=0.1),
    ],
)  # fmt: skip
def label_loss(x: Array, target: Array, weight: Array, ignore_index, reduction, label_smoothing):
    """(loss, probabilities) of labels under softmax(x) over dim 1. The probabilities are kept for the rule: no second exp."""
    check_labels("softmax_cross_entropy", x, target)
    axis = min(1, x.ndim - 1)
    classes = x.shape[axis]
    labels, weights, divisor = counted("softmax_cross_entropy", target, weight, classes, ignore_index)
    with silent():  # a mean over nothing is NaN, as in PyTorch
        p = x - peaks(x, axis)
        loss = -p[at_labels(labels, x.ndim)]
        smooth = None
        if label_smoothing:
            even = np.ones(classes, x.dtype) if weight is None else weight.astype(x.dtype)
            smooth = even.sum(), np.tensordot(p, even, (axis, 0))
        np.exp(p, out=p)
        total = totals(p, axis)
        p /= total
        log_total = np.log(total.reshape(loss.shape))
        loss += log_total
        if weights is not None:
            loss *= weights
            loss = np.where(weights == 0, np.zeros((), x.dtype), loss)
        if smooth is not None:
            rest = smooth[0] * log_total - smooth[1]
            rest = rest if weights is None else np.where(target != ignore_index, rest, np.zeros((), x.dtype))
            loss = loss * (1 - label_smoothing) + rest * (label_smoothing / classes)
        if reduction != "none":
            loss = np.add.reduce(loss, axis=None) / (float(divisor) if reduction == "mean" else 1)
    return np.asarray(loss, x.dtype), p


def distribution_loss(x, target, weight, reduction, label_smoothing):
    """Cross-entropy with a distribution over the classes in place of a label."""
    axis = min(1, x.ndim - 1)
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / x.shape[axis]
    if weight is not None:
        target = target * weight.reshape(tuple(-1 if d == axis else 1 for d in range(x.ndim)))
    loss = -sum(target * log_softmax(x, axis), axis)
    return reduce(loss, reduction)


@derived(
    samples=[
        Sample((3, 4), LABELS), Sample((2, 4, 2), PIXELS, WEIGHT, reduction="none"), Sample((4,), np.array(2), label_smoothing=0.1),
        Sample((3, 4), (3, 4)),
    ]
)  # fmt: skip
def softmax_cross_entropy(x: Array, target: Array, weight: Array = None, *, ignore_index=-100, reduction="mean", label_smoothing=0.0):
    """-log(softmax(x)[target]) over dim 1 of the scores x: (N, C, ...) with labels (N, ...), or (C) with ().

    The target may also be a distribution over the classes, of the shape of x. weight: of each class, (C); the mean is a
    weighted one. Labels equal to ignore_index do not count. label_smoothing: the part of the target that goes evenly to all classes.
    """
    check_reduction("softmax_cross_entropy", reduction)
    floating("softmax_cross_entropy", x)
    constant_weight("softmax_cross_entropy", weight)
    if weight is not None and weight.shape != x.shape[min(1, x.ndim - 1) :][:1]:
        given = f"weights {tuple(weight.shape)} for scores {tuple(x.shape)}"
        raise ShapeError(message("softmax_cross_entropy", "one weight per class is required", given, "give weight the shape (C,)"))
    if target.dtype.kind == "f" and target.shape == x.shape:
        return distribution_loss(x, target, weight, reduction, label_smoothing)
    return label_loss(x, target, weight, ignore_index, reduction, label_smoothing)[0]


@derived(samples=[Sample((3, 4), LABELS), Sample((2, 4, 2), PIXELS, WEIGHT, reduction="none")])
def nll_loss(x: Array, target: Array, weight: Array = None, *, ignore_index=-100, reduction="mean"):
    """-x[target] over dim 1 of log-probabilities x: (N, C, ...) with labels (N, ...), or (C) with (). See ``softmax_cross_entropy``."""
    check_reduction("nll_loss", reduction)
    constant_weight("nll_loss", weight)
    target, weight = plain(target), plain(weight)
    check_labels("nll_loss", x, target)
    axis = min(1, x.ndim - 1)
    labels, weights, divisor = counted("nll_loss", target, weight, x.shape[axis], ignore_index)
    loss: Any = -reshape(take_along_dim(x, np.expand_dims(labels, axis), axis), target.shape)
    if weights is not None:
        weights = weights.astype(x.dtype)
        loss = np.where(weights == 0, np.zeros((), x.dtype), loss * weights)
    if reduction == "none":
        return loss
    return sum(loss) / (divisor if isinstance(divisor, tracing.TracedArray) else divisor or np.nan) if reduction == "mean" else sum(loss)


# ── numbers ──


@op(
    (
        lambda g, y, x, t: (x - t) * (g * number(2 / (math.prod(x.shape) or 1), g)),
        lambda g, y, x, t: (t - x) * (g * number(2 / (math.prod(x.shape) or 1), g)),
    ),
    saves="x t", convert="common", reference=lambda x, t: np.mean((x - t) ** 2), samples=[Sample((3, 4), (3, 4)), Sample((), ())],
)  # fmt: skip
def mean_squared_error(x: Array, t: Array):
    """The mean of (x - t)²: (*), (*) -> ()."""
    same_shape("mean_squared_error", x, t)
    floating("mean_squared_error", x)
    d = x - t
    return (sums.squares(d) if sums.suits(d) else total(d * d, None, False)) / (d.size or math.nan)


# ── yes or no ──


@op(
    (lambda g, y, x, t: g * (sigmoid(x) - t), lambda g, y, x, t: -g * x), saves=("x t", "x"), elementwise=True, convert="float",
    samples=[Sample((3, 4), (3, 4)), Sample((3, 4), (4,))],
)  # fmt: skip
def logistic_loss(x: Array, t: Array):
    """-t * log(sigmoid(x)) - (1 - t) * log(1 - sigmoid(x)), as max(x, 0) - x * t + log(1 + exp(-|x|)), which cannot overflow."""
    return np.maximum(x, 0) - x * t + np.log1p(np.exp(-np.abs(x)))


def same_shape(name, x, target):
    if x.shape != target.shape:
        given = f"target {tuple(target.shape)} and input {tuple(x.shape)}"
        raise ShapeError(message(name, "a target of the input's shape is required", given, "reshape one of them"))


@derived(samples=[Sample((3, 4), (3, 4)), Sample((3, 4), (3, 4), (4,), reduction="sum"), Sample((3, 4), (3, 4), None, pos_weight=WEIGHT)])
def binary_cross_entropy_with_logits(x: Array, target: Array, weight: Array = None, *, reduction="mean", pos_weight=None):
    """-target * log(sigmoid(x)) - (1 - target) * log(1 - sigmoid(x)), without overflow.

    pos_weight multiplies the first term, weight the whole.
    """
    check_reduction("binary_cross_entropy_with_logits", reduction)
    same_shape("binary_cross_entropy_with_logits", x, target)
    loss = logistic_loss(x, target)
    if pos_weight is not None:
        loss = loss + (pos_weight - 1) * target * logistic_loss(x, np.ones((), x.dtype))
    return reduce(loss if weight is None else loss * weight, reduction)


def at_least(x, bound):
    return np.maximum(x, np.full((), bound, x.dtype))


@op(
    (
        lambda g, y, p, t: g * (p - t) / at_least(p * (1 - p), 1e-12),
        lambda g, y, p, t: g * (at_least(np.log(1 - p), -100) - at_least(np.log(p), -100)),
    ),
    saves=("p t", "p"), elementwise=True, convert="float", samples=[Sample((3, 4), (3, 4), domain=(0.1, 0.9))],
)  # fmt: skip
def bernoulli_loss(p: Array, t: Array):
    """-t * log(p) - (1 - t) * log(1 - p), with logarithms of at least -100, as in PyTorch: the loss stays finite."""
    with silent():
        return (t - 1) * at_least(np.log1p(-p), -100) - t * at_least(np.log(p), -100)


def probabilities(values):
    """Raise unless all values are from 0 to 1."""
    low, high = (values.min(), values.max()) if values.size else (0, 1)
    if low < 0 or high > 1:
        remedy = "apply sigmoid first, or use binary_cross_entropy_with_logits"
        raise ArgumentError(message("binary_cross_entropy", "probabilities from 0 to 1 are required", f"{low} to {high}", remedy))


@derived(samples=[Sample((3, 4), (3, 4), domain=(0.1, 0.9)), Sample((3, 4), (3, 4), (4,), reduction="none", domain=(0.1, 0.9))])
def binary_cross_entropy(x: Array, target: Array, weight: Array = None, *, reduction="mean"):
    """-target * log(x) - (1 - target) * log(1 - x) for probabilities x; the logarithms are at least -100."""
    check_reduction("binary_cross_entropy", reduction)
    same_shape("binary_cross_entropy", x, target)
    tracing.check(probabilities, plain(x))
    loss = bernoulli_loss(x, target)
    return reduce(loss if weight is None else loss * weight, reduction)
