"""What every distribution is: parameters that broadcast to a batch, draws, densities, moments."""
from __future__ import annotations

import math
from typing import Any, ClassVar, Self

import numpy as np

from autograd import random, tracing
from autograd.creation import tensor
from autograd.distributions.constraints import Constraint, real
from autograd.dtypes import get_default_dtype
from autograd.errors import ArgumentError, ShapeError, message
from autograd.modes import no_grad
from autograd.ops import broadcast_tensors, sqrt
from autograd.ops import exp as exponential
from autograd.ops.special import lgamma
from autograd.tensor import Tensor

Shape = tuple[int, ...]


class Distribution:
    """A family of distributions with parameters: ``sample``, ``log_prob``, ``entropy``, ``mean``, ``variance`` ...

    Shapes: parameters broadcast to ``batch_shape``, one distribution each; one draw of each has ``event_shape``, () for numbers.
    ``sample((5,))`` is (5, *batch_shape, *event_shape), and ``log_prob`` of that is (5, *batch_shape).

    validate_args  whether parameters and values are checked (they are, unless this is False)
    """

    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    support: Any = real
    has_rsample = False

    def __init__(self, batch_shape: Shape = (), event_shape: Shape = (), validate_args: bool | None = None) -> None:
        self.batch_shape, self.event_shape = tuple(batch_shape), tuple(event_shape)
        self._validate = validate_args is not False
        for name, constraint in self.arg_constraints.items() if self._validate else ():
            if isinstance(value := getattr(self, name, None), Tensor):
                self._require(value, constraint, "", f"{name}: {constraint} are required", "check how it was computed")

    # ── draws ──

    def sample(self, sample_shape: Any = ()) -> Tensor:
        """Draws that are constants: no gradient flows to the parameters."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        """Draws as a differentiable function of the parameters and of noise that does not depend on them (``has_rsample``)."""
        raise NotImplementedError(message(
            f"{type(self).__name__}.rsample", "a distribution whose draws move with its parameters is required", "another",
            "use sample() with log_prob() (REINFORCE), or a relaxed distribution",
        ))  # fmt: skip

    def _shape(self, sample_shape: Any) -> Shape:
        """The shape of draws."""
        return (*(sample_shape if isinstance(sample_shape, tuple | list) else (sample_shape,)), *self.batch_shape, *self.event_shape)

    def _dtype(self) -> Any:
        """The dtype of draws: that of the parameters."""
        first = next((value for name in self.arg_constraints if isinstance(value := self.__dict__.get(name), Tensor)), None)
        return first.dtype if first is not None and first.dtype.kind == "f" else get_default_dtype()

    def _normal(self, shape: Shape) -> Tensor:
        return Tensor._wrap(random.draw_normal(type(self).__name__, shape, self._dtype(), None))

    def _uniform(self, shape: Shape) -> Tensor:
        """Uniform in (0, 1): 0 itself is left out, for logarithms follow."""
        values = random.draw_uniform(type(self).__name__, shape, self._dtype(), None)
        return Tensor._wrap(np.maximum(values, np.finfo(values.dtype).tiny))

    # ── densities and moments ──

    def log_prob(self, value: Any) -> Tensor:
        """The logarithm of the density, or of the probability, at value."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """-E[log_prob], in nats."""
        raise NotImplementedError

    def cdf(self, value: Any) -> Tensor:
        """The probability of at most value."""
        raise NotImplementedError

    def icdf(self, value: Any) -> Tensor:
        """The quantile: the inverse of cdf."""
        raise NotImplementedError

    mean: Any = property(lambda self: (_ for _ in ()).throw(NotImplementedError))
    mode: Any = property(lambda self: (_ for _ in ()).throw(NotImplementedError))
    variance: Any = property(lambda self: (_ for _ in ()).throw(NotImplementedError))

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return sqrt(self.variance)

    def perplexity(self) -> Tensor:
        """exp(entropy)."""
        return exponential(self.entropy())

    # ── shapes ──

    def expand(self, batch_shape: Any) -> Self:
        """The same with parameters that are repeated to another batch shape."""
        made = type(self).__new__(type(self))
        made.__dict__.update(self.__dict__)
        batch_shape = tuple(batch_shape)
        for name, value in self.__dict__.items():
            if isinstance(value, Tensor):
                made.__dict__[name] = value.expand((*batch_shape, *value.shape[len(self.batch_shape) :]))
            elif isinstance(value, Distribution):
                made.__dict__[name] = value.expand((*batch_shape, *value.batch_shape[len(self.batch_shape) :]))
        made.batch_shape = batch_shape
        return made

    def _given(self, value: Any) -> Tensor:
        """A value as a tensor."""
        return value if isinstance(value, Tensor) else tensor(value, dtype=self._dtype())

    def _checked(self, value: Any) -> Tensor:
        """A value that log_prob, cdf or icdf was asked for."""
        value = self._given(value)
        if (n := len(self.event_shape)) and tuple(value.shape[-n:]) != self.event_shape:
            required = f"values whose last dims are {self.event_shape} are required"
            raise ShapeError(message(f"{type(self).__name__}.log_prob", required, f"shape {tuple(value.shape)}"))
        if self._validate:
            support = self.support
            required = f"values in the support are required: {support}"
            self._require(value, support, ".log_prob", required, "pass validate_args=False for -inf or NaN instead")
        return value

    def _require(self, value: Tensor, constraint: Constraint, method: str, required: str, remedy: str) -> None:
        """Raise where values are not inside: now, and in each run of a compiled function."""
        name = type(self).__name__ + method
        tracing.check(require_inside, value.detach().numpy(), constraint.holds, name, required, remedy, *constraint.bounds)

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{name}: {value.item():.4g}" if value.numel() == 1 else f"{name}: {tuple(value.shape)}"
            for name in self.arg_constraints if isinstance(value := self.__dict__.get(name), Tensor)
        )  # fmt: skip
        return f"{type(self).__name__}({shown})"


class ByQuantile(Distribution):
    """A distribution whose draws are quantiles of uniform ones."""

    has_rsample = True

    def rsample(self, sample_shape: Any = ()) -> Tensor:
        return self.icdf(self._uniform(self._shape(sample_shape)))


def require_inside(array: Any, holds: Any, name: str, required: str, remedy: str, *bounds: Any) -> None:
    """Raise, with the first value that is not where it should be."""
    inside = np.atleast_1d(holds(array, *bounds))
    if not inside.all():
        first = array[tuple(np.argwhere(~inside)[0])] if array.ndim else array
        raise ArgumentError(message(name, required, str(first)[:60], remedy))


def parameters(*values: Any) -> list[Tensor]:
    """Numbers and tensors as tensors of one shape and a floating-point dtype."""
    given = [value.dtype for value in values if isinstance(value, Tensor) and value.dtype.kind == "f"]
    dtype = np.result_type(*given) if given else get_default_dtype()
    made = [value if isinstance(value, Tensor) else tensor(value, dtype=dtype) for value in values]
    return list(broadcast_tensors(*[value if value.dtype.kind == "f" else value.to(dtype) for value in made]))


def one_of(name: str, probs: Any, logits: Any) -> bool:
    """Whether probs was given, and not logits; it must be one of them."""
    if (probs is None) == (logits is None):
        given = "neither" if probs is None else "both"
        raise ArgumentError(message(name, "either probs or logits is required", given, "pass the one that you have"))
    return probs is not None


def log_beta(a: Tensor, b: Tensor) -> Tensor:
    """log B(a, b)."""
    return lgamma(a) + lgamma(b) - lgamma(a + b)


EULER = 0.57721566490153286061
HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
