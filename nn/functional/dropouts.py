"""Dropout: elements, or whole channels, zero at random."""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from autograd.ops.activation import SELU_ALPHA, SELU_SCALE

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]


def kept(shape: tuple[int, ...], p: float, dtype: Any) -> Tensor:
    """Factors of dropout: 0 with probability p, else 1 / (1 - p)."""
    return (ag.rand(*shape, dtype=dtype) >= p).to(dtype) * (1 / (1 - p) if p < 1 else 0.0)


def placed(function: Callable[[Tensor], Tensor], input: Tensor, inplace: bool) -> Tensor:
    """function(input), or with inplace=True the input itself, with the result written into it."""
    return input.copy_(function(input.clone())) if inplace else function(input)


def _require_probability(name: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ArgumentError(message(name, "a probability p between 0 and 1 is required", repr(p), "p is the part that is dropped"))


def _dropped(input: Tensor, shape: Sequence[int], p: float) -> Tensor:
    """input, with a part p of it set to zero and the rest scaled up so that the mean stays; one draw per element of shape."""
    return input * kept(tuple(shape), p, input.dtype)


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, set each element to zero with probability p and scale the others by 1 / (1 - p): (*) -> (*)."""
    _require_probability("dropout", p)
    if not training or p == 0:
        return input
    return placed(lambda x: _dropped(x, x.shape, p), input, inplace)


def _channel_dropout(name: str, input: Tensor, p: float, training: bool, inplace: bool, spatial: int, ndims: Sequence[int]) -> Tensor:
    _require_probability(name, p)
    if input.ndim not in ndims:
        raise ShapeError(message(
            name, f"an input of {' or '.join(map(str, ndims))} dims is required, (N, C, ...) or (C, ...)", f"shape {tuple(input.shape)}",
        ))
    if not training or p == 0:
        return input
    shape = (*input.shape[: input.ndim - spatial], *(1,) * spatial)
    return placed(lambda x: _dropped(x, shape, p), input, inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """``dropout`` of whole channels: (N, C, L) or (C, L) -> the same."""
    return _channel_dropout("dropout1d", input, p, training, inplace, 1, (2, 3))


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """``dropout`` of whole channels: (N, C, H, W) -> the same."""
    return _channel_dropout("dropout2d", input, p, training, inplace, 2, (4,))


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """``dropout`` of whole channels: (N, C, D, H, W) or (C, D, H, W) -> the same."""
    return _channel_dropout("dropout3d", input, p, training, inplace, 3, (4, 5))


def _alpha(name: str, input: Tensor, shape: Callable[[Tensor], Sequence[int]], p: float, training: bool, inplace: bool) -> Tensor:
    """SELU's dropout with one draw per element of shape(input)."""
    _require_probability(name, p)
    if not training or p == 0:
        return input
    floor = -SELU_SCALE * SELU_ALPHA
    scale = ((1 - p) * (1 + p * floor**2)) ** -0.5 if p < 1 else 0.0

    def function(x: Tensor) -> Tensor:
        keep = (ag.rand(*shape(x), dtype=x.dtype) >= p).to(x.dtype)
        return (x * keep + (1 - keep) * floor) * scale - scale * p * floor

    return placed(function, input, inplace)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that goes with SELU: what is dropped becomes -1.7581, and an affine map restores mean 0 and variance 1: (*) -> (*)."""
    return _alpha("alpha_dropout", input, lambda x: x.shape, p, training, inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """``alpha_dropout`` of whole channels: (N, C, *) -> the same."""
    if input.ndim < 2:
        raise ShapeError(message("feature_alpha_dropout", "an input (N, C, ...) is required", f"shape {tuple(input.shape)}"))
    return _alpha("feature_alpha_dropout", input, lambda x: (*x.shape[:2], *(1,) * (x.ndim - 2)), p, training, inplace)
