"""Distributions of positive numbers, and of shares, whose draws are a fixed function of noise: gradients flow through them."""
from __future__ import annotations

import math
from typing import Any

from autograd.distributions import constraints
from autograd.distributions.distribution import EULER, HALF_LOG_2PI, ByQuantile, Distribution, log_beta, parameters
from autograd.ops import abs, atan, erf, erfinv, exp, expm1, log, log1p, square, tan, where
from autograd.ops.special import digamma, lgamma, xlogy
from autograd.tensor import Tensor

__all__ = ["Exponential", "HalfCauchy", "HalfNormal", "Kumaraswamy", "Pareto", "Weibull"]


class Half(ByQuantile):
    """|x| of a number that lies around 0 with the given scale."""

    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        (self.scale,) = parameters(scale)
        super().__init__(self.scale.shape, validate_args=validate_args)

    mode = property(lambda self: self.scale * 0)


class HalfNormal(Half):
    """|x| of a normal of mean 0 and the given scale."""

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
    variance = property(lambda self: square(self.scale) * (1 - 2 / math.pi))


class HalfCauchy(Half):
    """|x| of a Cauchy number at 0 of the given scale. Its mean and variance are infinite."""

    def log_prob(self, value: Any) -> Tensor:
        value = self._checked(value)
        density = math.log(2 / math.pi) - log(self.scale) - log1p(square(value / self.scale))
        return where(value >= 0, density, -math.inf)

    def entropy(self) -> Tensor:
        return math.log(2 * math.pi) + log(self.scale)

    def cdf(self, value: Any) -> Tensor:
        return atan(self._checked(value) / self.scale) * (2 / math.pi)

    def icdf(self, value: Any) -> Tensor:
        return tan(value * (math.pi / 2)) * self.scale

    mean = variance = property(lambda self: self.scale.detach() * math.inf)


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


class Kumaraswamy(ByQuantile):
    """On 0 to 1, like Beta but with a simple cdf, 1 - (1 - x^a)^b: concentration1 a, concentration0 b."""

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = parameters(concentration1, concentration0)
        super().__init__(self.concentration1.shape, validate_args=validate_args)

    def log_prob(self, value: Any) -> Tensor:
        value, a, b = self._checked(value), self.concentration1, self.concentration0
        return log(a) + log(b) + xlogy(a - 1, value) + xlogy(b - 1, 1 - value**a)

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return 1 - 1 / b + (1 - 1 / a) * (digamma(b + 1) + EULER) - log(a) - log(b)

    def cdf(self, value: Any) -> Tensor:
        return 1 - (1 - self._checked(value) ** self.concentration1) ** self.concentration0

    def icdf(self, value: Any) -> Tensor:
        return (-expm1(log1p(-value) / self.concentration0)) ** (1 / self.concentration1)

    def _moment(self, n: int) -> Tensor:
        """E[xⁿ] = b B(1 + n / a, b)."""
        return self.concentration0 * exp(log_beta(1 + n / self.concentration1, self.concentration0))

    mean = property(lambda self: self._moment(1))
    variance = property(lambda self: self._moment(2) - square(self._moment(1)))

    @property
    def mode(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        inside = (a >= 1) & (b >= 1)
        return where(inside, (where(inside, a - 1, 0.0) / where(inside, a * b - 1, 1.0)) ** (1 / a), math.nan)
