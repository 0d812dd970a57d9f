"""Random programs over tensors: ops, views, writes, gradients, updates. Compiled they do what they do uncompiled, call after call."""
from __future__ import annotations

import numpy as np
import pytest
from beside_eager import compare
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import autograd as ag
from autograd import Tensor

UNARY = {
    "tanh": ag.tanh, "sin": ag.sin, "abs": ag.abs, "neg": lambda a: -a,
    "half": lambda a: a * 0.5, "one more": lambda a: 1 + a, "relu": ag.relu,
    "softmax": lambda a: ag.softmax(a, -1), "sum": lambda a: a.sum(),
    "last": lambda a: a.sum(-1, keepdim=True), "first": lambda a: a.mean(0),
    "T": lambda a: a.T, "flip": lambda a: ag.flip(a, (0,)), "row": lambda a: a[1],
    "column": lambda a: a[:, 2], "block": lambda a: a[1:, ::2],
    "flat": lambda a: a.reshape(-1), "clone": lambda a: a.clone(),
    "detach": lambda a: a.detach(), "copy": lambda a: a * 1, "max": lambda a: a.amax(0),
    "sort": lambda a: ag.sort(a.reshape(-1))[0],
    "gather": lambda a: a[ag.argsort(a[:, 0].detach())], "cumsum": lambda a: ag.cumsum(a, 0) * 0.2,
}  # fmt: skip
BINARY = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: ag.tanh(a) * b,
    "max": ag.maximum, "where": lambda a, b: ag.where(a > b, a, b),
    "div": lambda a, b: a / (1 + b * b), "cat": lambda a, b: ag.cat([a.reshape(-1), b.reshape(-1)]),
    "matmul": lambda a, b: a @ ag.tanh(b.T) * 0.2,
    "stack": lambda a, b: ag.stack([a, b]).mean(0),
}  # fmt: skip
WRITES = {
    "add_": lambda a, b: a.add_(b), "mul_": lambda a, b: a.mul_(0.5), "tanh_": lambda a, b: a.tanh_(), "copy_": lambda a, b: a.copy_(b),
    "number": lambda a, b: a.__setitem__(0, 2.0),
    "part": lambda a, b: a.__setitem__(slice(1, None), b[1:]), "zero_": lambda a, b: a.zero_(),
    "fill": lambda a, b: a.__setitem__((Ellipsis, 0), -1.0), "sub_": lambda a, b: a.__isub__(b * 0.5),
}  # fmt: skip
STEP = st.one_of(
    st.tuples(st.just("unary"), st.sampled_from(sorted(UNARY)), st.integers(0, 30), st.just(0)),
    st.tuples(st.just("binary"), st.sampled_from(sorted(BINARY)), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("write"), st.sampled_from(sorted(WRITES)), st.integers(0, 30), st.integers(0, 30)),
    st.tuples(st.just("made"), st.sampled_from(["zeros", "ones", "arange"]), st.just(0), st.just(0)),
)
PROGRAMS = st.lists(STEP, min_size=2, max_size=12)
ANY_SHAPE = ("tanh", "sin", "abs", "neg", "half", "one more", "relu", "sum", "clone", "detach", "copy")


def made(name):
    tensor = {"zeros": lambda: ag.zeros(3, 4), "ones": lambda: ag.ones(3, 4), "arange": lambda: ag.arange(12.0).reshape(3, 4)}[name]()
    return tensor.to(ag.float64)


def fits(*values):
    return all(v.ndim == 2 and v.shape[0] > 1 and v.shape[1] > 2 for v in values)


def run(program, values):
    """Carry out the steps that the shapes allow, and return what was made."""
    values = list(values)
    given = len(values)
    for kind, name, i, j in program:
        a, b = values[i % len(values)], values[j % len(values)]
        if kind == "made":
            values.append(made(name))
        elif kind == "write":
            if a.shape == b.shape and a.ndim:
                WRITES[name](a, b)
        elif kind == "unary":
            if fits(a) or name in ANY_SHAPE:
                values.append(UNARY[name](a))
        elif a.shape == b.shape and (name != "matmul" or fits(a, b)):
            values.append(BINARY[name](a, b))
    return [v * 1 for v in values[given:]] + [v.sum() for v in values]


def eager_runs(function, *args):
    """Whether the program is one that works at all: an error of eager's is not the subject here."""
    try:
        function(*args)
    except Exception:  # noqa: BLE001
        return False
    return True


def data(calls, requires_grad=False):
    rng = np.random.default_rng(1)
    return [tuple(Tensor(rng.standard_normal((3, 4)), requires_grad=requires_grad) for _ in range(2)) for _ in range(calls)]


def check_values(program):
    """Arguments and a tensor from outside are written to; everything is returned."""

    def make():
        w = Tensor(np.linspace(-1, 1, 12).reshape(3, 4))

        def function(x, y):
            return run(program, [x, y, w])

        return function, [w]

    if eager_runs(make()[0], *data(1)[0]):
        compare(make, data(4), captures=1)


def check_gradients(program, outside):
    """The values are recorded from the first step on; gradients of the arguments, and of a leaf from outside."""

    def make():
        w = Tensor(np.linspace(-1, 1, 12).reshape(3, 4), requires_grad=True)

        def function(x, y):
            values = run(program, [x * 1, y * 1, w * 1])
            loss = sum((v * (k + 1)).sum() for k, v in enumerate(values) if v.requires_grad)
            return loss if outside else (loss.detach(), ag.grad(loss, [x, y, w], allow_unused=True))

        return function, [w]

    plain, leaves = make()

    def whole(*args):
        return ag.grad(plain(*args), [*args, *leaves], allow_unused=True) if outside else plain(*args)

    if not eager_runs(whole, *data(1, requires_grad=True)[0]):
        return
    if not outside:
        compare(make, data(3, requires_grad=True), captures=1)
        return
    (plain, (v,)), (other, (w,)) = make(), make()
    compiled = ag.compile(other)
    for args in data(3, requires_grad=True):
        found, expected = compiled(*args), plain(*args)
        np.testing.assert_allclose(found.item(), expected.item(), 1e-9, 1e-9)
        for a, b in zip(ag.grad(found, [*args, w], allow_unused=True), ag.grad(expected, [*args, v], allow_unused=True), strict=True):
            assert (a is None) == (b is None)
            if a is not None:
                np.testing.assert_allclose(a.numpy(), b.numpy(), 1e-9, 1e-9)


def check_updates(program):
    """The loss of a random program is descended: gradients, momentum and parameters live on between the calls."""

    def make():
        w = Tensor(np.linspace(-1, 1, 12).reshape(3, 4), requires_grad=True)
        m = ag.zeros(3, 4, dtype=ag.float64)

        def step(x, y):
            w.grad = None
            values = run(program, [w * x, y * 1, w * 2])
            loss = sum((v * v).mean() for v in values)
            loss.backward()
            with ag.no_grad():
                m.mul_(0.9).add_(w.grad)
                w.sub_(ag.clamp(m, -1, 1) * 0.01)
            return loss.detach()

        return step, [w, m]

    if eager_runs(make()[0], *data(1)[0]):
        compare(make, data(4))


def examples(count):
    """Few and always the same, not reduced to the shortest: ``test_many`` is for that."""
    return settings(max_examples=count, deadline=None, derandomize=True, database=None, phases=[Phase.generate])


@examples(40)
@given(PROGRAMS)
def test_values(program):
    check_values(program)


@examples(30)
@given(PROGRAMS)
def test_gradients_inside(program):
    check_gradients(program, outside=False)


@examples(30)
@given(PROGRAMS)
def test_gradients_outside(program):
    check_gradients(program, outside=True)


@examples(25)
@given(PROGRAMS)
def test_updates(program):
    check_updates(program)


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(PROGRAMS, st.sampled_from(["values", "inside", "outside", "updates"]))
def test_many(program, kind):
    if kind == "values":
        check_values(program)
    elif kind == "updates":
        check_updates(program)
    else:
        check_gradients(program, outside=kind == "outside")
