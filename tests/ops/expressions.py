"""Random expressions over elementwise, reduction, shape and product ops, and what must hold of each: PyTorch's values, dtypes and
gradients where it is installed, and derivatives that finite differences confirm."""
from __future__ import annotations

import contextlib
import functools
import importlib.util
import math
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st
from test_generated import FUNCTIONS, is_shape
from test_parity import in_torch

import autograd
from autograd import Tensor
from autograd.op import REGISTRY

DEPTH, LARGEST = 8, 200  # of an expression; of an array in it
TORCH = importlib.util.find_spec("torch") is not None


class Rule(NamedTuple):
    """One way to go on: ``function(library, *values, **params)``, with params drawn for these values, None if they do not fit."""

    function: Any
    params: Any = lambda draw, *values: {}
    count: int = 1
    domains: tuple[tuple[float, float] | None, ...] = (None,)


class Step(NamedTuple):
    """A rule on values that are there already."""

    name: str
    inputs: tuple[int, ...]
    params: dict[str, Any]


class Expression(NamedTuple):
    """Arrays to begin with, and the steps from there; the last is the result."""

    leaves: list[np.ndarray]
    steps: list[Step]


# ── rules ──

RULES: dict[str, Rule] = {
    "squash": Rule(lambda library, x, low, high: called(library, "sigmoid")(x) * (high - low) + low),
}


@functools.cache
def called(library, name):
    """The function of this name: of this library, or of PyTorch."""
    return FUNCTIONS[name] if library is autograd else in_torch(library, name)


def named(name, **fields):
    return Rule(lambda library, *xs, **params: called(library, name)(*xs, **params), **fields)


LEFT_OUT = {
    "keep", "larger", "smaller", "larger_number", "smaller_number", "between", "cast",  # the engine's own
    "variance", "deviation", "log_odds", "psi", "trunc_divide", "logistic_loss", "bernoulli_loss",  # the same
    "lcm", "bitwise_left_shift", "bitwise_right_shift",  # of large integers: what overflows is left open
    "ldexp", "atan2", "where",  # differ from PyTorch's: see test_parity
    "nextafter",  # has no derivative, and changes nothing that finite differences see
}  # fmt: skip


def elementwise_rules():
    for name, op in REGISTRY.items():
        pointwise = op.elementwise or name in ("digamma", "ndtr", "relu6", "hardsigmoid", "hardswish", "selu", "sgn", "maximum", "minimum")
        sample = op.samples[0] if op.samples else None
        if not pointwise or op.arity not in (1, 2) or name in LEFT_OUT or sample is None or sample.params:
            continue
        if all(is_shape(arg) for arg in sample.args) and len(sample.args) == op.arity:
            params = {"sign": of_numbers, "sgn": of_numbers, "heaviside": of_numbers, "copysign": without_zeros}.get(name, broadcastable)
            yield name, named(name, count=op.arity, domains=(sample.domain,) * op.arity, params=params)


def broadcastable(draw, *values):
    try:
        np.broadcast_shapes(*(v.shape for v in values))
    except ValueError:
        return None
    return {}


def of_numbers(draw, *values):
    """PyTorch's sign of NaN is 0, and so is its heaviside."""
    return None if any(np.isnan(x.numpy()).any() for x in values) else broadcastable(draw, *values)


def without_zeros(draw, *values):
    """There copysign has its kink, also where copysign(x, x) has none."""
    return broadcastable(draw, *values) if all((x.numpy() != 0).all() for x in values) else None


def a_dim(draw, x, *rest):
    return {"dim": draw(st.integers(-x.ndim, x.ndim - 1))} if x.ndim else None


def dims(draw, x):
    """Some dims, or all of them; kept or not."""
    chosen = draw(st.lists(st.integers(0, x.ndim - 1), min_size=1, max_size=x.ndim, unique=True)) if x.ndim else [0]
    chosen = [dim - x.ndim * draw(st.booleans()) for dim in chosen] if x.ndim else [-1]
    return {"dim": tuple(chosen), "keepdim": draw(st.booleans())}


def elements(draw, x):
    """The same where there is something to reduce."""
    return dims(draw, x) if x.numel() else None


def one_of_dims(draw, x, *rest):
    return a_dim(draw, x) if x.numel() else None


def floating(params):
    return lambda draw, *values: params(draw, *values) if all(v.dtype.kind == "f" for v in values) else None


def uncounted(draw, x):
    return {"dim": dims(draw, x)["dim"]} if x.numel() else None


def spread(draw, x):
    """Of equal elements, the standard deviation is the root of what rounding has left: a kink."""
    params = elements(draw, x)
    return params if params is not None and (x.numpy().std(axis=tuple(params["dim"]) if x.ndim else None) > 1e-3).all() else None


def reductions():
    for names, params, domain in (
        ("sum nansum", dims, None),
        ("mean nanmean var logsumexp vector_norm", floating(elements), None),
        ("std", floating(spread), None),
        ("amax amin all any", elements, None),
        ("count_nonzero", uncounted, None),
        ("cumsum diff argmax argmin", one_of_dims, None),
        ("prod cumprod", one_of_dims, (-2.0, 2.0)),
        ("logcumsumexp softmax log_softmax", floating(one_of_dims), None),
    ):
        for name in names.split():
            yield name, named(name, params=params, domains=(domain,))


def a_part(draw, x):
    """A stretch of a dim."""
    if not x.ndim:
        return None
    dim = draw(st.integers(0, x.ndim - 1))
    start = draw(st.integers(0, x.shape[dim]))
    return {"dim": dim, "start": start, "length": draw(st.integers(0, x.shape[dim] - start))}


def an_order(draw, x):
    return {"dims": tuple(draw(st.permutations(range(x.ndim))))}


def another_shape(draw, x):
    sizes = [n for n in x.shape if n != 1]
    cut, ones = draw(st.integers(0, len(sizes))), draw(st.integers(0, 1))
    return {"shape": (math.prod(sizes[:cut]), math.prod(sizes[cut:]), *[1] * ones)}


def more(draw, x):
    return {"size": (*[draw(st.integers(1, 3))] * draw(st.integers(0, 1)), *[draw(st.integers(2, 3)) if n == 1 else n for n in x.shape])}


def alike(draw, *values):
    x = values[0]
    fits = x.ndim and all(v.shape == x.shape for v in values)
    return a_dim(draw, x) if fits else None


def a_new_dim(draw, *values):
    x = values[0]
    return {"dim": draw(st.integers(-x.ndim - 1, x.ndim))} if all(v.shape == x.shape for v in values) else None


def a_diagonal(draw, x):
    return {"diagonal": draw(st.integers(-2, 2))} if x.ndim > 1 else None


def an_index(draw, x):
    """One of each kind that there is of indices."""
    if not x.numel() or not x.ndim:
        return None
    n = x.shape[0]
    rows = draw(st.lists(st.integers(-n, n - 1), min_size=1, max_size=4))
    return {"index": draw(st.sampled_from([0, -1, slice(None, None, 2), slice(1, None), None, Ellipsis, rows]))}


def a_product(draw, a, b):
    if not (a.ndim and b.ndim and a.dtype == b.dtype and a.dtype.kind == "f"):
        return None
    fits = a.shape[-1] == b.shape[max(b.ndim - 2, 0)]
    return broadcastable(draw, *(np.empty(v.shape[:-2]) for v in (a, b))) if fits else None


def vectors(draw, a, b):
    return {} if a.ndim == b.ndim == 1 and a.dtype == b.dtype else None


def matrices(draw, a, b):
    return {} if a.ndim == b.ndim == 2 and a.shape[0] == b.shape[0] and a.dtype == b.dtype and a.dtype.kind == "f" else None


ELEMENTWISE = dict(elementwise_rules())
RULES |= ELEMENTWISE | dict(reductions())
RULES |= {
    "where": Rule(lambda library, c, a, b: library.where(c > 0, a, b), broadcastable, 3),
    "clamp": Rule(lambda library, x: library.clamp(x, -0.73, 1.13), floating(lambda draw, x: {})),
    "power": Rule(lambda library, x, exponent: x**exponent, lambda draw, x: {"exponent": draw(st.integers(0, 3))}, 1, ((-2, 2),)),
    "number": Rule(lambda library, x, number: number - x * number, lambda draw, x: {"number": draw(st.sampled_from([2, 0.5, -1.5, True]))}),
    "reshape": Rule(lambda library, x, shape: x.reshape(shape), another_shape),
    "permute": Rule(lambda library, x, dims: x.permute(dims), an_order),
    "movedim": Rule(lambda library, x, dim: library.movedim(x, dim, 0), a_dim),
    "squeeze": Rule(lambda library, x: x.squeeze()),
    "unsqueeze": Rule(lambda library, x, dim: x.unsqueeze(dim), a_new_dim),
    "expand": Rule(lambda library, x, size: x.expand(size), more),
    "narrow": Rule(lambda library, x, **params: library.narrow(x, **params), a_part),
    "flip": Rule(lambda library, x, dim: library.flip(x, (dim,)), a_dim),
    "roll": Rule(lambda library, x, dim: library.roll(x, 2, dim), a_dim),
    "tril": Rule(lambda library, x, diagonal: library.tril(x, diagonal), a_diagonal),
    "triu": Rule(lambda library, x, diagonal: library.triu(x, diagonal), a_diagonal),
    "diagonal": Rule(lambda library, x, diagonal: library.diagonal(x, diagonal), a_diagonal),
    "index": Rule(lambda library, x, index: x[index], an_index),
    "flat": Rule(lambda library, x: x.flatten()),
    "pad": Rule(lambda library, x: called(library, "pad")(x, (1, 2)), lambda draw, x: {} if x.ndim else None),
    "tile": Rule(lambda library, x: library.tile(x, (2, 1))),
    "sort": Rule(lambda library, x, dim: library.sort(x, dim)[0], one_of_dims),
    "cat": Rule(lambda library, a, b, dim: library.cat([a, b], dim), alike, 2),
    "stack": Rule(lambda library, a, b, dim: library.stack([a, b], dim), a_new_dim, 2),
    "matmul": Rule(lambda library, a, b: a @ b, a_product, 2),
    "outer": Rule(lambda library, a, b: library.outer(a, b), vectors, 2),
    "einsum": Rule(lambda library, a, b: library.einsum("ki,kj->ij", a, b), matrices, 2),
    "tensordot": Rule(lambda library, a, b: library.tensordot(a, b, ([0], [0])), matrices, 2),
    "kron": Rule(lambda library, a, b: library.kron(a, b), vectors, 2),
}
if TORCH:
    torch = importlib.import_module("torch")

    def comparable(name):
        """Whether PyTorch has an op of this name, and does not leave the graph in it without a word."""
        function = in_torch(torch, name)
        if function is None or name not in ELEMENTWISE:
            return function is not None
        x = torch.full((2,), 0.5, dtype=torch.float64, requires_grad=True)
        return function(*[x] * RULES[name].count).requires_grad or not REGISTRY[name].differentiable

    RULES = {name: rule for name, rule in RULES.items() if name not in REGISTRY or comparable(name)}
NAMES = sorted(set(RULES) - {"squash"})

# ── expressions ──


@st.composite
def leaf(draw):
    """An array of up to three dims, rarely empty, mostly of floats."""
    shape = draw(st.lists(st.sampled_from([1, 2, 3, 3, 4, 0]), max_size=3))
    dtype = draw(st.sampled_from(["float64", "float64", "float64", "float32", "int64", "bool"]))
    values = np.random.default_rng(draw(st.integers(0, 999))).uniform(-2, 2, shape)
    return np.asarray(np.rint(2 * values) if dtype == "int64" else values > 0 if dtype == "bool" else values).astype(dtype)


@st.composite
def expressions(draw):
    """An expression of at most this depth; each step takes at least one of the latest values."""
    leaves = draw(st.lists(leaf(), min_size=1, max_size=3))
    values, depths, steps = [Tensor(x) for x in leaves], [0] * len(leaves), []

    def add(name, inputs, params):
        """Take the step, if there is a result and it is small."""
        with np.errstate(all="ignore"):
            try:
                y = RULES[name].function(autograd, *(values[i] for i in inputs), **params)
            except autograd.errors.DtypeError:  # no such op on integers, or on bools
                return None
        if math.prod(y.shape) > LARGEST or y.dtype.kind == "c":
            return None
        values.append(y)
        depths.append(1 + max(depths[i] for i in inputs))
        steps.append(Step(name, tuple(inputs), params))
        return len(values) - 1

    for name in draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=14)):
        rule, low = RULES[name], [i for i, depth in enumerate(depths) if depth < DEPTH - 1]
        inputs = [low[-1 - draw(st.integers(0, min(2, len(low) - 1)))], *(draw(st.sampled_from(low)) for _ in range(rule.count - 1))]
        params = rule.params(draw, *(values[i] for i in inputs))
        if params is None:
            continue
        for k, domain in enumerate(rule.domains * rule.count if len(rule.domains) < rule.count else rule.domains):
            x = values[inputs[k]].numpy()
            if domain is not None and not ((x >= domain[0]) & (x <= domain[1])).all() and x.dtype.kind != "b":
                squashed = add("squash", [inputs[k]], {"low": domain[0], "high": domain[1]})
                if squashed is not None:
                    inputs[k] = squashed
        add(name, inputs, params)
    return Expression(leaves, steps)


def evaluate(library, expression, leaves, refused=()):
    """The value of every step, up to one that this library refuses."""
    values = list(leaves)
    with contextlib.suppress(*refused):
        for step in expression.steps:
            values.append(RULES[step.name].function(library, *(values[i] for i in step.inputs), **step.params))
    return values[len(leaves) :]


# ── what must hold ──


def result(library, expression, tensor, grad, arrays, refused=()):
    """(values of the steps, gradients of the floating-point leaves for settled weights of the last; None where there are none)."""
    leaves = [tensor(x.copy()) for x in arrays]
    xs = [x.requires_grad_() for x, array in zip(leaves, arrays, strict=True) if array.dtype.kind == "f"]
    values = evaluate(library, expression, leaves, refused)
    y = values[-1] if values else None
    if y is None or not y.requires_grad or not xs:
        return values, None
    weights = tensor(np.random.default_rng(0).uniform(0.5, 1.5, tuple(y.shape)).astype(str(y.dtype).removeprefix("torch.")))
    with contextlib.suppress(*refused):
        return values, grad([y], xs, [weights], allow_unused=True)
    return values, None


def check_against_torch(expression):
    """Values and dtypes of all steps are PyTorch's, and the gradients too, unless NaN or infinity comes up on the way."""
    refused = RuntimeError, TypeError, NotImplementedError
    expected, their_gradients = result(torch, expression, torch.from_numpy, torch.autograd.grad, expression.leaves, refused)
    expression = expression._replace(steps=expression.steps[: len(expected)])
    found, gradients = result(autograd, expression, Tensor, autograd.grad, expression.leaves)
    theirs = [*(Tensor(x) for x in expression.leaves), *(Tensor(y.numpy(force=True)) for y in expected)]
    for step, a, b in zip(expression.steps, found, expected, strict=True):
        assert str(a.dtype) == str(b.dtype).removeprefix("torch."), f"{step.name}: {a.dtype}, {b.dtype} in PyTorch"
        try:
            close(a, b, step.name)
        except AssertionError:  # near a jump, rounding further up may be the reason: then it is right on PyTorch's own inputs
            close(RULES[step.name].function(autograd, *(theirs[i] for i in step.inputs), **step.params), b, step.name)
            return
    if their_gradients is None or not all(np.isfinite(y.numpy(force=True)).all() for y in expected):
        return
    for a, b in zip(gradients, their_gradients, strict=True):
        if a is not None or b is not None:
            try:
                close(np.zeros(b.shape) if a is None else a, np.zeros(a.shape) if b is None else b, "gradient")
            except AssertionError:
                if check_by_differences(expression):
                    raise
                return  # at a kink: both are subgradients


def close(a, b, what):
    a, b = (np.asarray(part if isinstance(part, np.ndarray) else part.numpy(force=True)) for part in (a, b))
    assert a.shape == b.shape, f"{what}: shape {a.shape}, {b.shape} in PyTorch"
    tolerance = 1e-6 if a.dtype == b.dtype == np.float64 else 2e-3
    scale = np.abs(b[np.isfinite(b)]).max(initial=1.0) if b.dtype.kind == "f" else 1
    np.testing.assert_allclose(a, b, tolerance, tolerance * scale, err_msg=what)


def check_by_differences(expression):
    """The gradient along a random direction is the difference quotient, in float64. False near kinks, jumps and infinity."""
    arrays = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in expression.leaves]
    rng = np.random.default_rng(1)
    directions = [rng.standard_normal(x.shape) if x.dtype.kind == "f" else 0 * x for x in arrays]
    default = autograd.get_default_dtype()
    autograd.set_default_dtype(np.float64)
    try:
        values, gradients = result(autograd, expression, Tensor, autograd.grad, arrays)
        if gradients is None:
            return False
        y = values[-1]
        weights = np.random.default_rng(0).uniform(0.5, 1.5, y.shape)

        def at(h):
            moved = [Tensor(x + h * d if x.dtype.kind == "f" else x) for x, d in zip(arrays, directions, strict=True)]
            return float((evaluate(autograd, expression, moved)[-1].numpy() * weights).sum())

        if not all(np.isfinite(value.detach().numpy()).all() for value in values):
            return False
        here = at(0)
        quotients = [(at(h) - at(-h)) / (2 * h) for h in (2e-5, 1e-5)] + [(at(h) - here) / h for h in (1e-5, -1e-5)]
    finally:
        autograd.set_default_dtype(default)
    along = [d for x, d in zip(arrays, directions, strict=True) if x.dtype.kind == "f"]
    slope = sum(float((g.numpy() * d).sum()) for g, d in zip(gradients, along, strict=True) if g is not None)
    size = 1 + abs(quotients[1]) + float(np.abs(y.detach().numpy()).sum())
    if not np.isfinite(quotients).all() or abs(quotients[0] - quotients[1]) > 1e-5 * size or np.ptp(quotients[2:]) > 2e-4 * size:
        return False
    assert abs(slope - quotients[1]) <= 1e-4 * size, f"gradient {slope}, difference quotient {quotients[1]}"
    return True
