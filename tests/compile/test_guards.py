"""What a program depends on, what cannot be captured, what is left behind: shapes, branches, aliases, errors, versions."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from beside_eager import compare, copied, draws, gradients, refused, same

import autograd as ag
import nn
from autograd import Tensor
from autograd.compile import is_compiling
from autograd.errors import CaptureError, GraphError


def leaf(*values, dtype="float64"):
    return Tensor(np.array(values, dtype), requires_grad=True)


def scale(x):
    return x * 2 + 1


# ── signatures ──

X = np.arange(12.0).reshape(3, 4)
SIGNATURES = {
    "shapes": [Tensor(X), Tensor(X[:2]), Tensor(X[:1]), Tensor(X[0]), Tensor(X.reshape(2, 6))],
    "dtypes": [Tensor(X), Tensor(X.astype("f4")), Tensor(X.astype("f2")), Tensor(X.astype("i8")), Tensor(X > 3)],
    "strides": [Tensor(X), Tensor(X.T.copy().T), Tensor(X[::-1]),
        Tensor(np.repeat(X, 2, 1)[:, ::2]), Tensor(np.broadcast_to(X[0], (3, 4)))],
    "requires_grad": [Tensor(X), Tensor(X, requires_grad=True)],
    "arrays": [Tensor(X), X, X.astype("f4"), X[0]],
    "numbers": [1, 2, 2.0, -0.5, True, np.float64(2), np.float32(2)],
    "empty": [Tensor(X[:0]), Tensor(X[:, :0]), Tensor(np.zeros(()))],
}


@pytest.mark.parametrize("kind", SIGNATURES)
def test_each_signature_has_its_program(kind):
    def function(x, y):
        return x * y + y

    compiled = ag.compile(function)
    values = SIGNATURES[kind]
    for _ in range(3):
        for value in values:
            y = leaf(2.0)
            same(compiled(value, y), function(value, y), kind)
    assert len(compiled.programs) == len(values)


def test_zero_and_minus_zero_are_two_numbers():
    def function(x, a):
        return ag.copysign(x, a * ag.ones(()))

    compiled = ag.compile(function)
    for a in (0.0, -0.0, 0.0):
        same(compiled(ag.ones(2), a), function(ag.ones(2), a))


def test_nan_as_an_argument_is_one_signature():
    compiled = ag.compile(lambda x, a: x + a)
    for _ in range(3):
        assert np.isnan(compiled(ag.ones(2), float("nan")).numpy()).all()
    assert len(compiled.programs) == 1


def test_new_numbers_in_the_same_signature():
    compiled = ag.compile(scale)
    for x, in draws((3, 2), calls=4):
        same(compiled(x), scale(x))
    assert len(compiled.programs) == 1


class Point(NamedTuple):
    x: Tensor
    y: Tensor


A, B, C = (t for t, in draws((3,)))
STRUCTURES = {
    "tuple": ((A, B), (B, C)),
    "list": ([A, B], [B, C]),
    "dict": ({"a": A, "b": B}, {"a": C, "b": A}),
    "nested": ([{"a": (A, [B])}, 3], [{"a": (B, [C])}, 3]),
    "named tuple": (Point(A, B), Point(B, C)),
}


def flat(value):
    if isinstance(value, dict):
        value = list(value.values())
    return [value] if isinstance(value, Tensor) else [t for part in value for t in flat(part)] if isinstance(value, tuple | list) else []


@pytest.mark.parametrize("structure", STRUCTURES)
def test_structures_of_arguments(structure):
    def function(value):
        return sum(x * (i + 1) for i, x in enumerate(flat(value)))

    compiled = ag.compile(function)
    for value in (*STRUCTURES[structure], *STRUCTURES[structure]):
        same(compiled(value), function(value))
    assert len(compiled.programs) == 1


@pytest.mark.parametrize("structure", STRUCTURES)
def test_structures_of_arguments_that_require_grad(structure):
    def function(value):
        sum((x * x * (i + 1)).sum() for i, x in enumerate(flat(value))).backward()

    compiled = ag.compile(function)
    for value in STRUCTURES[structure]:
        found, expected = [[t.detach().clone().requires_grad_() for t in flat(value)] for _ in range(2)]
        rebuild = {"tuple": tuple, "list": list, "named tuple": Point._make}.get(structure, list)
        for _ in range(2):
            compiled(rebuild(found))
            function(rebuild(expected))
            same(gradients(found), gradients(expected))


def test_the_order_of_a_dict_does_not_mix_up_its_tensors():
    compiled = ag.compile(lambda value: value["a"] - value["b"])
    same(compiled({"a": A, "b": B}), A - B)
    same(compiled({"b": B, "a": A}), A - B)
    same(compiled({"a": B, "b": A}), B - A)
    with pytest.raises(KeyError):
        compiled({"a": A, "c": B})


def test_keyword_arguments():
    def function(x, *, y=None, times=1):
        return x * times if y is None else x * times + y

    compiled = ag.compile(function)
    for kwargs in ({}, {"y": A}, {"times": 2}, {"y": B, "times": 2}, {"times": 2, "y": C}, {}):
        same(compiled(A, **kwargs), function(A, **kwargs))


def test_grad_mode_is_part_of_the_signature():
    w = leaf(2.0, 3.0)
    compiled = ag.compile(lambda x: x * w)
    with ag.no_grad():
        assert not compiled(A[:2]).requires_grad
    y = compiled(A[:2])
    assert y.requires_grad
    y.sum().backward()
    same(w.grad, Tensor(A[:2].numpy().astype("f8")))
    with ag.no_grad():
        assert not compiled(A[:2]).requires_grad
    assert len(compiled.programs) == 2


def test_objects_are_compared_by_identity_or_value():
    def function(x, options):
        return x * options["scale"] if isinstance(options, dict) else x * len(options)

    compiled = ag.compile(function)
    for options in ({"scale": 2}, {"scale": 3}, "ab", "abc", frozenset("a"), {"scale": 2}):
        same(compiled(A, options), function(A, options))


class Settings:
    """Compared by identity: Python's default."""

    def __init__(self, scale):
        self.scale = scale


def test_other_objects_are_captured_anew():
    compiled = ag.compile(lambda x, s: x * s.scale)
    for s in (Settings(2), Settings(3)):
        same(compiled(A, s), A * s.scale)


def test_mutable_objects_that_do_not_hash():
    compiled = ag.compile(lambda x, s: x * len(s))
    for s in ({1, 2}, {1, 2, 3}, bytearray(b"ab")):
        same(compiled(A, s), A * len(s))


# ── what a capture cannot say ──


def branch(x):
    return x * 2 if x.sum() > 0 else x


def assertion(x):
    assert (x > -100).all()
    return x


def loop(x):
    while x.max() > 1:
        x = x / 2
    return x


REFUSED = {
    "branch": (branch, "x.sum() > 0"),
    "assert": (assertion, "(x > -100).all()"),
    "while": (loop, "x.max() > 1"),
    "item": (lambda x: x * x.sum().item(), "x.sum().item()"),
    "tolist": (lambda x: x * x.tolist()[0], "x.tolist()"),
    "bool": (lambda x: x if bool(x.sum()) else x * 2, "bool(x.sum())"),
    "float": (lambda x: x * float(x.sum()), "float(x.sum())"),
    "int": (lambda x: x * int(x.sum()), "int(x.sum())"),
    "complex": (lambda x: x * complex(x.sum()).real, "complex(x.sum())"),
    "index": (lambda x: x * [1, 2, 3][ag.argmax(x)], "ag.argmax(x)]"),
    "range": (lambda x: sum(x for _ in range(ag.argmax(x))), "range(ag.argmax(x))"),
    "format": (lambda x: f"{x.sum():.3f}" and x, "{x.sum():.3f}"),
    "asarray": (lambda x: x * np.asarray(x.detach()), "np.asarray(x.detach())"),
    "array": (lambda x: x * np.array(x.detach()), "np.array(x.detach())"),
    "in": (lambda x: x if 3.0 in x else x * 2, "3.0 in x"),
    "and": (lambda x: x.sum() and x, "x.sum() and x"),
    "max of two": (lambda x: max(x[0], x[1]) * x, "max(x[0], x[1])"),
    "sorted": (lambda x: sorted(x)[1], "sorted(x)"),
    "math": (lambda x: x * __import__("math").sqrt(x.sum()), "sqrt(x.sum())"),
    "allclose": (lambda x: x * ag.allclose(x, x), "ag.allclose(x, x)"),
    "nonzero": (lambda x: ag.nonzero(x), "ag.nonzero(x)"),
    "mask": (lambda x: x[x > 0], "x[x > 0]"),
    "mask of another": (lambda x: (x * 2)[x > 0].sum(), "(x * 2)[x > 0]"),
    "masked_select": (lambda x: ag.masked_select(x, x > 0), "ag.masked_select"),
    "unique": (lambda x: ag.unique(x), "ag.unique(x)"),
    "repeat": (lambda x: ag.repeat_interleave(x, (x > 0).to(ag.int64)), "ag.repeat_interleave"),
    "python list": (lambda x: ag.tensor([x[0], x[1]]), "ag.tensor([x[0], x[1]])"),
    "set": (lambda x: {float(v) for v in x} and x, "float(v)"),
    "equal": (lambda x: x if ag.equal(x, x) else x * 2, "ag.equal(x, x)"),
    "as a size": (lambda x: ag.zeros(ag.argmax(x)), "ag.zeros(ag.argmax(x))"),
    "as a slice": (lambda x: x[: ag.argmax(x) + 1], "x[: ag.argmax(x) + 1]"),
    "manual_seed": (lambda x: ag.manual_seed(ag.argmax(x)) or x, "ag.manual_seed("),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("requires_grad", [False, True])
def test_what_depends_on_values_is_refused_with_its_line(name, requires_grad):
    function, line = REFUSED[name]
    w = leaf(1.0, 2.0, 3.0)
    x = Tensor(np.array([1.0, -2.0, 3.0]), requires_grad=requires_grad)

    def whole(x):
        return function(x * w if requires_grad else x * 1)

    compiled = ag.compile(whole)
    for _ in range(2):
        with refused(line):
            compiled(x)
        assert not is_compiling()
        assert w.tolist() == [1, 2, 3]  # real again
        assert x.tolist() == [1, -2, 3]
    assert not compiled.programs
    same(ag.compile(scale)(x), scale(x))


WHERE_OF_ONE = {
    "indices": lambda x: ag.where(x > 0),
    "numpy": lambda x: np.where(x.detach().numpy() > 0),
    "used": lambda x: x[ag.where(x > 0)[0]] * 2,
    "summed": lambda x: (ag.where(x > 0)[0] + 1).sum(),
    "used by numpy": lambda x: np.take(x, np.where(x.detach().numpy() > 0)[0]) + 1,
}


@pytest.mark.parametrize("name", WHERE_OF_ONE)
def test_where_of_one_argument_is_refused_or_right(name):
    """Like nonzero, it has as many elements as values are true."""
    function = WHERE_OF_ONE[name]
    compiled = ag.compile(function)
    for x in ([1.0, -1.0, 2.0], [1.0, 1.0, 2.0], [-1.0, -1.0, 2.0], [1.0, -1.0, 3.0]):
        try:
            found = compiled(ag.tensor(x))
        except CaptureError:
            return
        same(found, function(ag.tensor(x)))


def test_the_gradient_of_an_argument_is_not_captured_anew():
    compiled, entries = ag.compile(lambda x: (x * x).sum().backward()), []
    for _ in range(4):
        compiled(leaf(1.0, 2.0))
        entries += [entry for entry in compiled.programs if entry not in entries]
    assert len(entries) == 1


FIXED = {
    "shape": lambda x: x.reshape(-1, 1) * x.shape[0] if x.ndim == 1 and len(x) > 2 else x,
    "dtype": lambda x: x.to(ag.float64) if x.dtype == ag.float32 else x,
    "constant": lambda x: x * 2 if ag.ones(()) else x,
    "constant, item": lambda x: x * ag.tensor(3.0).item(),
    "masked by where": lambda x: ag.where(x > 0, x, 0.0),
    "mask written": lambda x: (x * 1).masked_fill(x < 0, 9.0),
    "iteration": lambda x: sum(v * i for i, v in enumerate(x)),
    "is": lambda x: x * 2 if x is not None else x,
    "index by tensor": lambda x: x[ag.argsort(x)],
    "arg of max": lambda x: x[ag.argmax(x)],
    "numpy constant": lambda x: x * np.arange(3.0).sum(),
    "numpy function": lambda x: np.sin(x) + np.sum(x),
    "constant tensor": lambda x: x * ag.tensor([1.0, 2.0, 3.0]) + ag.eye(3)[0],
    "is_compiling": lambda x: x * 1,
}


@pytest.mark.parametrize("name", FIXED)
def test_what_does_not_depend_on_values_is_captured(name):
    function = FIXED[name]
    compare(lambda: (function, []), draws((3,)), captures=1)


# ── numbers from outside ──


def test_numbers_are_those_of_the_first_call_unless_dynamic():
    state = {"a": 2.0}
    fixed, live = ag.compile(lambda x: x * state["a"]), ag.compile(lambda x: x * ag.dynamic(lambda: state["a"]))
    same(fixed(A), A * 2)
    same(live(A), A * 2)
    state["a"] = 5.0
    same(fixed(A), A * 2)
    same(live(A), A * 5)
    assert len(live.programs) == 1
    assert ag.dynamic(lambda: 3.5) == 3.5


ARITHMETIC = {
    "add": lambda x, a: x + a, "radd": lambda x, a: a + x, "sub": lambda x, a: a - x, "mul": lambda x, a: x * a, "div": lambda x, a: x / a,
    "rdiv": lambda x, a: a / x, "pow": lambda x, a: abs(x) ** a, "rpow": lambda x, a: a**x, "neg": lambda x, a: x * -a,
    "numbers": lambda x, a: x * (2 * a + 1 - a / 4) ** 2, "two": lambda x, a: x * (a * a - a), "floordiv": lambda x, a: x * (a // 2),
    "mod": lambda x, a: x * (a % 2), "root": lambda x, a: x * a**0.5,
    "compared": lambda x, a: x > a, "in place": lambda x, a: (x * 1).mul_(a),
    "numpy": lambda x, a: np.add(x, a), "where": lambda x, a: ag.where(x > 0, x, a), "clamp": lambda x, a: ag.clamp(x, max=a),
    "full": lambda x, a: x + ag.full((3,), a), "list": lambda x, a: x + ag.tensor([a, a, a]), "abs": lambda x, a: x * abs(a),
    "round": lambda x, a: x * round(a), "max": lambda x, a: x * max(a, 1.0),
    "returned": lambda x, a: (x, a), "item written": lambda x, a: setitem(x, a),
    "pos": lambda x, a: x * +a, "addcmul": lambda x, a: ag.add(x, x, alpha=a), "lerp": lambda x, a: ag.lerp(x, x * 2, a),
}  # fmt: skip


def setitem(x, a):
    y = x * 1
    y[0] = a
    return y


@pytest.mark.parametrize("name", ARITHMETIC)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arithmetic_with_dynamic_numbers(name, dtype):
    """The right number in each call, or an error: never an old one."""
    function = ARITHMETIC[name]
    state = {"a": 1.0}
    compiled = ag.compile(lambda x: function(x, ag.dynamic(lambda: state["a"])))
    for a, (x,) in zip((2.5, 3.5, 7.0), draws((3,), dtype=dtype), strict=True):
        state["a"] = a
        try:
            found = compiled(x)
        except (CaptureError, TypeError):
            assert name in ("item written", "abs", "round", "returned", "pos", "full", "list", "clamp", "lerp", "addcmul")
            return
        same(found, function(x, a))


def test_a_decision_on_a_dynamic_number_is_watched():
    state = {"a": 1.0}

    def function(x):
        a = ag.dynamic(lambda: state["a"])
        return x * a if a > 2 else x - a

    compiled = ag.compile(function)
    for a in (1.0, 1.5, 3.0, 4.0, 0.5, 5.0):
        state["a"] = a
        same(compiled(A), A * a if a > 2 else A - a)


@pytest.mark.parametrize("test", ["a == 0", "a != 1", "not a", "a >= 1 and a < 3", "a", "2 > a", "0 < a <= 1"])
def test_kinds_of_decisions(test):
    state = {"a": 0.0}
    function = eval(f"lambda x, a: x * 2 if {test} else x + 1")
    compiled = ag.compile(lambda x: function(x, ag.dynamic(lambda: state["a"])))
    for a in (0.0, 1.0, 2.0, 5.0, 0.0):
        state["a"] = a
        same(compiled(A), function(A, a))


def test_a_step_count():
    state = {"n": 0}

    def step(x):
        return x / (1 - 0.9 ** ag.dynamic(lambda: state["n"]))

    compiled = ag.compile(step)
    for n in range(1, 6):
        state["n"] = n
        same(compiled(A), A / (1 - 0.9**n))
    assert len(compiled.programs) == 1


# ── tensors from outside ──


def test_a_closed_over_tensor_is_read_where_it_is():
    w = ag.ones(3)
    compiled = ag.compile(lambda x: x * w)
    same(compiled(A), A)
    w *= 3
    same(compiled(A), A * 3)
    w.data = ag.full((3,), 5.0)
    same(compiled(A), A * 5)


def test_a_closed_over_array_is_read_where_it_is():
    w = np.ones(3, "f4")
    compiled = ag.compile(lambda x: x * w)
    same(compiled(A), A)
    w *= 3
    same(compiled(A), A * 3)


def test_a_requires_grad_that_changes_is_captured_anew():
    w = ag.ones(3)
    compiled = ag.compile(lambda x: x * w)
    assert not compiled(A).requires_grad
    w.requires_grad_()
    assert compiled(A).requires_grad
    w.requires_grad_(False)
    assert not compiled(A).requires_grad


def test_a_counter_from_outside():
    n = ag.zeros(())

    def function(x):
        n.add_(1)
        return x * n

    compiled = ag.compile(function)
    for i in range(1, 5):
        same(compiled(A), A * i)
    assert n.item() == 4


def test_a_tensor_with_a_history_from_outside_is_refused():
    w = leaf(1.0, 2.0, 3.0) * 2
    compiled = ag.compile(lambda x: x * w)
    with refused("x * w", r"tensors without a history are required from outside.*mul"):
        compiled(A)
    assert w.requires_grad
    assert w.tolist() == [2, 4, 6]


def test_an_argument_with_a_history():
    """The gradient goes on through the argument, back to where it came from."""
    w = leaf(1.0, 2.0, 3.0)
    compiled = ag.compile(lambda x: (x * x).sum())
    for i in range(1, 4):
        w.grad = None
        compiled(w * i).backward()
        np.testing.assert_allclose(w.grad.numpy(), 2 * i * i * w.detach().numpy())


ESCAPES = {}


def escapes_by_list(x):
    ESCAPES.setdefault("list", []).append(x * 2)


def escapes_by_closure(x):
    y = x * 2
    ESCAPES["function"] = lambda: y


def escapes_by_attribute(x):
    ESCAPES["holder"] = holder = Settings(1)
    holder.value = x + 1
    return x


@pytest.mark.parametrize("function", [escapes_by_list, escapes_by_closure, escapes_by_attribute], ids=lambda f: f.__name__)
def test_tensors_that_outlive_the_function_are_refused(function):
    ESCAPES.clear()
    with refused("compiled(A)", "tensors made inside are required to end with the function"):
        compiled = ag.compile(function)
        compiled(A)
    assert not compiled.programs
    ESCAPES.clear()


def test_an_array_that_outlives_the_function_says_so():
    kept = []
    compiled = ag.compile(lambda x: kept.append((x * 2).numpy()))
    with pytest.raises(CaptureError):  # noqa: PT012  now, or when it is read
        compiled(A)
        np.asarray(kept[0])


def test_a_list_that_collects_results_is_not_silently_stale():
    """Either an error, or right: never the number of the first call."""
    losses = []

    def step(x):
        losses.append(x.sum())

    compiled = ag.compile(step)
    with pytest.raises(CaptureError):
        compiled(A)


# ── in-place writes ──


def write_all(x):
    x.mul_(2)


def write_part(x):
    x[1] = x[0] * 3


def write_number(x):
    x[0] = 7.0


def write_slice(x):
    x[1:] = x[:-1] + 1


def write_overlapping(x):
    x[1:] += x[:-1]


def write_view(x):
    v = x[1:]
    v *= 5
    return x * 1, v * 1


def write_view_of_view(x):
    v = x.reshape(3, 1)[1:]
    v[0] = x[2] * 2
    return x.sum(), v.sum()


def write_then_read(x):
    y = x * 2
    x += 1
    return y, x * 2


def read_view_before_write(x):
    v = x[:2]
    y = v * 1
    x.zero_()
    return y, v * 1


def fill_zeros(x):
    y = ag.zeros(3)
    y += x
    y[0] = 5
    return y


def fill_rows(x):
    y = ag.zeros(3, 3)
    for i in range(3):
        y[i] = x * i
    return y


def fill_empty(x):
    y = ag.empty(3)
    y.copy_(x)
    return y


def constant_view_written(x):
    y = ag.zeros(3)
    v = y[1:]
    v += x[1:]
    return y, v


def constant_reused(x):
    one = ag.ones(3)
    two = one + 0
    two += x
    return one * 1, two


def diagonal_written(x):
    y = x[:, None] * x
    y.diagonal().zero_()
    return y


def index_written(x):
    x[ag.tensor([0, 2])] = 9.0
    return x * 1


def index_add(x):
    return (x * 1).index_add_(0, ag.tensor([0, 0, 2]), x)


def scatter(x):
    return (x * 1).scatter_(0, ag.tensor([2, 0, 1]), x * 2)


def copy_into(x):
    y = ag.zeros(3)
    y.copy_(x)
    x.copy_(y * 2)
    return y


def swapped(x):
    a = x[0] * 1
    x[0] = x[2]
    x[2] = a


def mask_write(x):
    x[x > 0] = 0.0
    return x * 1


def mask_fill(x):
    x.masked_fill_(x > 0, -1.0)
    return x * 1


def transposed(x):
    y = (x[:, None] + x).T
    y[0] = 0
    y += 1
    return y, y.sum(0)


def same_view_returned(x):
    y = x * 2
    return y, y[1:], y.reshape(3, 1)


def clamped(x):
    return x.clamp_(-0.5, 0.5)


def expanded(x):
    y = x.expand(2, 3) * 1
    y[0] += x
    return y


def numpy_write(x):
    y = x.detach().clone()
    a = y.numpy()
    a[0] = 4
    a += 1
    return y


def uninitialised(x):
    y = ag.empty_like(x)
    y[:] = 1
    y[1] = x[1]
    return y


def twice(x):
    x += x
    x += x
    return x


def returned_argument(x):
    return x, [x, x * 2]


def view_of_argument(x):
    return x[1:], x.reshape(1, 3)


WRITES = [
    write_all, write_part, write_number, write_slice, write_overlapping, write_view, write_view_of_view, write_then_read,
    read_view_before_write, fill_zeros, fill_rows, fill_empty, constant_view_written, constant_reused, diagonal_written,
    index_written, index_add, scatter, copy_into, swapped, mask_write, mask_fill, transposed, same_view_returned, clamped, expanded,
    numpy_write, uninitialised, twice, returned_argument, view_of_argument,
]  # fmt: skip
named = pytest.mark.parametrize("function", WRITES, ids=lambda f: f.__name__)


@named
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_writes(function, dtype):
    compare(lambda: (function, []), draws((3,), calls=4, dtype=dtype), captures=1)


@named
def test_writes_under_gradients(function):
    """The argument of the function is computed from a leaf inside."""

    def whole(w):
        x = w * 1
        y = function(x)
        parts = [t for t in [*flat([y] if y is not None else []), x] if t.requires_grad]
        return [t.detach() for t in parts], ag.grad(sum((t * (i + 1)).sum() for i, t in enumerate(parts)), w)

    compare(lambda: (whole, []), draws((3,), calls=4, dtype="float64", requires_grad=True), captures=1)


@named
def test_writes_into_a_tensor_from_outside(function):
    def make():
        w = ag.tensor([1.0, -2.0, 3.0])

        def whole(x):
            w.add_(x)
            return function(w)

        return whole, [w]

    compare(make, draws((3,), calls=4), captures=1)


@named
def test_writes_into_a_strided_argument(function):
    def function_of(x):
        return function(x[::2]) if function is not write_view_of_view else None

    compare(lambda: (function_of, []), draws((5,), calls=3), captures=1)


def test_a_view_of_a_parameter_made_inside_and_written():
    def make():
        w = leaf(1.0, 2.0, 3.0)

        def step(x):
            with ag.no_grad():
                row = w[1:]
                row += x[1:]
                w[0] = row.sum()
            return (w * x).sum().detach()

        return step, [w]

    compare(make, draws((3,), calls=4, dtype="float64"), captures=1)


def test_a_gradient_written_inside():
    def make():
        w = leaf(1.0, 2.0, 3.0)

        def step(x):
            w.grad = None
            (w * w * x).sum().backward()
            w.grad[0] = 100.0
            w.grad *= 2
            with ag.no_grad():
                w.sub_(w.grad * 0.001)

        return step, [w]

    compare(make, draws((3,), calls=4, dtype="float64"))


def test_an_argument_gets_the_gradient_of_each_call_added():
    compiled = ag.compile(lambda x: (x * x).sum().backward())
    x, y = leaf(1.0, 2.0), leaf(1.0, 2.0)
    for _ in range(4):
        compiled(x)
        (y * y).sum().backward()
        same(x.grad, y.grad)
    x.grad = None
    compiled(x)
    np.testing.assert_array_equal(x.grad.numpy(), [2, 4])


def test_argument_gradients_of_earlier_calls_stay():
    compiled = ag.compile(lambda x: (x * x).sum().backward())
    xs = [leaf(float(i), 1.0) for i in range(4)]
    for x in xs:
        compiled(x)
    for i, x in enumerate(xs):
        np.testing.assert_array_equal(x.grad.numpy(), [2.0 * i, 2])


# ── aliases ──


def test_the_same_tensor_as_two_arguments():
    def function(x, y):
        return x * 2 + y, (x * y).sum()

    compiled = ag.compile(function)
    x, y, z = leaf(1.0, 2.0), leaf(3.0, 4.0), leaf(5.0, 6.0)
    for args in ((x, y), (y, y), (z, x), (z, z)):
        same(compiled(*args), function(*args))


def test_gradients_of_the_same_tensor_as_two_arguments():
    def function(x, y):
        (x * x * y).sum().backward()

    for first, second in (("xy", "xx"), ("xx", "xy")):
        compiled = ag.compile(function)
        for names in (first, second, first):
            found, expected = {n: leaf(2.0, 3.0) for n in "xy"}, {n: leaf(2.0, 3.0) for n in "xy"}
            compiled(*(found[n] for n in names))
            function(*(expected[n] for n in names))
            same(gradients(list(found.values())), gradients(list(expected.values())), names)


def test_gradients_outside_of_the_same_tensor_as_two_arguments():
    def function(x, y):
        return (x * x * y).sum()

    for order in (("xy", "xx"), ("xx", "xy")):
        compiled = ag.compile(function)
        for names in (*order, order[0]):
            found, expected = {n: leaf(2.0, 3.0) for n in "xy"}, {n: leaf(2.0, 3.0) for n in "xy"}
            compiled(*(found[n] for n in names)).backward()
            function(*(expected[n] for n in names)).backward()
            same(gradients(list(found.values())), gradients(list(expected.values())), names)


ALIASED = {
    "same": lambda a: (Tensor(a[:3]), Tensor(a[:3])),
    "overlapping": lambda a: (Tensor(a[:3]), Tensor(a[1:4])),
    "reversed": lambda a: (Tensor(a[:3]), Tensor(a[2::-1])),
    "apart": lambda a: (Tensor(a[:3]), Tensor(a[3:6])),
    "other": lambda a: (Tensor(a[:3]), Tensor(a[3:6].copy())),
}


def writes_first(x, y):
    x += 1
    return y * 2


def writes_between(x, y):
    before = y * 2
    x *= 3
    return before, y * 2, x + y


def writes_both(x, y):
    x += y
    y += x
    return x * y


@pytest.mark.parametrize("first", ALIASED)
@pytest.mark.parametrize("later", ALIASED)
@pytest.mark.parametrize("function", [writes_first, writes_between, writes_both], ids=lambda f: f.__name__)
def test_arguments_that_share_memory(first, later, function):
    compiled = ag.compile(function)
    for kind in (first, later, later, first):
        a, b = np.arange(6.0), np.arange(6.0)
        same(compiled(*ALIASED[kind](a)), function(*ALIASED[kind](b)), kind)
        np.testing.assert_array_equal(a, b)


def test_an_argument_that_is_a_tensor_from_outside():
    def make():
        w = ag.ones(3)

        def function(x):
            w.mul_(2)
            return x + w

        return function, w

    (plain, v), (other, w) = make(), make()
    compiled = ag.compile(other)
    for first in (0, 1):
        for x, own in ((A, True), (None, False), (B, True), (None, False))[first:]:
            same(compiled(x if own else w), plain(x if own else v))
            same(w, v)


def test_an_argument_that_is_a_parameter():
    """The first call captures with the parameter as its argument, or without."""
    for order in ((0, 1, 0), (1, 0, 1)):
        w, v = leaf(1.0, 2.0), leaf(1.0, 2.0)
        x, y = leaf(3.0, 4.0), leaf(3.0, 4.0)
        compiled = ag.compile(lambda t, w=w: (t * w * w).sum())
        for i in order:
            compiled((w, x)[i]).backward()
            t = (v, y)[i]
            (t * v * v).sum().backward()
            same(gradients([w, x]), gradients([v, y]), str(order))


# ── errors inside ──


def test_an_exception_leaves_everything_as_it_was():
    model = nn.Linear(3, 2)
    optimiser = ag_optimiser(model)
    fail = [True]

    @ag.compile
    def step(x):
        optimiser.zero_grad()
        model(x).sum().backward()
        optimiser.step()
        if fail[0]:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        step(A)
    assert not is_compiling()
    for t in (*model.parameters(), *(p.grad for p in model.parameters()), A):
        assert t is None or type(t.detach().numpy()) is np.ndarray
    for state in optimiser.state.values():
        for value in state.values():
            assert type(value.numpy()) is np.ndarray
    model(A).sum().backward()
    optimiser.step()
    fail[0] = False
    step(A)
    step(A)


def ag_optimiser(model):
    from nn import optim

    return optim.Adam(model.parameters(), lr=0.1)


@pytest.mark.parametrize("after", ["forward", "backward", "step"])
def test_a_refused_step_can_go_on_eager(after):
    """After a CaptureError, the same step uncompiled works."""
    ag.manual_seed(0)
    model = nn.Linear(3, 2)
    optimiser = ag_optimiser(model)

    def step(x, *, look):
        optimiser.zero_grad()
        loss = (model(x) ** 2).sum()
        if look == "forward":
            loss.item()
        loss.backward()
        if look == "backward":
            loss.item()
        optimiser.step()
        if look == "step":
            loss.item()
        return loss

    with pytest.raises(CaptureError):
        ag.compile(step)(A, look=after)
    for p in model.parameters():
        assert type(p.detach().numpy()) is np.ndarray
        assert p.grad is None or type(p.grad.numpy()) is np.ndarray
    losses = [step(A, look=None).item() for _ in range(5)]
    assert losses[-1] < losses[0]
    compiled = ag.compile(step)
    assert compiled(A, look=None).item() < losses[0]


def test_a_failed_capture_does_nothing_half():
    """What the function had written before it failed is as in eager: written."""
    w = ag.zeros(3)

    def function(x):
        w.add_(1)
        return x.sum().item()

    with pytest.raises(CaptureError):
        ag.compile(function)(A)
    assert w.tolist() == [1, 1, 1]


def test_an_error_in_a_shape_is_that_of_eager():
    def function(x):
        return x @ x

    compiled = ag.compile(function)
    with pytest.raises(ValueError, match=r"test_guards\.py") as found:
        compiled(ag.ones(2, 3))
    with pytest.raises(ValueError, match=r"test_guards\.py") as expected:
        function(ag.ones(2, 3))
    assert type(found.value) is type(expected.value)


def test_checks_of_values_are_asked_again_in_each_call():
    compiled = ag.compile(lambda x, t: nn.functional.cross_entropy(x, t))
    x = ag.zeros(2, 3)
    compiled(x, ag.tensor([0, 2]))
    with pytest.raises((ValueError, IndexError)):
        compiled(x, ag.tensor([0, 7]))
    same(compiled(x, ag.tensor([1, 1])), nn.functional.cross_entropy(x, ag.tensor([1, 1])))


def test_an_index_out_of_range_in_a_later_call():
    compiled = ag.compile(lambda x, i: x[i])
    compiled(A, ag.tensor([0, 1]))
    with pytest.raises(IndexError):
        compiled(A, ag.tensor([0, 7]))
    same(compiled(A, ag.tensor([2, 0])), A[ag.tensor([2, 0])])


def test_negative_indices_in_a_later_call():
    compare(lambda: (lambda x, i: x[i] * 2, []), [(A, ag.tensor([0, 1])), (A, ag.tensor([-1, -3])), (B, ag.tensor([2, -2]))], captures=1)


# ── versions ──


def test_a_saved_value_that_a_replay_overwrites():
    w = ag.ones(3)

    @ag.compile
    def update(x):
        w.add_(x)

    update(A)
    y = leaf(1.0, 2.0, 3.0, dtype="float32") * w
    update(A)
    with pytest.raises(GraphError, match=r"overwritten in place at test_guards.py:\d+: update\(A\)"):
        y.sum().backward()


def test_a_saved_value_that_a_capture_overwrites():
    w = ag.ones(3)
    y = leaf(1.0, 2.0, 3.0, dtype="float32") * w
    ag.compile(lambda x: w.add_(x) * 1)(A)
    with pytest.raises(GraphError, match="overwritten in place"):
        y.sum().backward()


def test_an_argument_that_a_replay_overwrites():
    compiled = ag.compile(lambda x: x.mul_(2) * 1)
    for _ in range(3):
        c = ag.ones(3)
        y = leaf(1.0, 2.0, 3.0, dtype="float32") * c
        compiled(c)
        with pytest.raises(GraphError, match="overwritten in place"):
            y.sum().backward()


def test_a_parameter_overwritten_before_backward_of_a_compiled_forward():
    w = leaf(1.0, 2.0, 3.0)
    compiled = ag.compile(lambda x: (x * w * w).sum())
    for _ in range(3):
        y = compiled(A)
        with ag.no_grad():
            w += 1
        with pytest.raises(GraphError, match="overwritten in place"):
            y.backward()
        w.grad = None


def test_an_argument_overwritten_before_backward_of_a_compiled_forward():
    w = leaf(1.0, 2.0, 3.0)
    compiled = ag.compile(lambda x: (x * w).sum())
    for _ in range(3):
        x = Tensor(np.ones(3))
        y = compiled(x)
        x += 1
        with pytest.raises(GraphError, match="overwritten in place"):
            y.backward()


def test_a_compiled_step_between_forward_and_backward():
    w = leaf(1.0, 2.0, 3.0)
    forward = ag.compile(lambda x: (x * w * w).sum())

    @ag.compile
    def step():
        with ag.no_grad():
            w.mul_(2)

    for _ in range(3):
        y = forward(A)
        step()
        with pytest.raises(GraphError, match="overwritten in place"):
            y.backward()


def test_a_result_overwritten_by_the_user():
    w = leaf(0.1, 0.2, 0.3)
    compiled = ag.compile(lambda x: ag.exp(x * w))
    for _ in range(3):
        w.grad = None
        y = compiled(A)
        z = y.detach()
        z.mul_(0)
        try:
            y.sum().backward()
        except GraphError:
            continue
        expected = A.numpy() * np.exp(A.numpy() * w.detach().numpy())
        np.testing.assert_allclose(w.grad.numpy(), expected, rtol=1e-6)


# ── hooks, graphs ──


def test_hooks_on_parameters_run_outside():
    w, seen = leaf(1.0, 2.0), []
    w.register_hook(lambda g: seen.append(g.tolist()))
    compiled = ag.compile(lambda x: (w * x).sum())
    for x in ([1.0, 2.0], [3.0, 4.0], [5.0, 6.0]):
        compiled(ag.tensor(x)).backward()
    assert seen == [[1, 2], [3, 4], [5, 6]]


def test_a_hook_that_scales():
    w, v = leaf(1.0, 2.0), leaf(1.0, 2.0)
    compiled = ag.compile(lambda x: (w * x).sum().backward())
    for t in (w, v):
        t.register_hook(lambda g: g * 3)
    for x, in draws((2,), dtype="float64"):
        compiled(x)
        (v * x).sum().backward()
        same(w.grad, v.grad)


def test_a_hook_added_between_calls():
    w, v = leaf(1.0, 2.0), leaf(1.0, 2.0)
    compiled = ag.compile(lambda x: (w * x).sum().backward())
    for i, (x,) in enumerate(draws((2,), calls=5, dtype="float64")):
        if i == 2:
            handles = [t.register_hook(lambda g: g * 3) for t in (w, v)]
        if i == 4:
            for handle in handles:
                handle.remove()
        compiled(x)
        (v * x).sum().backward()
        same(w.grad, v.grad, f"call {i}")


def test_a_hook_added_between_calls_that_are_differentiated_outside():
    w, v = leaf(1.0, 2.0), leaf(1.0, 2.0)
    compiled = ag.compile(lambda x: (w * w * x).sum())
    for i, (x,) in enumerate(draws((2,), calls=5, dtype="float64")):
        if i == 2:
            for t in (w, v):
                t.register_hook(lambda g: g * 3)
        compiled(x).backward()
        (v * v * x).sum().backward()
        same(w.grad, v.grad, f"call {i}")


def test_a_hook_on_an_intermediate_result():
    def function(x):
        y = x * 2
        y.register_hook(lambda g: g * 10)
        (y * y).sum().backward()

    compare(lambda: (function, []), draws((3,), requires_grad=True, dtype="float64"))


def test_a_hook_on_an_argument():
    for inside in (False, True):
        found, expected, seen = [], [], []

        def function(x, inside=inside):
            y = (x * x).sum()
            return y.backward() if inside else y

        compiled = ag.compile(function)
        for i in range(3):
            for run, log in ((compiled, found), (function, expected)):
                x = leaf(1.0 + i, 2.0)
                x.register_hook(lambda g: g * 3)
                x.register_hook(lambda g, log=log: log.append(g.tolist()))
                y = run(x)
                if not inside:
                    y.backward()
                seen.append(x.grad.tolist())
        assert found == expected
        assert seen[::2] == seen[1::2]


def test_forward_hooks_of_modules():
    model, seen = nn.Linear(3, 2), []
    model.register_forward_hook(lambda module, args, y: y * 2)
    compiled = ag.compile(model)
    for x, in draws((4, 3)):
        same(compiled(x), model(x))
    assert not seen


def test_a_second_derivative_through_results_is_refused():
    w = leaf(1.0, 2.0)
    compiled = ag.compile(lambda x: (w**3 * x).sum())
    for _ in range(2):
        with pytest.raises(GraphError, match="put the derivatives inside the compiled function"):
            ag.grad(compiled(leaf(1.0, 1.0)), w, create_graph=True)


def test_second_derivatives_inside():
    def make():
        w = leaf(1.0, 2.0)

        def function(x):
            (g,) = ag.grad((w**3 * x).sum(), w, create_graph=True)
            (h,) = ag.grad(g.sum(), w)
            return g.detach(), h

        return function, [w]

    compare(make, draws((2,), dtype="float64"), captures=1)


def test_a_second_derivative_of_results_of_first_derivatives():
    w = leaf(1.0, 2.0)

    def function(x):
        return ag.grad((w**3 * x).sum(), w, create_graph=True)[0]

    compiled = ag.compile(function)
    for x, in draws((2,), dtype="float64"):
        (found,) = ag.grad(compiled(x).sum(), w)
        (expected,) = ag.grad(function(x).sum(), w)
        same(found, expected)


def test_retain_graph():
    w = leaf(1.0, 2.0)
    compiled = ag.compile(lambda x: (w * w * x).sum())
    for _ in range(3):
        w.grad = None
        y = compiled(ag.tensor([1.0, 1.0]))
        y.backward(retain_graph=True)
        y.backward()
        assert w.grad.tolist() == [4, 8]
        with pytest.raises(GraphError):
            y.backward()


def test_outstanding_calls():
    """Several forward calls, and then their backward passes in another order."""
    w = leaf(1.0, 2.0)
    compiled = ag.compile(lambda x: ag.exp(w * x).sum())
    xs = [Tensor(np.array([0.1 * i, 0.2])) for i in range(5)]
    ys = [compiled(x) for x in xs]
    for i in (3, 0, 4, 1, 2):
        w.grad = None
        ys[i].backward()
        np.testing.assert_allclose(w.grad.numpy(), xs[i].numpy() * np.exp(w.detach().numpy() * xs[i].numpy()))


def test_results_used_together_and_alone():
    w = leaf(1.0, 2.0)

    def function(x):
        return (w * x).sum(), (w * w * x).sum(), x * 2

    compiled = ag.compile(function)
    for x, in draws((2,), dtype="float64"):
        for use in (lambda a, b, c: a, lambda a, b, c: b, lambda a, b, c: a * b, lambda a, b, c: a + (c * b).sum()):
            w.grad = None
            use(*compiled(x)).backward()
            found = w.grad
            w.grad = None
            use(*function(x)).backward()
            same(found, w.grad)


def test_the_results_chain_with_eager_and_compiled():
    w = leaf(0.5, 0.25)
    first, second = ag.compile(lambda x: ag.tanh(x * w)), ag.compile(lambda x: (x * w).sum())
    for x, in draws((2,), dtype="float64"):
        w.grad = None
        second(first(first(x)) * 3).backward()
        found = w.grad
        w.grad = None
        (ag.tanh(ag.tanh(x * w) * w) * 3 * w).sum().backward()
        same(found, w.grad)


def test_results_do_not_change_when_the_function_is_called_again():
    w = leaf(1.0, 2.0, 3.0, dtype="float32")

    def function(x):
        y = x * w.detach()
        return y, y.sum(), y[1:], y.T, (x + 1), ag.zeros(3), {"a": [y * 2]}, x[::-1], w.detach() * 1, y.numpy()

    compiled = ag.compile(function)
    results, copies = [], []
    for x, in draws((3,), calls=5):
        results.append(compiled(x))
        copies.append(copied(list(flat(results[-1]))))
    for result, copy in zip(results, copies, strict=True):
        same(flat(result), copy)


def test_a_result_written_to_does_not_change_the_next():
    compiled = ag.compile(lambda x: (x * 2, ag.zeros(3), ag.arange(3) * 2))
    for x, in draws((3,), calls=4):
        found = compiled(x)
        same(found, (x * 2, ag.zeros(3), ag.arange(3) * 2))
        for part in found:
            part.zero_()
            part += 9


def test_a_part_written_after_it_was_joined():
    """The vector that parts are joined to keeps what they were."""

    def function(x):
        a = x * 1
        view = a[:1]
        joined = ag.cat([a, a])
        a += a
        return a * 1, joined * 1, view * 1

    compare(lambda: (function, []), draws((3,), calls=3), captures=1)
    compare(lambda: (function, []), draws((3,), calls=3, requires_grad=True), captures=1)


def test_results_that_are_constants_are_theirs_alone():
    compiled = ag.compile(lambda x: ag.ones(3))
    for _ in range(3):
        found = compiled(A)
        assert type(found.numpy()) is np.ndarray
        assert found.tolist() == [1, 1, 1]
        found += 5


def test_gradients_of_results_differentiated_outside_stay():
    w = leaf(1.0, 2.0)
    compiled = ag.compile(lambda x: (w * w * x).sum())
    kept = []
    for x, in draws((2,), calls=4, dtype="float64"):
        (g,) = ag.grad(compiled(x), w)
        kept.append((g, 2 * w.detach().numpy() * x.numpy()))
    for g, expected in kept:
        np.testing.assert_allclose(g.numpy(), expected)


def test_returned_parameters_are_themselves():
    w = leaf(1.0, 2.0)
    compiled = ag.compile(lambda x: (w, x, x * w))
    for x, in draws((2,), dtype="float64"):
        found = compiled(x)
        assert found[0] is w
        assert found[1] is x


def test_returned_gradients():
    def make():
        w = leaf(1.0, 2.0)

        def step(x):
            w.grad = None
            (w * w * x).sum().backward()
            return w.grad, w.grad * 2

        return step, [w]

    compare(make, draws((2,), dtype="float64"))


KINDS = {
    "none": lambda x: None,
    "number": lambda x: 3,
    "text": lambda x: (x, "text", 3.5, None),
    "dict": lambda x: {"a": x * 2, "b": [x, (x * 3,)]},
    "named tuple": lambda x: Point(x * 2, x),
    "nothing": lambda x: (),
    "twice": lambda x: [x * 2] * 2,
    "integer": lambda x: ag.argmax(x),
    "bool": lambda x: x > 0,
    "many": lambda x: list(x),
    "split": lambda x: ag.split(x, 1),
    "sort": lambda x: tuple(ag.sort(x)),
    "shape": lambda x: x.shape,
    "array": lambda x: (x * 2).numpy(),
    "float64": lambda x: x.to(ag.float64),
    "numpy scalar": lambda x: np.float32(3.0),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_results(kind):
    compare(lambda: (KINDS[kind], []), draws((3,)), captures=1)


def test_a_dict_subclass_or_object_as_result_is_not_stale():
    class Box:
        def __init__(self, value):
            self.value = value

    compiled = ag.compile(lambda x: Box(x * 2))
    try:
        found = [compiled(x).value for x, in draws((3,))]
    except CaptureError:
        return
    same(found, [x * 2 for x, in draws((3,))])


# ── forms ──


def test_nested_compiled_functions():
    inner = ag.compile(lambda x: ag.tanh(x) * 2)

    def outer(x):
        return inner(x) + inner(x * 2)

    compare(lambda: (outer, []), draws((3,), requires_grad=True), captures=1)
    assert not inner.programs or len(inner.programs) == 1


def test_a_compiled_model_inside_a_compiled_step():
    model = nn.Linear(3, 2)
    inner = ag.compile(model)
    step = ag.compile(lambda x: inner(x).sum().backward())
    for x, in draws((4, 3)):
        for p in model.parameters():
            p.grad = None
        step(x)
        np.testing.assert_allclose(model.weight.grad.numpy(), np.tile(x.numpy().sum(0), (2, 1)), rtol=1e-5)


class Scaler:
    def __init__(self, a):
        self.a = Tensor(np.array(a, "f4"))

    @ag.compile
    def scaled(self, x):
        """Scale."""
        return x * self.a

    @ag.compile(explain=False)
    def twice(self, x):
        return self.scaled(x) * 2

    @staticmethod
    @ag.compile
    def static(x):
        return x + 1

    @classmethod
    def made(cls, a):
        return cls(a)


def test_methods():
    first, second = Scaler(2.0), Scaler(3.0)
    for x, in draws((3,)):
        same(first.scaled(x), x * 2)
        same(second.scaled(x), x * 3)
        same(first.twice(x), x * 4)
        same(second.static(x), x + 1)
    assert len(Scaler.scaled.programs) == 2
    assert Scaler.scaled.__name__ == "scaled"
    assert Scaler.scaled.__doc__ == "Scale."
    first.a.fill_(5)
    same(first.scaled(A), A * 5)


def test_objects_kept_by_a_compiled_method_are_not_confused():
    """An instance that is gone leaves no program for a new one at its address."""
    for i in range(8):
        same(Scaler(float(i)).scaled(A), A * i)


class TwoLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 4), nn.Linear(4, 2)

    @ag.compile
    def forward(self, x):
        return self.b(ag.tanh(self.a(x)))


def test_a_compiled_forward_method():
    model = TwoLayer()
    for x, in draws((5, 3)):
        for p in model.parameters():
            p.grad = None
        model(x).sum().backward()
        found = gradients(list(model.parameters()))
        for p in model.parameters():
            p.grad = None
        model.b(ag.tanh(model.a(x))).sum().backward()
        same(found, gradients(list(model.parameters())))


def test_a_compiled_model_is_still_a_model():
    model = nn.Linear(3, 2)
    compiled = ag.compile(model)
    assert [p is q for p, q in zip(compiled.parameters(), model.parameters(), strict=True)] == [True, True]
    assert compiled.training
    compiled.eval()
    assert not model.training


def test_what_is_not_callable_is_refused():
    with pytest.raises(CaptureError, match="a function or a module is required"):
        ag.compile(3)


def test_default_dtype_and_arguments():
    def function(x, y=B):
        return x + y

    compiled = ag.compile(function)
    same(compiled(A), A + B)
    same(compiled(C), C + B)


def test_no_arguments():
    w = ag.ones(3)

    @ag.compile
    def function():
        w.add_(1)
        return w * 2

    assert [function().tolist() for _ in range(3)] == [[4, 4, 4], [6, 6, 6], [8, 8, 8]]


def test_recursion():
    def power(x, n):
        return x if n == 0 else power(x, n - 1) * x

    compiled = ag.compile(power)
    for n in (0, 3, 5, 3):
        same(compiled(A, n), power(A, n))


def test_a_generator_or_unusual_argument():
    compiled = ag.compile(lambda x, s: x * sum(s))
    same(compiled(A, range(4)), A * 6)
    same(compiled(A, range(5)), A * 10)
    same(compiled(A, (1, 2)), A * 3)


def test_explain_prints_the_program(capsys):
    ag.compile(scale, explain=True)(A)
    said = capsys.readouterr().out
    assert "captured 2 NumPy calls" in said
    assert "test_guards.py" in said


# ── no silent wrong answer: as in test_honest.py ──

HONEST = {
    "infinite branch": (lambda x: ag.where(x <= 0, ag.exp(x), 1 + x), [1000.0, -1.0]),
    "numpy where": (lambda x: np.where(x <= 0, np.exp(x), 1 + x), [1000.0, -1.0]),
    "sqrt": (lambda x: ag.where(x > 0, ag.sqrt(x), x), [-4.0, 0.0]),
    "log": (lambda x: ag.where(x > 0, ag.log(x), x), [-1.0, 0.0]),
    "division": (lambda x: ag.where(x == 0, x, x / x), [0.0, 1.0]),
    "power": (lambda x: ag.where(x > 0, x**0.5, x), [-1.0, 0.0]),
    "masked_fill": (lambda x: ag.sqrt(x).masked_fill(x <= 0, 0.0) + x, [-1.0, 0.0]),
    "deep": (lambda x: ag.where(x > 0, ag.exp(ag.log(ag.sqrt(x)) * 2), x), [-1.0, 0.0]),
    "norm of zero": (lambda x: ag.norm(x), [0.0, 0.0]),
    "prod of zeros": (lambda x: ag.prod(x), [0.0, 0.0]),
    "logsumexp": (lambda x: ag.logsumexp(x, 0), [-np.inf, -np.inf]),
    "maximum": (lambda x: ag.maximum(x, 0 * x), [0.0, 1.0]),
    "abs": (lambda x: ag.abs(x), [0.0, -1.0]),
}


@pytest.mark.parametrize("name", HONEST)
@pytest.mark.parametrize("size", [1, 40_000], ids=["small", "fused"])
@pytest.mark.parametrize("inside", [True, False], ids=["inside", "outside"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_was_masked_out_is_zero_compiled(name, size, inside):
    """Captured on harmless values, replayed on harmful ones, and the other way."""
    function, values = HONEST[name]

    def whole(x):
        y = function(x).sum()
        if inside:
            y.backward()
            return y.detach()
        return y

    for calls in ([0.5, 2.0], values), (values, [0.5, 2.0]), (values, values):
        compiled = ag.compile(whole)
        for data in calls:
            found, expected = (Tensor(np.tile(np.array(data), size), requires_grad=True) for _ in range(2))
            results = compiled(found), whole(expected)
            same(*results)
            if not inside:
                for result in results:
                    result.backward()
            same(found.grad, expected.grad)


def test_true_nans_stay():
    def whole(x):
        (x * ag.log(x)).sum().backward()

    compiled = ag.compile(whole)
    for data in ([1.0, 2.0], [-1.0, 2.0], [np.nan, 1.0]):
        found, expected = leaf(*data), leaf(*data)
        with np.errstate(all="ignore"):
            compiled(found)
            whole(expected)
        same(found.grad, expected.grad)


def test_floating_point_warnings_are_off_in_replays_only():
    compiled = ag.compile(lambda x: ag.log(x) / x)
    compiled(ag.ones(3))
    for _ in range(2):
        compiled(ag.zeros(3))
        with pytest.warns(RuntimeWarning):
            np.log(np.zeros(3))


@pytest.mark.parametrize(
    "write",
    [
        lambda w: w.detach().mul_(2), lambda w: w.data.mul_(2), lambda w: w.detach()[:2].copy_(w.data[1:]),
        lambda w: w.detach().copy_(w.detach() + 1),
    ],
    ids=["detach", "data", "part", "copy"],
)  # fmt: skip
def test_a_write_through_detach(write):
    """Into a tensor from outside that the function has not met before."""
    found = []
    for compiled in (False, True):
        w = ag.tensor([1.0, 2.0, 3.0])

        def step(x, w=w):
            write(w)
            return (x * w).sum()

        function = ag.compile(step) if compiled else step
        found.append([function(ag.ones(3)).item() for _ in range(4)])
    assert found[0] == found[1]
