"""Random numbers: generators, seeds, new tensors of random values, and the methods that fill tensors with them."""
from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd import tracing
from autograd.arrays import as_array
from autograd.creation import checked, filled_like, finished, number, shape_of
from autograd.device import CPU
from autograd.device import device as Device
from autograd.dtypes import REAL_PARTS, get_default_dtype, int64
from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from autograd.inplace import assign
from autograd.op import with_out
from autograd.tensor import Tensor

# ── generators ──


class Generator:
    """A stream of random numbers with a seed of its own. Every function here takes one as ``generator=``."""

    device = CPU

    def __init__(self, device: Any = "cpu") -> None:
        Device(device)
        self.manual_seed(67280421310721)  # PyTorch's

    def manual_seed(self, seed: int) -> Generator:
        """Start anew: the same seed, the same numbers."""
        if not -(2**63) <= seed < 2**64:
            raise ArgumentError(message("manual_seed", "a seed of 64 bits is required", str(seed), "use a smaller number"))
        self._seed = seed % 2**64
        self.numpy = np.random.default_rng(self._seed)
        return self

    def seed(self) -> int:
        """Start anew from a seed that nobody can foresee, and return it."""
        return self.manual_seed(secrets.randbits(63)).initial_seed()

    def initial_seed(self) -> int:
        """The seed this stream started from."""
        return self._seed

    def get_state(self) -> Tensor:
        """Where the stream stands, as a tensor of bytes."""
        state = {"seed": self._seed, **self.numpy.bit_generator.state}
        return Tensor._wrap(np.frombuffer(json.dumps(state).encode(), np.uint8).copy())

    def set_state(self, state: Tensor) -> Generator:
        """Go on from a state that ``get_state`` returned."""
        try:
            values = json.loads(as_array(state).tobytes())
            self.manual_seed(values.pop("seed")).numpy.bit_generator.state = values
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArgumentError(message(
                "set_state", "a state that get_state() returned is required", "something else", str(error),
            )) from error  # fmt: skip
        return self

    def clone_state(self) -> Generator:
        """A second generator that stands where this one does."""
        return Generator().set_state(self.get_state())

    def __reduce__(self) -> tuple[Any, ...]:
        return _generator, (self.get_state(),)


def _generator(state: Tensor) -> Generator:
    return Generator().set_state(state)


default_generator = Generator()
default_generator.seed()


def manual_seed(seed: int) -> Generator:
    """Seed the stream that is used where no generator is given."""
    return default_generator.manual_seed(seed)


def seed() -> int:
    """Seed that stream from a seed that nobody can foresee, and return it."""
    return default_generator.seed()


def initial_seed() -> int:
    """The seed that stream started from."""
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """Where that stream stands, as a tensor of bytes."""
    return default_generator.get_state()


def set_rng_state(state: Tensor) -> None:
    """Let that stream go on from there."""
    default_generator.set_state(state)


@contextmanager
def fork_rng() -> Iterator[None]:
    """Draws in this block leave the stream outside it as it was."""
    state = get_rng_state()
    try:
        yield
    finally:
        set_rng_state(state)


# ── draws as arrays: in the precision asked for, where NumPy has it ──

Shape = tuple[int, ...]


def rng(generator: Generator | None) -> np.random.Generator:
    """The NumPy generator behind. In a captured function, one whose draws are drawn anew in each replay."""
    generator = default_generator if generator is None else generator
    return Redrawn(generator) if tracing.is_compiling() else generator.numpy  # type: ignore[return-value]


class Redrawn:
    """The methods of a NumPy generator, as instructions of the program that is being captured."""

    def __init__(self, generator: Generator) -> None:
        self.generator = generator

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def draw(*args: Any, **kwargs: Any) -> Any:
            return getattr(self.generator.numpy, name)(*args, **kwargs)  # asked for anew: manual_seed replaces it

        draw.__name__ = name
        return lambda *args, **kwargs: tracing.draw(draw, *args, **kwargs)


def together(draw: Callable[..., Any], generator: Generator | None, *args: Any) -> Any:
    """``draw(numpy_generator, *args)`` as a single call, whatever happens in it: in a captured function, made anew in each replay."""
    source = default_generator if generator is None else generator

    def drawn(*args: Any) -> Any:
        return draw(source.numpy, *args)

    drawn.__name__ = draw.__name__
    return tracing.draw(drawn, *args)


def draw_uniform(name: str, shape: Shape, dtype: Any, generator: Generator | None) -> Any:
    """Uniform in [0, 1)."""
    if dtype.kind == "c":
        part = draw_uniform(name, (*shape, 2), REAL_PARTS[dtype], generator)
        return part.view(dtype)[..., 0]
    if dtype == np.float16:  # a float32 just below 1 would round up to it
        return (rng(generator).integers(0, 2048, shape, dtype=np.uint16) / np.float32(2048)).astype(dtype)
    return as_array(rng(generator).random(shape, dtype=drawn(name, dtype)))


def draw_normal(name: str, shape: Shape, dtype: Any, generator: Generator | None) -> Any:
    """Normal of mean 0 and variance 1; of a complex number, half the variance in each part."""
    if dtype.kind == "c":
        part = draw_normal(name, (*shape, 2), REAL_PARTS[dtype], generator)
        return part.view(dtype)[..., 0] * part.dtype.type(0.5**0.5)
    return as_array(rng(generator).standard_normal(shape, dtype=drawn(name, dtype))).astype(dtype, copy=False)


def draw_exponential(name: str, shape: Shape, dtype: Any, generator: Generator | None) -> Any:
    """Exponential of rate 1."""
    return as_array(rng(generator).standard_exponential(shape, dtype=drawn(name, dtype))).astype(dtype, copy=False)


def drawn(name: str, dtype: Any) -> Any:
    """The dtype to draw in: float64 for float64, else float32, which takes half the time."""
    if dtype.kind != "f":
        raise DtypeError(message(name, "a floating-point dtype is required", str(dtype), "leave dtype out, or draw integers with randint"))
    return np.float64 if dtype == np.float64 else np.float32


# ── new tensors ──


@with_out
def rand(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False, **sizes: Any
) -> Tensor:
    """Uniform in [0, 1): ``rand(2, 3)`` or ``rand((2, 3))``."""
    shape, dtype = shape_of("rand", size, sizes), checked(dtype, device) or get_default_dtype()
    return finished(draw_uniform("rand", shape, dtype, generator), requires_grad)


@with_out
def randn(
    *size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False, **sizes: Any
) -> Tensor:
    """Normal of mean 0 and variance 1: ``randn(2, 3)`` or ``randn((2, 3))``."""
    shape, dtype = shape_of("randn", size, sizes), checked(dtype, device) or get_default_dtype()
    return finished(draw_normal("randn", shape, dtype, generator), requires_grad)


@with_out
def randint(
    low: Any = 0, high: Any = None, size: Any = None, *,
    generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Integers from low up to, not including, high: ``randint(low, high, size)`` or ``randint(high, size)``."""
    if size is None:
        low, high, size = 0, low, high
    if not isinstance(size, tuple | list):
        raise DtypeError(message("randint", "a size in parentheses is required", repr(size), "write randint(low, high, (2, 3))"))
    low, high = number("randint", low), number("randint", high)
    if low >= high:
        raise ArgumentError(message(
            "randint", "low < high is required", f"low={low}, high={high}", "high itself is never drawn: add 1 to it",
        ))  # fmt: skip
    return finished(rng(generator).integers(low, high, shape_of("randint", (size,))).astype(checked(dtype, device) or int64), requires_grad)


@with_out
def randperm(n: int, *, generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """The integers from 0 to n - 1 in random order: (n,)."""
    (n,) = shape_of("randperm", (n,))
    return finished(rng(generator).permutation(n).astype(checked(dtype, device) or int64), requires_grad)


def rand_like(
    input: Any, *,
    generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Uniform in [0, 1), of the shape and dtype of input."""

    def fill(shape: Shape, kind: Any) -> Any:
        return draw_uniform("rand_like", shape, kind, generator)

    return filled_like("rand_like", fill, input, dtype, device, requires_grad)


def randn_like(
    input: Any, *,
    generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Normal of mean 0 and variance 1, of the shape and dtype of input."""

    def fill(shape: Shape, kind: Any) -> Any:
        return draw_normal("randn_like", shape, kind, generator)

    return filled_like("randn_like", fill, input, dtype, device, requires_grad)


def randint_like(
    input: Any, low: Any = 0, high: Any = None, *,
    generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False, memory_format: Any = None,
) -> Tensor:  # fmt: skip
    """Integers from low (0 if only high is given) up to, not including, high, of the shape and dtype of input."""
    low, high = (0, low) if high is None else (low, high)
    dtype = dtype or input.dtype
    return randint(low, high, tuple(input.shape), generator=generator, dtype=dtype, device=device, requires_grad=requires_grad)


@with_out
def normal(
    mean: Any, std: Any = 1.0, size: Any = None, *,
    generator: Generator | None = None, dtype: Any = None, device: Any = None, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Normal of the given mean and standard deviation: tensors that broadcast, or two numbers and a size. No gradient flows to them."""
    dtype = checked(dtype, device)
    scale, shift = as_array(std), as_array(mean)
    if (scale < 0).any():
        raise ArgumentError(message(
            "normal", "a standard deviation of 0 or more is required", str(scale.min()), "check how it was computed",
        ))  # fmt: skip
    shape = np.broadcast_shapes(scale.shape, shift.shape) if size is None else shape_of("normal", (size,))
    if dtype is None:
        given = [value.dtype for value in (scale, shift) if value.ndim and value.dtype.kind in "fc"]
        dtype = np.result_type(*given) if given else get_default_dtype()
    return finished((draw_normal("normal", shape, dtype, generator) * scale + shift).astype(dtype, copy=False), requires_grad)


@with_out
def bernoulli(input: Any, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that input (or p, for all) says, else 0; of the shape and dtype of input. No gradient flows to it."""
    model = as_array(input)
    chances = model if p is None else np.asarray(p, np.float64)
    return finished(draw_bernoulli("bernoulli", chances, model.shape, generator).astype(model.dtype))


def draw_bernoulli(name: str, chances: Any, shape: Shape, generator: Generator | None) -> Any:
    """True with the given probabilities."""
    if chances.dtype.kind != "f":
        raise DtypeError(message(name, "floating-point probabilities are required", str(chances.dtype), "convert first: x.float()"))
    if not ((chances >= 0) & (chances <= 1)).all():
        raise ArgumentError(message(
            name, "probabilities from 0 to 1 are required", f"{chances.min()} to {chances.max()}", "apply sigmoid() to logits",
        ))  # fmt: skip
    return draw_uniform(name, shape, np.dtype(drawn(name, chances.dtype)), generator) < chances


@with_out
def multinomial(input: Any, num_samples: int, replacement: bool = False, *, generator: Generator | None = None) -> Tensor:
    """Indices drawn with the weights in each row of input: (k,) -> (num_samples,), (n, k) -> (n, num_samples)."""
    weights = as_array(input)
    if weights.ndim not in (1, 2) or weights.shape[-1] == 0 or num_samples < 1:
        raise ShapeError(message(
            "multinomial", "one or more samples of weights (k,) or (n, k) are required",
            f"{num_samples} of {weights.shape}", "reshape the weights",
        ))  # fmt: skip
    tracing.check(require_weights, weights, num_samples, replacement)
    indices = together(chosen if replacement else ranked, generator, weights, num_samples)
    return finished(indices.astype(np.int64).reshape(*weights.shape[:-1], num_samples))


def require_weights(weights: Any, num_samples: int, replacement: bool) -> None:
    """Raise unless so many can be drawn with these weights."""
    if weights.dtype.kind != "f" or not np.isfinite(weights).all() or (weights < 0).any() or not (weights.sum(-1) > 0).all():
        raise ArgumentError(message(
            "multinomial", "finite floats of 0 or more, some of them above 0, are required",
            str(weights.dtype), "pass probabilities, as from softmax()",
        ))  # fmt: skip
    if not replacement and num_samples > (weights > 0).sum(-1).min():
        raise ArgumentError(message(
            "multinomial", f"at least {num_samples} weights above 0 are required without replacement",
            str((weights > 0).sum(-1).min()), "pass replacement=True",
        ))  # fmt: skip


def chosen(generator: np.random.Generator, weights: Any, num_samples: int) -> Any:
    """Indices with replacement: (..., k) -> (..., num_samples), rows one below the other."""
    totals = np.atleast_2d(weights.astype(np.float64)).cumsum(-1)
    draws = generator.random((len(totals), num_samples)) * totals[:, -1:]
    return np.stack([np.searchsorted(total, draw, side="right") for total, draw in zip(totals, draws, strict=True)])


def ranked(generator: np.random.Generator, weights: Any, num_samples: int) -> Any:
    """Indices without replacement: those with the smallest of exponential waiting times."""
    rows = np.atleast_2d(weights.astype(np.float64))
    with np.errstate(divide="ignore"):
        waits = generator.standard_exponential(rows.shape) / rows
    return np.argsort(waits, axis=-1)[:, :num_samples]


def poisson(input: Any, *, generator: Generator | None = None) -> Tensor:
    """Counts of the given rates, in their dtype. No gradient flows to them."""
    rates = as_array(input)
    tracing.check(require_rates, rates)
    return finished(as_array(rng(generator).poisson(rates)).astype(rates.dtype))


def require_rates(rates: Any) -> None:
    """Raise unless these are floats of 0 or more."""
    if rates.dtype.kind != "f" or not (rates >= 0).all():
        raise ArgumentError(message(
            "poisson", "floating-point rates of 0 or more are required", str(rates.dtype), "apply exp() or softplus() to them",
        ))  # fmt: skip


# ── methods that fill a tensor: x.normal_() ──


def filled(target: Tensor, name: str, draw: Callable[..., Any], generator: Generator | None, finish: Callable[[Any], Any]) -> Tensor:
    """Fill target with draws in its own dtype."""
    values = finish(draw(name, target.shape, target.dtype, generator))
    return assign(target, Tensor._wrap(as_array(values).astype(target.dtype, copy=False)), name)


def ordered(name: str, ok: bool, required: str, given: str) -> None:
    """Raise unless the parameters of a distribution are valid."""
    if not ok:
        raise ArgumentError(message(name, f"{required} is required", given, "check the parameters of the distribution"))


def check_kind(name: str, target: Tensor, kinds: str) -> None:
    """Raise unless the dtype is one that this distribution has numbers for."""
    if target.dtype.kind not in kinds:
        raise DtypeError(message(name, "a dtype that holds what is drawn is required", str(target.dtype), "draw into a tensor of floats"))


def normal_(input: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with normal values."""
    ordered("normal_", std >= 0, "std >= 0", f"std={std}")
    return filled(input, "normal_", draw_normal, generator, lambda z: z * std + mean)


def uniform_(input: Tensor, low: float = 0.0, to: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with values uniform in [low, to)."""
    ordered("uniform_", low <= to, "low <= to", f"{low} and {to}")
    return filled(input, "uniform_", draw_uniform, generator, lambda u: u * (to - low) + low)


def exponential_(input: Tensor, lambd: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with exponential values of the given rate."""
    ordered("exponential_", lambd > 0, "lambd > 0", f"lambd={lambd}")
    return filled(input, "exponential_", draw_exponential, generator, lambda e: e / lambd)


def log_normal_(input: Tensor, mean: float = 1.0, std: float = 2.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with exp of normal values."""
    check_kind("log_normal_", input, "f")
    ordered("log_normal_", std > 0, "std > 0", f"std={std}")
    return filled(input, "log_normal_", draw_normal, generator, lambda z: np.exp(z * std + mean))


def cauchy_(input: Tensor, median: float = 0.0, sigma: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Fill with Cauchy values."""
    check_kind("cauchy_", input, "f")
    ordered("cauchy_", sigma > 0, "sigma > 0", f"sigma={sigma}")
    return filled(input, "cauchy_", draw_uniform, generator, lambda u: median + sigma * np.tan(np.pi * (u - 0.5)))


def bernoulli_(input: Tensor, p: Any = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Fill with 1 with probability p (a number, or a tensor that broadcasts), else 0."""
    check_kind("bernoulli_", input, "fiub")
    values = draw_bernoulli("bernoulli_", as_array(p if hasattr(p, "dtype") else float(p)), input.shape, generator)
    return assign(input, Tensor._wrap(as_array(values).astype(input.dtype)), "bernoulli_")


def geometric_(input: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Fill with the number of tries up to the first success of probability p."""
    check_kind("geometric_", input, "fiu")
    ordered("geometric_", 0 < p < 1, "0 < p < 1", f"p={p}")
    return assign(input, Tensor._wrap(as_array(rng(generator).geometric(p, input.shape)).astype(input.dtype)), "geometric_")


def random_(input: Tensor, low: int | None = None, to: int | None = None, *, generator: Generator | None = None) -> Tensor:
    """Fill with integers: ``random_(to)``, ``random_(low, to)``; with no bounds, all from 0 that the dtype holds exactly."""
    check_kind("random_", input, "fiub")
    low, to = (0, low) if to is None else (low or 0, to)
    dtype = input.dtype
    lowest, highest = extremes(dtype)
    if to is None:
        to = 2 ** (np.finfo(dtype).nmant + 1) + 1 if dtype.kind == "f" else highest + 1
    ordered("random_", lowest <= low < to <= highest + 1, f"{lowest} <= low < to <= {highest + 1}", f"{low} and {to}")
    values = rng(generator).integers(low, to, input.shape, dtype=np.uint64 if to > 2**63 else np.int64)
    return assign(input, Tensor._wrap(as_array(values).astype(dtype)), "random_")


def extremes(dtype: Any) -> tuple[int, int]:
    """The smallest and the largest integer of a real dtype, and at most of 64 bits."""
    if dtype.kind == "b":
        return 0, 1
    if dtype.kind == "f":
        largest = min(int(np.finfo(dtype).max), 2**63 - 1)
        return -largest, largest
    return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)


__all__ = [
    "Generator", "default_generator", "manual_seed", "seed", "initial_seed", "get_rng_state", "set_rng_state", "fork_rng",
    "rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "bernoulli", "multinomial", "poisson",
]  # fmt: skip
