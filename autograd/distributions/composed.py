"""Distributions made of others: vectors of independent numbers, mixtures; relaxed choices."""
from __future__ import annotations

from typing import Any

import numpy as np

from autograd.distributions import constraints
from autograd.distributions.discrete import Categorical
from autograd.distributions.distribution import Distribution, one_of, parameters
from autograd.errors import ShapeError, message
from autograd.ops import log, log1p, log_softmax, logsumexp, sigmoid, softmax, softplus, square, sum, take_along_dim
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

    def _dtype(self) -> Any:
        return self.component_distribution._dtype()

    def _across(self, x: Tensor) -> Tensor:
        return x.unsqueeze(-1 - len(self.event_shape))

    def log_prob(self, value: Any) -> Tensor:
        weights = log_softmax(self.mixture_distribution.logits, -1)
        return logsumexp(self.component_distribution.log_prob(self._across(self._given(value))) + weights, -1)

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


__all__ = ["Independent", "MixtureSameFamily", "RelaxedBernoulli", "RelaxedOneHotCategorical"]
