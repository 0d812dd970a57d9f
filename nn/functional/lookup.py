"""Rows of a table by index: one by one, by the bag, and as rows of zeros with a one."""
from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, DimError, DtypeError, ShapeError, message
from nn.segments import scatter

__all__ = ["embedding", "embedding_bag", "one_hot"]


def values(tensor: Any) -> np.ndarray[Any, Any]:
    """The values of a tensor, or of what can become an array, without history."""
    return np.asarray(tensor.detach() if isinstance(tensor, Tensor) else tensor)


def embedding(
    input: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, sparse: bool = False,
) -> Tensor:  # fmt: skip
    """Rows of weight by index: (*) of integers, (n, d) -> (*, d).

    padding_idx  this row gets no gradient
    max_norm     rows that are used and longer than this are first shortened to it, in place
    """
    if scale_grad_by_freq or sparse:
        raise ArgumentError(message(
            "embedding", "scale_grad_by_freq and sparse have to be False", "True", "leave them out: gradients are dense and not scaled",
        ))
    if padding_idx is not None and not -weight.shape[0] <= padding_idx < weight.shape[0]:
        raise DimError(message("embedding", f"a padding_idx below {weight.shape[0]} in size is required", str(padding_idx)))
    if max_norm is not None:
        with ag.no_grad():
            shorten(weight, np.unique(values(input)), max_norm, norm_type)
    return ag.embedding(weight, input, padding_idx if padding_idx is None else padding_idx % weight.shape[0])


def shorten(weight: Tensor, rows: Any, max_norm: float, norm_type: float) -> None:
    """Scale those of the rows that are longer than max_norm down to it, in place."""
    norms = ag.norm(weight[rows], norm_type, dim=-1, keepdim=True)
    weight[rows] = weight[rows] * ag.where(norms > max_norm, max_norm / (norms + 1e-7), 1.0)


def embedding_bag(
    input: Any, weight: Tensor, offsets: Any = None, max_norm: float | None = None, norm_type: float = 2.0,
    scale_grad_by_freq: bool = False, mode: str = "mean", sparse: bool = False, per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False, padding_idx: int | None = None,
) -> Tensor:  # fmt: skip
    """The sum, mean or largest of the rows of each bag of indices: (B, n), (rows, d) -> (B, d). An empty bag gives zeros.

    offsets              where each bag begins, for an input (n,) of all bags in a row; then the result is (bags, d)
    mode                 "sum", "mean" or "max"
    per_sample_weights   a factor for each index, in the shape of input; for "sum" only
    include_last_offset  offsets end with the length of input
    padding_idx          this row does not count, and gets no gradient
    """
    if scale_grad_by_freq or sparse:
        raise ArgumentError(message(
            "embedding_bag", "scale_grad_by_freq and sparse have to be False", "True", "leave them out: gradients are dense and not scaled",
        ))
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(message("embedding_bag", 'a mode of "sum", "mean" or "max" is required', repr(mode)))
    if per_sample_weights is not None and mode != "sum":
        raise ArgumentError(message("embedding_bag", 'mode="sum" is required with per_sample_weights', repr(mode)))
    if per_sample_weights is not None and tuple(per_sample_weights.shape) != tuple(np.shape(input)):
        required = f"per_sample_weights in the input's shape {tuple(np.shape(input))} are required"
        raise ShapeError(message("embedding_bag", required, f"{per_sample_weights.shape}"))
    padding = None if padding_idx is None else padding_idx % weight.shape[0]
    if np.ndim(input) == 2 and offsets is None:
        return of_equal_bags(ag.as_tensor(input), weight, max_norm, norm_type, mode, per_sample_weights, padding)
    indices, bags, count = bagged(input, offsets, include_last_offset)
    factors = None if per_sample_weights is None else per_sample_weights.unsqueeze(1)
    if padding is not None:
        counted = np.flatnonzero(indices != padding)
        indices, bags = indices[counted], bags[counted]
        factors = None if factors is None else factors[counted]
    rows = embedding(ag.tensor(indices), weight, None, max_norm, norm_type)
    return scatter(rows if factors is None else rows * factors, bags, 0, count, mode)


def of_equal_bags(
    input: Tensor, weight: Tensor, max_norm: float | None, norm_type: float, mode: str, factors: Tensor | None, padding: int | None,
) -> Tensor:
    """``embedding_bag`` of indices (B, n), without a look at their values, so that it can be compiled."""
    rows = embedding(input, weight, padding, max_norm, norm_type)
    counted = None if padding is None else (input != padding).unsqueeze(-1)
    if mode == "max":
        if input.shape[1] == 0:
            return rows.sum(1)
        if counted is None:
            return rows.amax(1)
        largest = ag.where(counted, rows, -np.inf).amax(1)
        return ag.where(counted.any(1), largest, 0.0)
    if factors is not None:
        rows = rows * factors.unsqueeze(-1)
    total = (rows if counted is None else ag.where(counted, rows, 0.0)).sum(1)
    if mode == "sum":
        return total
    mean: Tensor = total / (max(input.shape[1], 1) if counted is None else counted.sum(1).clamp(min=1))
    return mean


def bagged(input: Any, offsets: Any, include_last_offset: bool) -> tuple[Any, Any, int]:
    """All indices in a row, the number of the bag of each, and how many bags there are."""
    indices = np.asarray(input.detach() if isinstance(input, Tensor) else input)
    if indices.dtype.kind not in "iu":
        raise DtypeError(message("embedding_bag", "an input of integers is required", str(indices.dtype), "input.long()"))
    if indices.ndim != 1 or offsets is None:
        given = f"{indices.shape} {'without' if offsets is None else 'with'} offsets"
        raise ShapeError(message("embedding_bag", "an input (B, n), or (n,) with offsets, is required", given))
    starts = np.asarray(offsets.detach() if isinstance(offsets, Tensor) else offsets)
    edges = starts if include_last_offset else np.append(starts, len(indices))
    if starts.ndim != 1 or edges[0] != 0 or (np.diff(edges) < 0).any() or edges[-1] > len(indices):
        raise ArgumentError(message(
            "embedding_bag", f"offsets that begin with 0 and rise to at most {len(indices)} are required", repr(starts.tolist()),
        ))
    sizes = np.diff(edges)
    return indices[: edges[-1]], np.repeat(np.arange(len(sizes)), sizes), len(sizes)


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Zeros with a one at the index: (*) of integers -> (*, num_classes) of integers; num_classes=-1 takes the largest index plus one."""
    indices = values(tensor)
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
