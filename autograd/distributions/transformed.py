"""Draws through invertible functions."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.distributions import constraints
from autograd.distributions.distribution import Distribution
from autograd.errors import ShapeError, message
from autograd.ops import exp, expm1, log, log1p, sigmoid, softplus, sum, tanh
from autograd.tensor import Tensor

__all__ = [
    "AffineTransform", "ComposeTransform", "ExpTransform", "PowerTransform", "SigmoidTransform", "SoftplusTransform", "TanhTransform",
    "Transform", "TransformedDistribution",
]  # fmt: skip


class Transform:
    """An invertible function: ``t(x)``, ``t.inv(y)``, and the logarithm of |dy/dx|."""

    def __call__(self, x: Tensor) -> Tensor:
        raise NotImplementedError

    def inv(self, y: Tensor) -> Tensor:
        """The x of a y."""
        raise NotImplementedError

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        """log |dy/dx| of each element."""
        raise NotImplementedError

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape of y for an x of this shape."""
        return shape

    sign: Any = 1  # of dy/dx


def shape_with(shape: tuple[int, ...], *values: Any) -> tuple[int, ...]:
    """The shape of what numbers and tensors make of an x of this shape."""
    return np.broadcast_shapes(shape, *(getattr(value, "shape", ()) for value in values))


def sign_of(value: Any) -> Any:
    """1 or -1, of a number or of each element."""
    return value.sign() if isinstance(value, Tensor) else math.copysign(1, value)


class AffineTransform(Transform):
    """y = loc + scale x."""

    def __init__(self, loc: Any, scale: Any) -> None:
        self.loc, self.scale = loc, scale

    def __call__(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def inv(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        scale = abs(self.scale)
        return (log(scale) if isinstance(scale, Tensor) else math.log(scale)) + x * 0

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape_with(shape, self.loc, self.scale)

    @property
    def sign(self) -> Any:
        """Of the scale."""
        return sign_of(self.scale)


class ExpTransform(Transform):
    """y = exp(x)."""

    def __call__(self, x: Tensor) -> Tensor:
        return exp(x)

    def inv(self, y: Tensor) -> Tensor:
        return log(y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class SigmoidTransform(Transform):
    """y = sigmoid(x)."""

    def __call__(self, x: Tensor) -> Tensor:
        return sigmoid(x)

    def inv(self, y: Tensor) -> Tensor:
        return log(y) - log1p(-y)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x) - softplus(x)


class TanhTransform(Transform):
    """y = tanh(x)."""

    def __call__(self, x: Tensor) -> Tensor:
        return tanh(x)

    def inv(self, y: Tensor) -> Tensor:
        return y.atanh()

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return 2 * (math.log(2) - x - softplus(-2 * x))


class PowerTransform(Transform):
    """y = x^exponent, of positive x."""

    def __init__(self, exponent: Any) -> None:
        self.exponent = exponent

    def __call__(self, x: Tensor) -> Tensor:
        return x**self.exponent

    def inv(self, y: Tensor) -> Tensor:
        return y ** (1 / self.exponent)

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return log(abs(self.exponent * y / x))

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return shape_with(shape, self.exponent)

    @property
    def sign(self) -> Any:
        """Of the exponent."""
        return sign_of(self.exponent)


class SoftplusTransform(Transform):
    """y = log(1 + exp(x))."""

    def __call__(self, x: Tensor) -> Tensor:
        return softplus(x)

    def inv(self, y: Tensor) -> Tensor:
        return log(-expm1(-y)) + y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        return -softplus(-x)


class ComposeTransform(Transform):
    """Several transforms, one after the other."""

    def __init__(self, parts: Sequence[Transform]) -> None:
        self.parts = list(parts)

    def __call__(self, x: Tensor) -> Tensor:
        for part in self.parts:
            x = part(x)
        return x

    def inv(self, y: Tensor) -> Tensor:
        for part in reversed(self.parts):
            y = part.inv(y)
        return y

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        total: Any = 0.0
        for part in self.parts:
            after = part(x)
            total = total + part.log_abs_det_jacobian(x, after)
            x = after
        return total

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        for part in self.parts:
            shape = part.forward_shape(shape)
        return shape

    @property
    def sign(self) -> Any:
        """The product of those of the parts."""
        sign: Any = 1
        for part in self.parts:
            sign = sign * part.sign
        return sign


class TransformedDistribution(Distribution):
    """Draws of a base distribution through invertible functions, one after the other."""

    support = constraints.real

    def __init__(
        self, base_distribution: Distribution, transforms: Transform | Sequence[Transform], validate_args: bool | None = None
    ) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        self._transform = ComposeTransform(self.transforms)
        event = base_distribution.event_shape
        before = base_distribution.batch_shape + event
        shape = self._transform.forward_shape(before)
        batch = shape[: len(shape) - len(event)]
        if shape[len(batch) :] != event:
            required = f"transforms that keep the shape {event} of events are required"
            raise ShapeError(message("TransformedDistribution", required, f"{shape[len(batch) :]}"))
        self.base_dist = base_distribution if shape == before else base_distribution.expand(batch)
        super().__init__(batch, event, validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base distribution has it."""
        return self.base_dist.has_rsample

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self._transform(self.base_dist.rsample(sample_shape))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self._transform(self.base_dist.sample(sample_shape)).detach()

    def _dtype(self) -> Any:
        return self.base_dist._dtype()

    def log_prob(self, value: Any) -> Tensor:
        y = self._given(value)
        slope: Any = 0.0
        for transform in reversed(self.transforms):  # the way back and the slopes at once
            x = transform.inv(y)
            slope = slope + transform.log_abs_det_jacobian(x, y)
            y = x
        return self.base_dist.log_prob(y) - (sum(slope, tuple(range(-len(self.event_shape), 0))) if self.event_shape else slope)

    def _rising(self, p: Tensor) -> Tensor:
        """Probabilities of at most a value as those of at most its base value: 1 - p where the transforms turn the order round."""
        sign = self._transform.sign
        return (1 - sign) / 2 + sign * p

    def cdf(self, value: Any) -> Tensor:
        return self._rising(self.base_dist.cdf(self._transform.inv(self._given(value))))

    def icdf(self, value: Any) -> Tensor:
        return self._transform(self.base_dist.icdf(self._rising(self._given(value))))
