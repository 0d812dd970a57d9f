"""Distributions of numbers around a location: normal ones and their likes, uniform ones, angles. Gradients flow through most draws."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import random
from autograd.distributions import constraints
from autograd.distributions.distribution import EULER, HALF_LOG_2PI, ByQuantile, Distribution, parameters
from autograd.ops import abs, atan, cos, erfinv, exp, expm1, log, log1p, sign, square, tan, where
from autograd.ops.bessel import i0e, i1e
from autograd.ops.special import ndtr
from autograd.tensor import Tensor

__all__ = ["Cauchy", "Gumbel", "Laplace", "LogNormal", "Normal", "Uniform", "VonMises"]

class LocScale(ByQuantile):
    """What is moved by loc and stretched by scale."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)


class Normal(LocScale):
    """p(x) = exp(-(x - loc)² / (2 scale²)) / (scale √(2π)): mean loc, standard deviation scale.

    >>> Normal(0.0, 1.0).log_prob(autograd.tensor(0.0))
    tensor(-0.9189)
    """

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.loc + self.scale * self._normal(self._shape(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        return -square((self._checked(value) - self.loc) / self.scale) / 2 - log(self.scale) - HALF_LOG_2PI

    def entropy(self) -> Tensor:
        return log(self.scale) + (0.5 + HALF_LOG_2PI)

    def cdf(self, value: Any) -> Tensor:
        return ndtr((self._checked(value) - self.loc) / self.scale)

    def icdf(self, value: Any) -> Tensor:
        return self.loc + self.scale * erfinv(2 * value - 1) * math.sqrt(2)

    mean = mode = property(lambda self: self.loc)
    variance = property(lambda self: square(self.scale))


class LogNormal(LocScale):
    """exp of a normal of the given loc and scale: p(x) = Normal(log x) / x."""

    support = constraints.positive

    @property
    def base_dist(self) -> Normal:
        """The normal distribution of the logarithm."""
        return Normal(self.loc, self.scale, validate_args=False)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return exp(self.base_dist.rsample(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        x = log(self._checked(value))
        return self.base_dist.log_prob(x) - x

    def entropy(self) -> Tensor:
        return self.base_dist.entropy() + self.loc

    def cdf(self, value: Any) -> Tensor:
        return self.base_dist.cdf(log(self._checked(value)))

    def icdf(self, value: Any) -> Tensor:
        return exp(self.base_dist.icdf(value))

    mean = property(lambda self: exp(self.loc + square(self.scale) / 2))
    mode = property(lambda self: exp(self.loc - square(self.scale)))
    variance = property(lambda self: expm1(square(self.scale)) * exp(2 * self.loc + square(self.scale)))


class Laplace(LocScale):
    """p(x) = exp(-|x - loc| / scale) / (2 scale)."""

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        u = self._uniform(self._shape(sample_shape)) - 0.5
        return self.loc - self.scale * sign(u) * log1p(-2 * abs(u).clamp(max=0.5 - float(np.finfo(u.dtype).epsneg) / 2))

    def log_prob(self, value: Any) -> Tensor:
        return -log(2 * self.scale) - abs(self._checked(value) - self.loc) / self.scale

    def entropy(self) -> Tensor:
        return 1 + log(2 * self.scale)

    def cdf(self, value: Any) -> Tensor:
        d = self._checked(value) - self.loc
        return 0.5 - 0.5 * sign(d) * expm1(-abs(d) / self.scale)

    def icdf(self, value: Any) -> Tensor:
        d = value - 0.5
        return self.loc - self.scale * sign(d) * log1p(-2 * abs(d))

    mean = mode = property(lambda self: self.loc)
    variance = property(lambda self: 2 * square(self.scale))


class Cauchy(LocScale):
    """p(x) = 1 / (π scale (1 + ((x - loc) / scale)²)). It has no mean (NaN), and its variance is infinite."""

    def log_prob(self, value: Any) -> Tensor:
        return -math.log(math.pi) - log(self.scale) - log1p(square((self._checked(value) - self.loc) / self.scale))

    def entropy(self) -> Tensor:
        return math.log(4 * math.pi) + log(self.scale)

    def cdf(self, value: Any) -> Tensor:
        return atan((self._checked(value) - self.loc) / self.scale) / math.pi + 0.5

    def icdf(self, value: Any) -> Tensor:
        return tan(math.pi * (value - 0.5)) * self.scale + self.loc

    mean = property(lambda self: self.loc.detach() * math.nan)
    mode = property(lambda self: self.loc)
    variance = property(lambda self: abs(self.loc.detach()) * 0 + math.inf)


class Gumbel(LocScale):
    """The largest of many: p(x) = exp(-z - exp(-z)) / scale with z = (x - loc) / scale."""

    def log_prob(self, value: Any) -> Tensor:
        z = (self._checked(value) - self.loc) / self.scale
        return -z - exp(-z) - log(self.scale)

    def entropy(self) -> Tensor:
        return log(self.scale) + (1 + EULER)

    def cdf(self, value: Any) -> Tensor:
        return exp(-exp(-(self._checked(value) - self.loc) / self.scale))

    def icdf(self, value: Any) -> Tensor:
        return self.loc - self.scale * log(-log(value))

    mean = property(lambda self: self.loc + self.scale * EULER)
    mode = property(lambda self: self.loc)
    variance = property(lambda self: square(self.scale) * (math.pi**2 / 6))


class Uniform(Distribution):
    """p(x) = 1 / (high - low) from low to, not including, high."""

    arg_constraints = {"low": constraints.real, "high": constraints.real}
    has_rsample = True

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self.low, self.high = parameters(low, high)
        super().__init__(self.low.shape, validate_args=validate_args)
        if self._validate:
            above = constraints.greater_than(self.low.detach().numpy())
            self._require(self.high, above, "", "high: low < high is required", "exchange them")

    @property
    def support(self) -> Any:
        return constraints.interval(self.low.detach().numpy(), self.high.detach().numpy())

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.low + self._uniform(self._shape(sample_shape)) * (self.high - self.low)

    def log_prob(self, value: Any) -> Tensor:
        value = self._checked(value)
        return where((value >= self.low) & (value < self.high), -log(self.high - self.low), -math.inf)

    def entropy(self) -> Tensor:
        return log(self.high - self.low)

    def cdf(self, value: Any) -> Tensor:
        return ((self._checked(value) - self.low) / (self.high - self.low)).clamp(0, 1)

    def icdf(self, value: Any) -> Tensor:
        return value * (self.high - self.low) + self.low

    mean = property(lambda self: (self.high + self.low) / 2)
    mode = property(lambda self: self.low.detach() * math.nan)
    variance = property(lambda self: square(self.high - self.low) / 12)


class VonMises(Distribution):
    """Angles: p(x) = exp(concentration cos(x - loc)) / (2π I₀(concentration)), from -π to π. Draws are constants."""

    arg_constraints = {"loc": constraints.real, "concentration": constraints.positive}

    def __init__(self, loc: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.loc, self.concentration = parameters(loc, concentration)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        def draw(generator: Any, loc: Any, concentration: Any, shape: Any) -> Any:
            return np.asarray(generator.vonmises(loc, concentration, shape), loc.dtype)

        loc, concentration = self.loc.detach().numpy(), self.concentration.detach().numpy()
        return Tensor._wrap(random.together(draw, None, loc, concentration, self._shape(sample_shape)))

    def _log_norm(self) -> Tensor:
        """log(2π I₀), from which the exponential is taken out: I₀ overflows."""
        return math.log(2 * math.pi) + log(i0e(self.concentration)) + self.concentration

    def log_prob(self, value: Any) -> Tensor:
        return self.concentration * cos(self._checked(value) - self.loc) - self._log_norm()

    def entropy(self) -> Tensor:
        return self._log_norm() - self.concentration * (1 - self.variance)

    mean = mode = property(lambda self: self.loc)
    variance = property(lambda self: 1 - i1e(self.concentration) / i0e(self.concentration))
