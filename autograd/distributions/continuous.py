"""Distributions of numbers whose draws are a fixed function of noise, by a location, a scale or a rate: gradients flow through them."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd.distributions import constraints
from autograd.distributions.distribution import HALF_LOG_2PI, Distribution, parameters
from autograd.ops import abs, atan, erf, erfinv, exp, expm1, log, log1p, sign, square, tan, where
from autograd.ops.special import lgamma, ndtr
from autograd.tensor import Tensor

EULER = 0.57721566490153286061


class Normal(Distribution):
    """p(x) = exp(-(x - loc)² / (2 scale²)) / (scale √(2π)): mean loc, standard deviation scale.

    >>> Normal(0.0, 1.0).log_prob(autograd.tensor(0.0))
    tensor(-0.9189)
    """

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

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


class LogNormal(Distribution):
    """exp of a normal of the given loc and scale: p(x) = Normal(log x) / x."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

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


class HalfNormal(Distribution):
    """|x| of a normal of mean 0 and the given scale."""

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        (self.scale,) = parameters(scale)
        super().__init__(self.scale.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return abs(self.scale * self._normal(self._shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        value = self._checked(value)
        density = math.log(2) - square(value / self.scale) / 2 - log(self.scale) - HALF_LOG_2PI
        return where(value >= 0, density, -math.inf)

    def entropy(self) -> Tensor:
        return log(self.scale) + (0.5 + HALF_LOG_2PI - math.log(2))

    def cdf(self, value: Any) -> Tensor:
        return erf(self._checked(value) / (self.scale * math.sqrt(2)))

    def icdf(self, value: Any) -> Tensor:
        return self.scale * math.sqrt(2) * erfinv(value)

    mean = property(lambda self: self.scale * math.sqrt(2 / math.pi))
    mode = property(lambda self: self.scale * 0)
    variance = property(lambda self: square(self.scale) * (1 - 2 / math.pi))


class Laplace(Distribution):
    """p(x) = exp(-|x - loc| / scale) / (2 scale)."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

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


class Cauchy(Distribution):
    """p(x) = 1 / (π scale (1 + ((x - loc) / scale)²)). It has no mean (NaN), and its variance is infinite."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.icdf(self._uniform(self._shape(sample_shape)))

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


class Gumbel(Distribution):
    """The largest of many: p(x) = exp(-z - exp(-z)) / scale with z = (x - loc) / scale."""

    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    has_rsample = True

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self.loc, self.scale = parameters(loc, scale)
        super().__init__(self.loc.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.icdf(self._uniform(self._shape(sample_shape)))

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


class Exponential(Distribution):
    """p(x) = rate exp(-rate x): the waiting time for what happens at a rate."""

    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative
    has_rsample = True

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = parameters(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return -log(self._uniform(self._shape(sample_shape))) / self.rate

    def log_prob(self, value: Any) -> Tensor:
        return log(self.rate) - self.rate * self._checked(value)

    def entropy(self) -> Tensor:
        return 1 - log(self.rate)

    def cdf(self, value: Any) -> Tensor:
        return -expm1(-self.rate * self._checked(value))

    def icdf(self, value: Any) -> Tensor:
        return -log1p(-value) / self.rate

    mean = property(lambda self: 1 / self.rate)
    mode = property(lambda self: self.rate * 0)
    variance = property(lambda self: 1 / square(self.rate))


class Weibull(Distribution):
    """p(x) = k/λ (x/λ)^(k-1) exp(-(x/λ)^k): scale λ, concentration k."""

    arg_constraints = {"scale": constraints.positive, "concentration": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, scale: Any, concentration: Any, validate_args: bool | None = None) -> None:
        self.scale, self.concentration = parameters(scale, concentration)
        super().__init__(self.scale.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.scale * (-log(self._uniform(self._shape(sample_shape)))) ** (1 / self.concentration)

    def log_prob(self, value: Any) -> Tensor:
        z = self._checked(value) / self.scale
        return log(self.concentration / self.scale) + (self.concentration - 1) * log(z) - z**self.concentration

    def entropy(self) -> Tensor:
        return EULER * (1 - 1 / self.concentration) + log(self.scale / self.concentration) + 1

    def cdf(self, value: Any) -> Tensor:
        return -expm1(-((self._checked(value) / self.scale) ** self.concentration))

    def icdf(self, value: Any) -> Tensor:
        return self.scale * (-log1p(-value)) ** (1 / self.concentration)

    mean = property(lambda self: self.scale * exp(lgamma(1 + 1 / self.concentration)))
    mode = property(lambda self: self.scale * ((self.concentration - 1).clamp(min=0) / self.concentration) ** (1 / self.concentration))

    @property
    def variance(self) -> Tensor:
        first, second = lgamma(1 + 1 / self.concentration), lgamma(1 + 2 / self.concentration)
        return square(self.scale) * (exp(second) - exp(2 * first))


class Pareto(Distribution):
    """p(x) = alpha scale^alpha / x^(alpha + 1) from scale on."""

    arg_constraints = {"scale": constraints.positive, "alpha": constraints.positive}
    has_rsample = True

    def __init__(self, scale: Any, alpha: Any, validate_args: bool | None = None) -> None:
        self.scale, self.alpha = parameters(scale, alpha)
        super().__init__(self.scale.shape, validate_args=validate_args)

    @property
    def support(self) -> Any:
        return constraints.greater_than_eq(self.scale.detach().numpy())

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.scale * self._uniform(self._shape(sample_shape)) ** (-1 / self.alpha)

    def log_prob(self, value: Any) -> Tensor:
        return log(self.alpha) + self.alpha * log(self.scale) - (self.alpha + 1) * log(self._checked(value))

    def entropy(self) -> Tensor:
        return log(self.scale / self.alpha) + (1 + 1 / self.alpha)

    def cdf(self, value: Any) -> Tensor:
        return 1 - (self.scale / self._checked(value)) ** self.alpha

    def icdf(self, value: Any) -> Tensor:
        return self.scale * (1 - value) ** (-1 / self.alpha)

    mean = property(lambda self: where(self.alpha > 1, self.alpha * self.scale / (self.alpha - 1).clamp(min=1e-30), math.inf))
    mode = property(lambda self: self.scale)

    @property
    def variance(self) -> Tensor:
        a = self.alpha.clamp(min=2)
        finite = square(self.scale) * a / (square(a - 1) * (a - 2).clamp(min=1e-30))
        return where(self.alpha > 2, finite, math.inf)


__all__ = ["Cauchy", "Exponential", "Gumbel", "HalfNormal", "Laplace", "LogNormal", "Normal", "Pareto", "Uniform", "Weibull"]
