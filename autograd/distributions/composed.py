"""Distributions made of others: vectors of independent numbers, mixtures, transformed draws, relaxed choices; and normal vectors."""
from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.distributions import constraints
from autograd.distributions.discrete import Categorical
from autograd.distributions.distribution import HALF_LOG_2PI, Distribution, one_of, parameters
from autograd.errors import ArgumentError, ShapeError, message
from autograd.linalg import cholesky, inv, solve_triangular
from autograd.ops import (
    diagonal,
    exp,
    log,
    log1p,
    log_softmax,
    logsumexp,
    matmul,
    mT,
    sigmoid,
    softmax,
    softplus,
    square,
    sum,
    take_along_dim,
    tanh,
)
from autograd.ops.special import lgamma
from autograd.tensor import Tensor


class Independent(Distribution):
    """The last dims of a batch as one event: their log_prob are added up."""

    def __init__(self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None) -> None:
        n, shape = reinterpreted_batch_ndims, base_distribution.batch_shape
        if not 0 <= n <= len(shape):
            required = f"from 0 to {len(shape)} batch dims are required"
            raise ShapeError(message("Independent", required, str(n), "repeat the parameters first"))
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, n
        super().__init__(shape[: len(shape) - n], shape[len(shape) - n :] + base_distribution.event_shape, validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base distribution has it."""
        return self.base_dist.has_rsample

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.base_dist.rsample(sample_shape)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self.base_dist.sample(sample_shape)

    def _summed(self, x: Tensor) -> Tensor:
        return sum(x, tuple(range(-self.reinterpreted_batch_ndims, 0))) if self.reinterpreted_batch_ndims else x

    def log_prob(self, value: Any) -> Tensor:
        return self._summed(self.base_dist.log_prob(value))

    def entropy(self) -> Tensor:
        return self._summed(self.base_dist.entropy())

    mean = property(lambda self: self.base_dist.mean)
    mode = property(lambda self: self.base_dist.mode)
    variance = property(lambda self: self.base_dist.variance)


class MultivariateNormal(Distribution):
    """Normal vectors of mean loc (..., n) and one of covariance_matrix, precision_matrix, scale_tril (..., n, n): L of L Lᵀ."""

    arg_constraints = {"loc": constraints.real_vector, "scale_tril": constraints.lower_cholesky}
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self, loc: Any, covariance_matrix: Any = None, precision_matrix: Any = None, scale_tril: Any = None,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        given = [m for m in (covariance_matrix, precision_matrix, scale_tril) if m is not None]
        if len(given) != 1:
            required = "one of covariance_matrix, precision_matrix and scale_tril is required"
            raise ArgumentError(message("MultivariateNormal", required, f"{len(given)} of them", "pass the one that you have"))
        (matrix,) = parameters(given[0])
        if covariance_matrix is not None:
            matrix = cholesky(matrix)
        elif precision_matrix is not None:
            matrix = cholesky(inv(matrix))
        (loc,) = parameters(loc)
        batch = np.broadcast_shapes(loc.shape[:-1], matrix.shape[:-2])
        self.loc, self.scale_tril = loc.expand((*batch, loc.shape[-1])), matrix.expand((*batch, *matrix.shape[-2:]))
        super().__init__(batch, loc.shape[-1:], validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        noise = self._normal(self._shape(sample_shape))
        return self.loc + matmul(self.scale_tril, noise.unsqueeze(-1)).squeeze(-1)

    def _log_scale(self) -> Tensor:
        return sum(log(diagonal(self.scale_tril, 0, -2, -1)), -1)

    def log_prob(self, value: Any) -> Tensor:
        apart = (self._checked(value) - self.loc).unsqueeze(-1)
        z = solve_triangular(self.scale_tril, apart, upper=False).squeeze(-1)
        return -sum(square(z), -1) / 2 - self._log_scale() - self.event_shape[0] * HALF_LOG_2PI

    def entropy(self) -> Tensor:
        return self._log_scale() + self.event_shape[0] * (0.5 + HALF_LOG_2PI)

    covariance_matrix = property(lambda self: matmul(self.scale_tril, mT(self.scale_tril)))
    precision_matrix = property(lambda self: inv(self.covariance_matrix))
    mean = mode = property(lambda self: self.loc)
    variance = property(lambda self: sum(square(self.scale_tril), -1))


class MixtureSameFamily(Distribution):
    """A choice (a Categorical over the last batch dim) among distributions of one family: p(x) = Σ_k w_k p_k(x)."""

    def __init__(self, mixture_distribution: Categorical, component_distribution: Distribution, validate_args: bool | None = None) -> None:
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        shape = component_distribution.batch_shape
        if not shape or shape[-1] != mixture_distribution._choices:
            given = f"{shape} and {mixture_distribution._choices} weights"
            raise ShapeError(message("MixtureSameFamily", "as many components along the last batch dim as weights are required", given))
        super().__init__(shape[:-1], component_distribution.event_shape, validate_args)

    @property
    def support(self) -> Any:
        return self.component_distribution.support

    def sample(self, sample_shape: Any = ()) -> Tensor:
        lead, event = sample_shape if isinstance(sample_shape, tuple | list) else (sample_shape,), len(self.event_shape)
        chosen = self.mixture_distribution.expand(self.batch_shape).sample(lead)
        drawn = self.component_distribution.sample(lead)
        index = chosen.reshape((*chosen.shape, 1, *[1] * event)).expand((*chosen.shape, 1, *self.event_shape))
        return take_along_dim(drawn, index, -1 - event).squeeze(-1 - event)

    def _across(self, x: Tensor) -> Tensor:
        return x.unsqueeze(-1 - len(self.event_shape))

    def log_prob(self, value: Any) -> Tensor:
        value = value if isinstance(value, Tensor) else Tensor(np.asarray(value, self.component_distribution._dtype()))
        return logsumexp(self.component_distribution.log_prob(self._across(value)) + log_softmax(self.mixture_distribution.logits, -1), -1)

    def cdf(self, value: Any) -> Tensor:
        return sum(self.component_distribution.cdf(self._across(value)) * self.mixture_distribution.probs, -1)

    def _weights(self) -> Tensor:
        probs = self.mixture_distribution.probs
        return probs.reshape((*probs.shape, *[1] * len(self.event_shape)))

    @property
    def mean(self) -> Tensor:
        return sum(self._weights() * self.component_distribution.mean, -1 - len(self.event_shape))

    @property
    def variance(self) -> Tensor:
        dim, w = -1 - len(self.event_shape), self._weights()
        within = sum(w * self.component_distribution.variance, dim)
        return within + sum(w * square(self.component_distribution.mean - self._across(self.mean)), dim)


# ── transformed draws ──


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


class AffineTransform(Transform):
    """y = loc + scale x."""

    def __init__(self, loc: Any, scale: Any) -> None:
        self.loc, self.scale = loc, scale

    def __call__(self, x: Tensor) -> Tensor:
        return self.loc + self.scale * x

    def inv(self, y: Tensor) -> Tensor:
        return (y - self.loc) / self.scale

    def log_abs_det_jacobian(self, x: Tensor, y: Tensor) -> Tensor:
        scale = self.scale.abs() if isinstance(self.scale, Tensor) else abs(self.scale)
        return (log(scale) if isinstance(scale, Tensor) else math.log(scale)) + x * 0

    def forward_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        return np.broadcast_shapes(shape, *(getattr(value, "shape", ()) for value in (self.loc, self.scale)))

    @property
    def sign(self) -> Any:
        """Of the scale."""
        return self.scale.sign() if isinstance(self.scale, Tensor) else math.copysign(1, self.scale)


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


class TransformedDistribution(Distribution):
    """Draws of a base distribution through invertible functions, one after the other."""

    support = constraints.real

    def __init__(
        self, base_distribution: Distribution, transforms: Transform | Sequence[Transform], validate_args: bool | None = None
    ) -> None:
        self.transforms = [transforms] if isinstance(transforms, Transform) else list(transforms)
        before = shape = base_distribution.batch_shape + base_distribution.event_shape
        for transform in self.transforms:
            shape = transform.forward_shape(shape)
        batch, event = shape[: len(shape) - len(base_distribution.event_shape)], base_distribution.event_shape
        if shape[len(batch) :] != event:
            required = f"transforms that keep the shape {event} of events are required"
            raise ShapeError(message("TransformedDistribution", required, f"{shape[len(batch) :]}"))
        self.base_dist = base_distribution if shape == before else base_distribution.expand(batch)
        super().__init__(batch, event, validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether the base distribution has it."""
        return self.base_dist.has_rsample

    def _through(self, x: Tensor) -> Tensor:
        for transform in self.transforms:
            x = transform(x)
        return x

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self._through(self.base_dist.rsample(sample_shape))

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return self._through(self.base_dist.sample(sample_shape)).detach()

    def log_prob(self, value: Any) -> Tensor:
        y = value if isinstance(value, Tensor) else Tensor(np.asarray(value, self.base_dist._dtype()))
        total: Any = 0.0
        for transform in reversed(self.transforms):
            x = transform.inv(y)
            slope = transform.log_abs_det_jacobian(x, y)
            total = total - (sum(slope, tuple(range(-len(self.event_shape), 0))) if self.event_shape else slope)
            y = x
        return total + self.base_dist.log_prob(y)

    def _rising(self, p: Tensor) -> Tensor:
        """Probabilities of at most a value as those of at most its base value: 1 - p where the transforms turn the order round."""
        sign: Any = 1
        for transform in self.transforms:
            sign = sign * transform.sign
        return (1 - sign) / 2 + sign * p

    def cdf(self, value: Any) -> Tensor:
        x = value if isinstance(value, Tensor) else Tensor(np.asarray(value, self.base_dist._dtype()))
        for transform in reversed(self.transforms):
            x = transform.inv(x)
        return self._rising(self.base_dist.cdf(x))

    def icdf(self, value: Any) -> Tensor:
        p = value if isinstance(value, Tensor) else Tensor(np.asarray(value, self.base_dist._dtype()))
        return self._through(self.base_dist.icdf(self._rising(p)))


# ── relaxed choices ──


class RelaxedBernoulli(Distribution):
    """A differentiable stand-in for Bernoulli draws: sigmoid((logits + logistic noise) / temperature).

    C. Maddison, A. Mnih and Y. Teh 2017, arXiv:1611.00712.
    """

    arg_constraints = {"logits": constraints.real, "temperature": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        if one_of("RelaxedBernoulli", probs, logits):
            (given,) = parameters(probs)
            logits = log(given) - log1p(-given)
        self.temperature, self.logits = parameters(temperature, logits)
        super().__init__(self.logits.shape, validate_args=validate_args)

    probs = property(lambda self: sigmoid(self.logits))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        u = self._uniform(self._shape(sample_shape))
        return sigmoid((self.logits + log(u) - log1p(-u)) / self.temperature)

    def log_prob(self, value: Any) -> Tensor:
        y = self._checked(value)
        limits = np.finfo(y.dtype)
        y = y.clamp(float(limits.tiny), 1 - float(limits.eps))  # a draw may have been rounded to 0 or 1
        x = log(y) - log1p(-y)
        apart = self.logits - x * self.temperature
        return log(self.temperature) + apart - 2 * softplus(apart) + softplus(-x) + softplus(x)


class RelaxedOneHotCategorical(Distribution):
    """A differentiable stand-in for one-hot draws: softmax((logits + Gumbel noise) / temperature).

    E. Jang, S. Gu and B. Poole 2017, arXiv:1611.01144.
    """

    arg_constraints = {"logits": constraints.real_vector, "temperature": constraints.positive}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, temperature: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        by_probs = one_of("RelaxedOneHotCategorical", probs, logits)
        (given,) = parameters(probs if by_probs else logits)
        (self.temperature,) = parameters(temperature)
        self.logits = log_softmax(log(given) if by_probs else given, -1)
        super().__init__(self.logits.shape[:-1], self.logits.shape[-1:], validate_args)

    probs = property(lambda self: softmax(self.logits, -1))

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        noise = -log(-log(self._uniform(self._shape(sample_shape))))
        return softmax((self.logits + noise) / self.temperature, -1)

    def log_prob(self, value: Any) -> Tensor:
        value = self._checked(value)
        value = value.clamp(min=float(np.finfo(value.dtype).tiny))  # a draw may have been rounded to 0
        k = float(self.event_shape[0])
        apart = self.logits - log(value) * self.temperature
        apart = apart - logsumexp(apart, -1, keepdim=True)
        return sum(apart - log(value), -1) + lgamma(Tensor(np.array(k, value.dtype))) + (k - 1) * log(self.temperature)


__all__ = [
    "AffineTransform", "ExpTransform", "Independent", "MixtureSameFamily", "MultivariateNormal", "RelaxedBernoulli",
    "RelaxedOneHotCategorical", "SigmoidTransform", "TanhTransform", "Transform", "TransformedDistribution",
]  # fmt: skip
