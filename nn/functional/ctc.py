"""Connectionist temporal classification: the loss of a sequence of labels whose places in time are not known."""
from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, DtypeError, ShapeError, message

__all__ = ["ctc_loss"]

NEVER = -1e30  # the logarithm of no chance at all, which unlike -inf can be subtracted from itself


def ctc_loss(
    log_probs: Tensor, targets: Any, input_lengths: Any, target_lengths: Any, blank: int = 0, reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:  # fmt: skip
    """-log of the probability that some path through time spells the target, once repeats are merged and blanks removed: -> () or (N).

    log_probs       (T, N, C) or (T, C), the output of log_softmax
    targets         (N, S), rows as long as the longest, or all labels in a row (Σ target_lengths); integers, none of them the blank
    input_lengths   (N) or (), how many of the T steps each sample has; target_lengths: how many labels
    reduction       "mean": of each loss divided by the number of its labels; "sum"; "none"
    zero_infinity   0, and no gradient, where no path is long enough, in place of infinity

    The forward recursion of Graves et al., "Connectionist temporal classification", 2006, doi:10.1145/1143844.1143891, eq. 6-8.
    """
    if log_probs.ndim not in (2, 3):
        raise ShapeError(message("ctc_loss", "log_probs (T, N, C) or (T, C) are required", f"shape {tuple(log_probs.shape)}"))
    if reduction not in ("mean", "sum", "none"):
        raise ArgumentError(message("ctc_loss", 'a reduction of "mean", "sum" or "none" is required', repr(reduction)))
    single = log_probs.ndim == 2
    emitted = log_probs.unsqueeze(1) if single else log_probs
    steps, count, classes = emitted.shape
    times, sizes = (as_lengths(name, x, count) for name, x in (("input_lengths", input_lengths), ("target_lengths", target_lengths)))
    if not 0 <= blank < classes:
        raise ArgumentError(message("ctc_loss", f"a blank from 0 to {classes - 1} is required", str(blank)))
    if times.max(initial=0) > steps:
        raise ArgumentError(message("ctc_loss", f"input_lengths of at most {steps} are required", str(times.max())))
    labels = with_blanks(as_integers("targets", targets), sizes, blank, classes)
    emitted = emitted[:, np.arange(count)[:, None], labels]
    losses = -log_likelihood(emitted, labels, times, sizes, blank)
    lost = losses.detach().numpy() > -NEVER / 2
    losses = ag.where(ag.tensor(lost), 0.0 if zero_infinity else float("inf"), losses)
    if reduction == "mean":
        return ag.mean(losses / ag.tensor(np.maximum(sizes, 1).astype(losses.dtype)))
    if reduction == "sum":
        return ag.sum(losses)
    return losses.squeeze(0) if single else losses


def as_integers(name: str, x: Any) -> np.ndarray[Any, Any]:
    """Labels or lengths as an array."""
    array = np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x)
    if array.size and array.dtype.kind not in "iu":
        raise DtypeError(message("ctc_loss", f"{name} of an integer dtype are required", str(array.dtype), "convert them: .long()"))
    return array.astype(np.int64)


def as_lengths(name: str, x: Any, count: int) -> np.ndarray[Any, Any]:
    """One length per sample."""
    array = as_integers(name, x).reshape(-1)
    if array.shape != (count,) or array.min(initial=0) < 0:
        raise ShapeError(message("ctc_loss", f"{name} of shape ({count},), none below 0, are required", f"{array.tolist()}"))
    return array


def with_blanks(targets: np.ndarray[Any, Any], sizes: np.ndarray[Any, Any], blank: int, classes: int) -> np.ndarray[Any, Any]:
    """(N, 2S + 1): each sample's labels with a blank before, between and behind them."""
    longest, count = int(sizes.max(initial=0)), len(sizes)
    labels = np.full((count, 2 * longest + 1), blank)
    here = np.arange(longest) < sizes[:, None]
    if targets.ndim == 2 and targets.shape[0] == count and targets.shape[1] >= longest:
        given = targets[:, :longest][here]
    elif targets.ndim == 1 and targets.size == sizes.sum():
        given = targets
    else:
        required = f"targets of shape ({count}, {longest}) or ({sizes.sum()},) are required"
        raise ShapeError(message("ctc_loss", required, f"shape {targets.shape}", "they have to go with target_lengths"))
    if ((given < 0) | (given >= classes) | (given == blank)).any():
        required = f"labels from 0 to {classes - 1} other than the blank {blank} are required"
        raise ArgumentError(message("ctc_loss", required, f"{given.tolist()}"))
    labels[:, 1::2][here] = given
    return labels


def log_likelihood(
    emitted: Tensor, labels: np.ndarray[Any, Any], times: np.ndarray[Any, Any], sizes: np.ndarray[Any, Any], blank: int
) -> Tensor:
    """(N,), from what every place of every sample emits at each time (T, N, 2S + 1)."""
    steps, count, places = emitted.shape
    leaps = np.zeros(labels.shape, bool)  # from a label to the next, over the blank, unless they are equal
    leaps[:, 2:] = (labels[:, 2:] != blank) & (labels[:, 2:] != labels[:, :-2])
    chances = ag.tensor(np.where(np.arange(places) == 0, 0.0, NEVER).astype(emitted.dtype)).expand(count, places)
    for t in range(steps):
        ways = [chances]
        if t == 0:
            leap, reach = np.zeros_like(leaps), 1
        else:
            leap, reach = leaps, 2
        for by in range(1, reach + 1):
            if places > by:
                moved = ag.pad(chances[:, :-by], (by, 0), value=NEVER)
                ways.append(moved if by == 1 else ag.where(ag.tensor(leap), moved, NEVER))
        later = ag.logsumexp(ag.stack(ways), 0) + emitted[t]
        chances = later if (t < times).all() else ag.where(ag.tensor(t < times)[:, None], later, chances)
    rows = np.arange(count)
    last = chances[rows, 2 * sizes]
    before = ag.where(ag.tensor(sizes > 0), chances[rows, np.maximum(2 * sizes - 1, 0)], NEVER)
    return ag.logaddexp(last, before)
