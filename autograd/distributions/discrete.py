"""Distributions of counts, of outcomes and of choices. Their draws are constants: learn through log_prob, or a relaxed distribution."""
from __future__ import annotations

import math
from typing import Any

import numpy as np

from autograd import random
from autograd.distributions import constraints
from autograd.distributions.distribution import Distribution, one_of, parameters
from autograd.dtypes import float32, float64, int64
from autograd.errors import ShapeError, message
from autograd.ops import exp, log, log1p, log_softmax, logit, logsigmoid, sigmoid, softmax, softplus, sum, take_along_dim, where
from autograd.ops.special import lgamma, xlogy
from autograd.tensor import Tensor

EPS = {float32: 1.1920929e-07, float64: 2.220446049250313e-16}


def away_from_ends(probs: Tensor) -> Tensor:
    """Probabilities whose logarithms are finite, on both sides."""
    eps = EPS.get(probs.dtype, 1e-3)
    return probs.clamp(eps, 1 - eps)


class TwoWays(Distribution):
    """What is given by the probability of one of two outcomes, or by its logit."""

    def __init__(self, probs: Any, logits: Any, validate_args: bool | None, *more: Any) -> None:
        self._by_probs = one_of(type(self).__name__, probs, logits)
        name = "probs" if self._by_probs else "logits"
        (self.__dict__[name], *self._more) = parameters(probs if self._by_probs else logits, *more)
        super().__init__(self.__dict__[name].shape, validate_args=validate_args)

    def __getattr__(self, name: str) -> Any:
        if name == "probs" and "logits" in self.__dict__:
            return sigmoid(self.logits)
        if name == "logits" and "probs" in self.__dict__:
            return logit(away_from_ends(self.probs))
        raise AttributeError(name)


class Bernoulli(TwoWays):
    """1 with probability probs (or sigmoid(logits)), else 0."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.boolean

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(probs, logits, validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape, p = self._shape(sample_shape), self.probs.detach()
        return (self._uniform(shape) < p).to(p.dtype)

    def log_prob(self, value: Any) -> Tensor:
        value = self._checked(value)
        return value * logsigmoid(self.logits) + (1 - value) * logsigmoid(-self.logits)

    def entropy(self) -> Tensor:
        return softplus(self.logits) - self.probs * self.logits

    mean = property(lambda self: self.probs)
    mode = property(lambda self: where(self.probs == 0.5, math.nan, (self.probs >= 0.5).to(self.probs.dtype)))
    variance = property(lambda self: self.probs * (1 - self.probs))


class Geometric(TwoWays):
    """The number of failures before the first success: p(k) = (1 - probs)^k probs."""

    arg_constraints = {"probs": constraints.positive_probability, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(probs, logits, validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        shape, p = self._shape(sample_shape), self.probs.detach()
        return (log(self._uniform(shape)) / log1p(-p)).floor()

    def log_prob(self, value: Any) -> Tensor:
        value, p = self._checked(value), self.probs
        return xlogy(value, 1 - p) + log(p)

    def entropy(self) -> Tensor:
        p = self.probs
        return -(xlogy(1 - p, 1 - p) + xlogy(p, p)) / p

    mean = property(lambda self: 1 / self.probs - 1)
    mode = property(lambda self: self.probs * 0)
    variance = property(lambda self: (1 / self.probs - 1) / self.probs)


class Binomial(TwoWays):
    """The number of successes among total_count tries of probability probs."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}

    def __init__(self, total_count: Any = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(probs, logits, validate_args, total_count)

    @property
    def total_count(self) -> Tensor:
        """The number of tries."""
        return self._more[0]

    @property
    def support(self) -> Any:
        return constraints.integer_interval(0, self.total_count.numpy())

    def sample(self, sample_shape: Any = ()) -> Tensor:
        def draw(generator: Any, n: Any, p: Any, shape: Any) -> Any:
            return np.asarray(generator.binomial(n.astype(np.int64), p.astype(np.float64), shape), p.dtype)

        n, p = self.total_count.numpy(), self.probs.detach().numpy()
        return Tensor._wrap(random.together(draw, None, n, p, self._shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        value, n = self._checked(value), self.total_count
        ways = lgamma(n + 1) - lgamma(value + 1) - lgamma(n - value + 1)
        return ways + value * logsigmoid(self.logits) + (n - value) * logsigmoid(-self.logits)

    def entropy(self) -> Tensor:
        n = int(self.total_count.max())
        if bool((self.total_count != n).any()):
            raise ShapeError(message("Binomial.entropy", "one total_count is required", "several", "ask each distribution by itself"))
        k = Tensor(np.arange(n + 1, dtype=self.total_count.dtype).reshape(-1, *[1] * len(self.batch_shape)))
        probabilities = Binomial(self.total_count, logits=self.logits, validate_args=False).log_prob(k)
        return -sum(exp(probabilities) * probabilities, 0)

    mean = property(lambda self: self.total_count * self.probs)
    mode = property(lambda self: ((self.total_count + 1) * self.probs).floor().minimum(self.total_count))
    variance = property(lambda self: self.total_count * self.probs * (1 - self.probs))


class NegativeBinomial(TwoWays):
    """The number of successes, of probability probs each, before total_count failures (which need not be a whole number)."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}
    support = constraints.nonnegative_integer

    def __init__(self, total_count: Any, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(probs, logits, validate_args, total_count)

    @property
    def total_count(self) -> Tensor:
        """The number of failures."""
        return self._more[0]

    def sample(self, sample_shape: Any = ()) -> Tensor:
        def draw(generator: Any, n: Any, logits: Any, shape: Any) -> Any:
            rate = generator.standard_gamma(np.broadcast_to(n, shape).astype(np.float64)) * np.exp(logits.astype(np.float64))
            return np.asarray(generator.poisson(rate), logits.dtype)

        n, logits = self.total_count.detach().numpy(), self.logits.detach().numpy()
        return Tensor._wrap(random.together(draw, None, n, logits, self._shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        value, n = self._checked(value), self.total_count
        return lgamma(n + value) - lgamma(1 + value) - lgamma(n) + n * logsigmoid(-self.logits) + value * logsigmoid(self.logits)

    mean = property(lambda self: self.total_count * exp(self.logits))
    mode = property(lambda self: ((self.total_count - 1) * exp(self.logits)).floor().clamp(min=0))
    variance = property(lambda self: self.mean / sigmoid(-self.logits))


class Poisson(Distribution):
    """The number of what happens at a rate in one unit of time: p(k) = rate^k exp(-rate) / k!."""

    arg_constraints = {"rate": constraints.nonnegative}
    support = constraints.nonnegative_integer

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        (self.rate,) = parameters(rate)
        super().__init__(self.rate.shape, validate_args=validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return random.poisson(self.rate.detach().expand(self._shape(sample_shape)))

    def log_prob(self, value: Any) -> Tensor:
        value = self._checked(value)
        return xlogy(value, self.rate) - self.rate - lgamma(value + 1)

    mean = variance = property(lambda self: self.rate)
    mode = property(lambda self: self.rate.floor())


class Choices(Distribution):
    """What is given by weights of k choices along the last dim, or by their logits."""

    arg_constraints = {"probs": constraints.nonnegative_vector, "logits": constraints.real_vector}

    def __init__(self, probs: Any, logits: Any, event_shape: bool, validate_args: bool | None) -> None:
        by_probs = one_of(type(self).__name__, probs, logits)
        name = "probs" if by_probs else "logits"
        (given,) = parameters(probs if by_probs else logits)
        if given.ndim < 1:
            required = f"{name} of shape (..., k) are required"
            raise ShapeError(message(type(self).__name__, required, "a 0-d tensor", "pass one weight per choice"))
        self.__dict__[name] = given
        self._choices = given.shape[-1]
        super().__init__(given.shape[:-1], given.shape[-1:] if event_shape else (), validate_args)
        self.__dict__[name] = given / sum(given, -1, keepdim=True) if by_probs else log_softmax(given, -1)

    def __getattr__(self, name: str) -> Any:
        if name == "probs" and "logits" in self.__dict__:
            return softmax(self.logits, -1)
        if name == "logits" and "probs" in self.__dict__:
            return log(away_from_ends(self.probs))
        raise AttributeError(name)

    def _drawn(self, sample_shape: Any) -> Any:
        """Indices of choices as an array of shape (*sample_shape, *batch_shape)."""
        lead = sample_shape if isinstance(sample_shape, tuple | list) else (sample_shape,)

        def draw(generator: Any, probs: Any, shape: Any) -> Any:
            totals = np.cumsum(probs.astype(np.float64), -1)
            draws = generator.random(shape) * totals[..., -1:]
            return np.asarray(np.minimum((draws >= totals).sum(-1), probs.shape[-1] - 1), np.int64)

        return random.together(draw, None, self.probs.detach().numpy(), (*lead, *self.batch_shape, 1))

    def entropy(self) -> Tensor:
        logits = self.logits
        lowest = float(np.finfo(logits.dtype).min)
        return -sum(logits.clamp(min=lowest) * self.probs, -1)


class Categorical(Choices):
    """One of k choices, by its index: weights probs (normalised here) or logits, of shape (..., k)."""

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(probs, logits, False, validate_args)

    @property
    def support(self) -> Any:
        return constraints.integer_interval(0, self._choices - 1)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return Tensor._wrap(self._drawn(sample_shape))

    def log_prob(self, value: Any) -> Tensor:
        index = self._checked(value).to(int64)
        shape = np.broadcast_shapes(index.shape, self.batch_shape)
        logits = self.logits.expand((*shape, self._choices))
        return take_along_dim(logits, index.expand(shape).unsqueeze(-1), -1).squeeze(-1)

    mean = variance = property(lambda self: Tensor(np.full(self.batch_shape, math.nan, self.probs.dtype)))
    mode = property(lambda self: self.probs.argmax(-1))


class OneHotCategorical(Choices):
    """One of k choices, as a vector of zeros with one 1."""

    support = constraints.one_hot

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        super().__init__(probs, logits, True, validate_args)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        return Tensor._wrap((self._drawn(sample_shape)[..., None] == np.arange(self._choices)).astype(self.probs.dtype))

    def log_prob(self, value: Any) -> Tensor:
        return sum(self._checked(value) * self.logits, -1)

    mean = property(lambda self: self.probs)
    mode = property(lambda self: Tensor._wrap(np.eye(self._choices, dtype=self.probs.dtype)[self.probs.argmax(-1).numpy()]))
    variance = property(lambda self: self.probs * (1 - self.probs))


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """``OneHotCategorical`` whose draws have the gradient of probs: of the way straight through (Bengio, Léonard and Courville 2013)."""

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.sample(sample_shape) + (self.probs - self.probs.detach())


class Multinomial(Choices):
    """How often each of k choices comes up in total_count draws."""

    def __init__(self, total_count: int = 1, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self.total_count = int(total_count)
        super().__init__(probs, logits, True, validate_args)

    @property
    def support(self) -> Any:
        return constraints.multinomial(self.total_count)

    def sample(self, sample_shape: Any = ()) -> Tensor:
        def draw(generator: Any, probs: Any, count: int, shape: Any) -> Any:
            p = probs.astype(np.float64)
            return generator.multinomial(count, p / p.sum(-1, keepdims=True), shape).astype(probs.dtype)

        lead = sample_shape if isinstance(sample_shape, tuple | list) else (sample_shape,)
        return Tensor._wrap(random.together(draw, None, self.probs.detach().numpy(), self.total_count, (*lead, *self.batch_shape)))

    def log_prob(self, value: Any) -> Tensor:
        value = self._checked(value)
        ways = lgamma(sum(value, -1) + 1) - sum(lgamma(value + 1), -1)
        return ways + sum(where(value == 0, 0.0, value * self.logits), -1)

    def entropy(self) -> Tensor:
        n = self.total_count
        counts = Tensor(np.arange(1, n + 1, dtype=self.probs.dtype).reshape(-1, *[1] * (len(self.batch_shape) + 1)))
        chances = exp(Binomial(n, probs=self.probs, validate_args=False).log_prob(counts))
        return n * super().entropy() - math.lgamma(n + 1) + sum(chances * lgamma(counts + 1), (0, -1))

    mean = property(lambda self: self.total_count * self.probs)
    variance = property(lambda self: self.total_count * self.probs * (1 - self.probs))


__all__ = [
    "Bernoulli", "Binomial", "Categorical", "Geometric", "Multinomial", "NegativeBinomial", "OneHotCategorical",
    "OneHotCategoricalStraightThrough", "Poisson",
]  # fmt: skip
