"""Lengths of vectors, and how far they are apart."""
from __future__ import annotations

from collections.abc import Sequence

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ShapeError, message

__all__ = [
    "normalize", "cosine_similarity", "pairwise_distance", "pdist",
]  # fmt: skip


def normalize(input: Tensor, p: float = 2.0, dim: int | Sequence[int] = 1, eps: float = 1e-12) -> Tensor:
    """x / max(‖x‖_p, eps) along dim: (*) -> (*)."""
    return input / ag.clamp(ag.norm(input, p, dim=dim, keepdim=True), min=eps)


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
