"""Distributions made of gamma variables: their draws are moved by the parameters through the density itself."""
from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import random, tracing
from autograd.distributions import constraints
from autograd.distributions.distribution import Distribution, log_beta, parameters
from autograd.function import Function, once_differentiable
from autograd.kernels.incomplete_gamma import igamma as gammainc
from autograd.ops import log, log1p, rsqrt, sigmoid, softmax, square, sum, where
from autograd.ops.special import digamma, igamma, lgamma, xlogy
from autograd.tensor import Tensor


class Moved(Function):
    """Values that move with a parameter by a slope, which is not differentiable itself: a second derivative is an error."""

    @staticmethod
    def forward(ctx: Any, parameter: Tensor, values: Tensor, slope: Tensor) -> Tensor:  # noqa: ARG004  the gradient is the parameter's
        ctx.save_for_backward(slope)
        return values.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Any, ...]:
        (slope,) = ctx.saved_tensors
        return grad * slope, None, None


def standard_gamma(concentration: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Gamma variables of rate 1. Differentiable once."""
    return moved(concentration, shape, draw_gamma, lambda a, x: x * slope_of_log(a, np.log(x)))


def standard_log_gamma(concentration: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Logarithms of gamma variables of rate 1, which stay finite where the variable itself would round to 0. Differentiable once."""
    return moved(concentration, shape, draw_log_gamma, slope_of_log)


def draw_gamma(generator: np.random.Generator, a: Any, shape: tuple[int, ...]) -> Any:
    """Above 0, also after rounding."""
    x = generator.standard_gamma(np.broadcast_to(a, shape).astype(np.float64))
    return np.asarray(np.maximum(x, np.finfo(a.dtype).tiny), a.dtype)


def draw_log_gamma(generator: np.random.Generator, a: Any, shape: tuple[int, ...]) -> Any:
    """For a < 1, log G(a) = log G(a + 1) + log(U) / a (Marsaglia and Tsang 2000)."""
    wide = np.broadcast_to(a, shape).astype(np.float64)
    small = wide < 1
    log_x = np.log(np.maximum(generator.standard_gamma(np.where(small, wide + 1, wide)), np.finfo(np.float64).tiny))
    return np.asarray(np.where(small, log_x - generator.standard_exponential(shape) / wide, log_x), a.dtype)


def moved(concentration: Tensor, shape: tuple[int, ...], draw: Callable[..., Any], slope: Callable[[Any, Any], Any]) -> Tensor:
    """Draws in the dtype of the concentration, which move with it where it needs a gradient."""
    a = concentration.detach().numpy()
    values = random.together(draw, None, a, shape)
    if not concentration.requires_grad:
        return Tensor._wrap(values)

    def slopes(a: Any, values: Any) -> Any:
        return np.asarray(slope(np.broadcast_to(a, shape).astype(np.float64), values.astype(np.float64)), a.dtype)

    return Moved.apply(concentration.expand(shape), Tensor._wrap(values), Tensor._wrap(tracing.single(slopes, a, values)))


def slope_of_log(a: Any, log_x: Any) -> Any:
    """d log x / da of gamma draws, by implicit reparametrisation (Figurnov, Mohamed and Mnih 2018, arXiv:1805.08498).

    A draw x stays at its quantile P(a, x) when the concentration a moves: dx/da = -(dP/da) / p(x). Near 0, P(a, x) = x^a / Γ(a + 1), and
    with it d log x / da = (ψ(a + 1) - log x) / a.
    """
    x, h = np.exp(log_x), 1e-4 * a
    rise = (gammainc(a + h, x) - gammainc(a - h, x)) / (2 * h)
    density = np.exp(a * log_x - x - np.asarray(lgamma(a)))  # of log x
    slope = np.where(density > 0, -rise / np.where(density > 0, density, 1), 0.0)
    return np.where(log_x < math.log(1e-10), (np.asarray(digamma(a + 1)) - log_x) / a, slope)


def inside(shares: Tensor) -> Tensor:
    """Shares that are neither 0 nor 1 after rounding, so that their densities are finite."""
    limits = np.finfo(shares.dtype)
    return shares.clamp(float(limits.tiny), 1 - float(limits.epsneg))


class OfRate(Distribution):
    """What is given by a concentration and a rate."""

    arg_constraints = {"concentration": constraints.positive, "rate": constraints.positive}
    has_rsample = True

    def __init__(self, concentration: Any, rate: Any, validate_args: bool | None = None) -> None:
        self.concentration, self.rate = parameters(concentration, rate)
        super().__init__(self.concentration.shape, validate_args=validate_args)


class Gamma(OfRate):
    """p(x) = rate^a x^(a-1) exp(-rate x) / Γ(a): concentration a. Draws are differentiable once."""

    support = constraints.nonnegative

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return standard_gamma(self.concentration, self._shape(sample_shape)) / self.rate

    def log_prob(self, value: Any) -> Tensor:
        value, a = self._checked(value), self.concentration
        return xlogy(a, self.rate) + xlogy(a - 1, value) - self.rate * value - lgamma(a)

    def entropy(self) -> Tensor:
        a = self.concentration
        return a - log(self.rate) + lgamma(a) + (1 - a) * digamma(a)

    def cdf(self, value: Any) -> Tensor:
        return igamma(self.concentration, self.rate * self._checked(value))

    mean = property(lambda self: self.concentration / self.rate)
    mode = property(lambda self: ((self.concentration - 1) / self.rate).clamp(min=0))
    variance = property(lambda self: self.concentration / square(self.rate))


class Chi2(Gamma):
    """The sum of df squared standard normals: Gamma(df / 2, 1 / 2)."""

    arg_constraints = {"df": constraints.positive}

    def __init__(self, df: Any, validate_args: bool | None = None) -> None:
        (self.df,) = parameters(df)
        super().__init__(self.df / 2, 0.5, validate_args)


class Beta(Distribution):
    """p(x) = x^(a-1) (1 - x)^(b-1) / B(a, b): concentration1 a, concentration0 b. Draws are differentiable once."""

    arg_constraints = {"concentration1": constraints.positive, "concentration0": constraints.positive}
    support = constraints.unit_interval
    has_rsample = True

    def __init__(self, concentration1: Any, concentration0: Any, validate_args: bool | None = None) -> None:
        self.concentration1, self.concentration0 = parameters(concentration1, concentration0)
        super().__init__(self.concentration1.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._shape(sample_shape)
        x, y = (standard_log_gamma(c, shape) for c in (self.concentration1, self.concentration0))
        return inside(sigmoid(x - y))

    def _norm(self) -> Tensor:
        """log B(a, b)."""
        return log_beta(self.concentration1, self.concentration0)

    def log_prob(self, value: Any) -> Tensor:
        value = self._checked(value)
        return xlogy(self.concentration1 - 1, value) + xlogy(self.concentration0 - 1, 1 - value) - self._norm()

    def entropy(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return self._norm() - (a - 1) * digamma(a) - (b - 1) * digamma(b) + (a + b - 2) * digamma(a + b)

    mean = property(lambda self: self.concentration1 / (self.concentration1 + self.concentration0))

    @property
    def mode(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        inner = (a - 1) / (a + b - 2)
        ends = where(a > b, 1.0, where(a < b, 0.0, math.nan))
        return where((a > 1) & (b > 1), inner, where((a >= 1) & (b >= 1) & (a + b > 2), where(a > 1, 1.0, 0.0), ends))

    @property
    def variance(self) -> Tensor:
        a, b = self.concentration1, self.concentration0
        return a * b / (square(a + b) * (a + b + 1))


class Dirichlet(Distribution):
    """Vectors of shares: p(x) = Π x_i^(a_i - 1) / B(a), for concentrations a of shape (..., k). Draws are differentiable once."""

    arg_constraints = {"concentration": constraints.Constraint("vectors of numbers above 0", lambda x: (x > 0).all(-1), event_dim=1)}
    support = constraints.simplex
    has_rsample = True

    def __init__(self, concentration: Any, validate_args: bool | None = None) -> None:
        (self.concentration,) = parameters(concentration)
        super().__init__(self.concentration.shape[:-1], self.concentration.shape[-1:], validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return inside(softmax(standard_log_gamma(self.concentration, self._shape(sample_shape)), -1))

    def log_prob(self, value: Any) -> Tensor:
        a = self.concentration
        return sum(xlogy(a - 1, self._checked(value)), -1) + lgamma(sum(a, -1)) - sum(lgamma(a), -1)

    def entropy(self) -> Tensor:
        a = self.concentration
        total, k = sum(a, -1), a.shape[-1]
        return sum(lgamma(a), -1) - lgamma(total) - (k - total) * digamma(total) - sum((a - 1) * digamma(a), -1)

    mean = property(lambda self: self.concentration / sum(self.concentration, -1, keepdim=True))

    @property
    def mode(self) -> Tensor:
        above = (self.concentration - 1).clamp(min=0)
        corner = np.eye(above.shape[-1], dtype=above.dtype)[self.concentration.detach().numpy().argmax(-1)]
        nowhere = (self.concentration < 1).all(-1, keepdim=True)
        return where(nowhere, corner, above / where(nowhere, 1.0, sum(above, -1, keepdim=True)))

    @property
    def variance(self) -> Tensor:
        total = sum(self.concentration, -1, keepdim=True)
        return self.concentration * (total - self.concentration) / (square(total) * (total + 1))


class StudentT(Distribution):
    """loc + scale times a standard normal over √(chi² / df): heavier in the tails than a normal. Draws are differentiable once."""

    arg_constraints = {"df": constraints.positive, "loc": constraints.real, "scale": constraints.positive}
    has_rsample = True

    def __init__(self, df: Any, loc: Any = 0.0, scale: Any = 1.0, validate_args: bool | None = None) -> None:
        self.df, self.loc, self.scale = parameters(df, loc, scale)
        super().__init__(self.df.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._shape(sample_shape)
        chi2 = standard_gamma(self.df / 2, shape) * 2
        return self.loc + self.scale * self._normal(shape) * rsqrt(chi2 / self.df)

    def _norm(self) -> Tensor:
        half = self.df / 2
        return log(self.scale) + log(self.df) / 2 + 0.5 * math.log(math.pi) + lgamma(half) - lgamma(half + 0.5)

    def log_prob(self, value: Any) -> Tensor:
        z = (self._checked(value) - self.loc) / self.scale
        return -(self.df + 1) / 2 * log1p(square(z) / self.df) - self._norm()

    def entropy(self) -> Tensor:
        half = self.df / 2
        return self._norm() + (half + 0.5) * (digamma(half + 0.5) - digamma(half))

    mean = property(lambda self: where(self.df > 1, self.loc, math.nan))
    mode = property(lambda self: self.loc)

    @property
    def variance(self) -> Tensor:
        finite = square(self.scale) * self.df / (self.df - 2).clamp(min=1e-30)
        return where(self.df > 2, finite, where(self.df > 1, math.inf, math.nan))


class InverseGamma(OfRate):
    """1 / x of a gamma number x. Draws are differentiable once."""

    support = constraints.positive

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.rate / standard_gamma(self.concentration, self._shape(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        value, a = self._checked(value), self.concentration
        return a * log(self.rate) - (a + 1) * log(value) - self.rate / value - lgamma(a)

    def entropy(self) -> Tensor:
        a = self.concentration
        return a + log(self.rate) + lgamma(a) - (1 + a) * digamma(a)

    def cdf(self, value: Any) -> Tensor:
        return 1 - igamma(self.concentration, self.rate / self._checked(value))

    mean = property(lambda self: where(self.concentration > 1, self.rate / (self.concentration - 1).clamp(min=1e-30), math.inf))
    mode = property(lambda self: self.rate / (self.concentration + 1))

    @property
    def variance(self) -> Tensor:
        a = self.concentration.clamp(min=2)
        return where(self.concentration > 2, square(self.rate) / (square(a - 1) * (a - 2).clamp(min=1e-30)), math.inf)


class FisherSnedecor(Distribution):
    """(x / df1) / (y / df2) of chi² numbers of df1 and df2 degrees of freedom. Draws are differentiable once."""

    arg_constraints = {"df1": constraints.positive, "df2": constraints.positive}
    support = constraints.positive
    has_rsample = True

    def __init__(self, df1: Any, df2: Any, validate_args: bool | None = None) -> None:
        self.df1, self.df2 = parameters(df1, df2)
        super().__init__(self.df1.shape, validate_args=validate_args)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        shape = self._shape(sample_shape)
        return (standard_gamma(self.df1 / 2, shape) / self.df1) / (standard_gamma(self.df2 / 2, shape) / self.df2)

    def log_prob(self, value: Any) -> Tensor:
        value, a, b, ratio = self._checked(value), self.df1 / 2, self.df2 / 2, self.df1 / self.df2
        return a * log(ratio) - log_beta(a, b) + xlogy(a - 1, value) - (a + b) * log1p(ratio * value)

    def entropy(self) -> Tensor:
        a, b = self.df1 / 2, self.df2 / 2
        return log_beta(a, b) + log(b / a) + (1 - a) * digamma(a) - (1 + b) * digamma(b) + (a + b) * digamma(a + b)

    mean = property(lambda self: where(self.df2 > 2, self.df2 / (self.df2 - 2).clamp(min=1e-30), math.nan))
    mode = property(lambda self: where(self.df1 > 2, (self.df1 - 2) / self.df1 * self.df2 / (self.df2 + 2), math.nan))

    @property
    def variance(self) -> Tensor:
        n, m = self.df1, self.df2.clamp(min=4)
        finite = 2 * square(m) * (n + m - 2) / (n * square(m - 2) * (m - 4).clamp(min=1e-30))
        return where(self.df2 > 4, finite, math.nan)


__all__ = ["Beta", "Chi2", "Dirichlet", "FisherSnedecor", "Gamma", "InverseGamma", "StudentT"]
