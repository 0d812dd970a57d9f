"""Every op on every one of its samples: values, derivatives of first and second order, memory, shapes, dtypes.

A new op is tested here by being declared. What is left out is in SKIPS, with the reason.
"""
from __future__ import annotations

import importlib
import inspect
import pkgutil
import zlib

import numpy as np
import pytest

import autograd
from autograd import Tensor, ops
from autograd.check import gradcheck, gradgradcheck
from autograd.graph import Spec, sum_to_shape
from autograd.op import ALIASES, REGISTRY, Op
from autograd.ops import fourier, linalg_determinants, linalg_factorisation, linalg_norms, linalg_products, linalg_solving, linalg_spectrum

RANDOM = "draws random numbers: tested by its statistics"
TRANSFORMS = [*(name for name in fourier.__all__ if "shift" not in name), "dft", "real_dft", "inverse_real_dft", "stft", "istft"]
LINALG = [
    value.op.name for module in (linalg_determinants, linalg_factorisation, linalg_norms, linalg_products, linalg_solving, linalg_spectrum)
    for value in vars(module).values() if getattr(value, "__module__", None) == module.__name__ and hasattr(value, "op")
]  # fmt: skip
UNDERIVED = ("geqrf", "ldl_factor", "ldl_factor_ex", "ldl_solve")
DERIVATIVES = ("strides", "first_derivative", "second_derivative", "float32_gradient", "saves", "rule_dtype", "over_saving")
SKIPS = {  # (test, op): reason
    ("sample", "write_view"): "takes the steps of a view, which only the engine makes: tested with in-place writes",
    ("values", "ldexp"): "NumPy's takes integer exponents only: its own case in test_dispatch",
    ("dtype", "float_power"): "is float64 by definition",
    **dict.fromkeys([("dtype", "complex"), ("dtype", "polar"), ("dtype", "view_as_complex")], "NumPy has no complex numbers of float16"),
    **dict.fromkeys([("dtype", name) for name in TRANSFORMS], "refuses float16, as PyTorch does on a CPU"),
    **dict.fromkeys([("dtype", name) for name in LINALG], "refuses float16, as PyTorch and LAPACK do"),
    **dict.fromkeys([(test, name) for test in DERIVATIVES for name in UNDERIVED], "has no derivative, and says so: test_linalg"),
    **dict.fromkeys([(test, "eig") for test in ("saves", "rule_dtype", "over_saving")], "random weights are refused: test_linalg"),
    ("first_derivative", "between"): "its bounds are constants by definition: clamp, which has derivatives for both, stands on it",
    ("first_derivative", "nextafter"): "has no derivative, as in PyTorch",
    ("strides", "view"): "refuses what it cannot show without a copy, as it should: tested beside reshape",
    ("strides", "view_as"): "the same",
    **dict.fromkeys(
        [(test, name) for test in ("saves", "rule_dtype", "over_saving") for name in ("igamma", "igammac", "zeta")],
        "raises where the derivative by its first argument is asked for",
    ),
    ("strides", "as_strided"): "shows the memory of a tensor in one piece, and refuses others",
    ("dtype", "bincount"): "weights of float16 add up in float64, as in PyTorch",
    ("dtype", "gradient"): "points are of float64 here",
    ("rule_dtype", "bincount"): "counts are integers",
    ("first_derivative", "edges_of"): "where the bins lie has no derivative by the data, as in PyTorch",
    ("in_place", "fill"): "of a tensor that is filled, nothing is left in the graph; fill_ says so by leaving it out",
    ("over_saving", "gelu"): "only its array rule reads the output",
    ("over_saving", "silu"): "the same",
}
RENAMED = {"dim": "axis", "keepdim": "keepdims"}  # the twin's names of an op's parameters
FORWARD = {np.dtype("float32"): (2e-4, 2e-5), np.dtype("float64"): (1e-9, 1e-10)}  # relative and absolute tolerance


def functions():
    """The public function of every op: registered names are not always attributes of a package."""
    found = {}
    for module in pkgutil.walk_packages(autograd.__path__, "autograd."):
        if not module.name.endswith("__main__"):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(getattr(value, "op", None), Op) and not isinstance(value, type) and REGISTRY.get(value.op.name) is value.op:
                    found[value.op.name] = value
    return found


FUNCTIONS = functions()
CASES = {f"{op.name}-{i}": (op, sample) for op in REGISTRY.values() for i, sample in enumerate(op.samples)}


def cases(test, wanted=lambda op, sample: True):
    """All cases of a test, as parameters."""
    chosen = [pytest.param(*case, id=name) for name, case in CASES.items() if wanted(*case) and (test, case[0].name) not in SKIPS]
    return pytest.mark.parametrize(("op", "sample"), chosen)


def is_shape(arg):
    return type(arg) is tuple and all(type(n) is int for n in arg)


def arguments(op, sample, dtype=np.float64):
    """The arguments of a sample, in a fixed dtype."""
    return sample.made(drawn(op, sample, dtype))


def drawn(op, sample, dtype=np.float64):
    """What the arguments of a sample are made of: random arrays for shapes, in a fixed dtype; lists of them for lists of shapes."""
    rng = np.random.default_rng(zlib.crc32(repr((op.name, sample)).encode()))

    def argument(arg):
        if is_shape(arg):
            return rng.uniform(*sample.domain, arg).astype(dtype)
        if isinstance(arg, list):
            return [argument(item) for item in arg]
        if isinstance(arg, np.ndarray):
            kind = arg.dtype.kind
            return arg.astype(dtype if kind == "f" else np.result_type(dtype, np.complex64) if kind == "c" else arg.dtype)
        return arg

    return [argument(arg) for arg in sample.args]


def mapped(function, args):
    """The function applied to the floating-point arrays among nested arguments."""
    if isinstance(args, list):
        return [mapped(function, arg) for arg in args]
    return function(args) if isinstance(args, np.ndarray) and args.dtype.kind == "f" else args


def leaves(args):
    """Arguments with tensors that require grad in place of arrays of floats, and those tensors."""
    found = []

    def leaf(array):
        found.append(Tensor(array, requires_grad=True))
        return found[-1]

    return mapped(leaf, args), found


def outputs(y):
    return list(y) if isinstance(y, list | tuple) else [y]


def values(y):
    return [np.asarray(part.detach().numpy() if isinstance(part, Tensor) else part) for part in outputs(y)]


def weights(parts):
    rng = np.random.default_rng(1)
    return [rng.standard_normal(part.shape).astype(part.dtype) for part in parts]


def gradients(op, args, params):
    """Values and gradients, for fixed weights of the outputs."""
    args, xs = leaves(args)
    parts = outputs(FUNCTIONS[op.name](*args, **params))
    recorded = [part for part in parts if getattr(part, "requires_grad", False)]
    if recorded:
        autograd.backward(recorded, [Tensor(w) for w in weights(recorded)])
    return values(parts), [None if x.grad is None else x.grad.numpy() for x in xs], xs


def same(actual, expected, rtol=1e-9, atol=1e-10, what=""):
    assert len(actual) == len(expected), what
    for i, (a, b) in enumerate(zip(actual, expected, strict=True)):
        assert (a is None) == (b is None), f"{what} {i}: one has a gradient, the other none"
        if a is not None:
            assert a.shape == b.shape, f"{what} {i}: shape {a.shape}, expected {b.shape}"
            np.testing.assert_allclose(a, b, rtol, atol, err_msg=f"{what} {i}")


# ── what is there ──


def test_there_are_ops_and_cases():
    print(f"{len(REGISTRY)} ops, {len(CASES)} samples")
    assert len(REGISTRY) >= 310
    assert len(CASES) >= 670


def test_every_op_has_a_sample():
    assert not [op.name for op in REGISTRY.values() if not op.samples and ("sample", op.name) not in SKIPS]


def test_every_op_has_a_function():
    assert not set(REGISTRY) - set(FUNCTIONS)


def test_every_op_says_what_it_computes():
    assert not [name for name, function in FUNCTIONS.items() if not inspect.getdoc(function)]


def test_skips_are_needed():
    """An entry of SKIPS names a test and an op that exist."""
    tests = {name.removeprefix("test_") for name in globals() if name.startswith("test_")} | {"sample"}
    assert not [key for key in SKIPS if key[0] not in tests or key[1] not in REGISTRY]


# ── values ──


@cases("values", lambda op, sample: op.reference or op.numpy)
def test_values(op, sample):
    """The op computes what its reference, or NumPy's function, computes."""
    for dtype, (rtol, atol) in FORWARD.items():
        args = arguments(op, sample, dtype)
        if op.reference:
            expected = op.reference(*args, **sample.params)
        else:
            expected = op.numpy(*args, **{RENAMED.get(name, name): value for name, value in sample.params.items()})
        same(values(FUNCTIONS[op.name](*args, **sample.params)), values(expected), rtol, atol, f"{dtype} output")


def one_dtype(op, sample):
    """Whether no parameter brings a dtype of its own."""
    return not any(isinstance(value, np.ndarray | np.dtype) for value in sample.params.values())


@cases("dtype", one_dtype)
def test_dtype(op, sample):
    """Floats stay what they are."""
    for dtype in ("float16", "float32", "float64"):
        tensors, floats = leaves(arguments(op, sample, dtype))
        parts = values(FUNCTIONS[op.name](*tensors, **sample.params))
        found = {part.dtype for part in parts if part.dtype.kind == "f"}
        assert not floats or found <= {np.dtype(dtype)}, f"{dtype}: {found}"


@cases("kinds")
def test_kinds(op, sample):
    """Arrays in, arrays out; tensors in, tensors out, of the same values; and no argument is written to."""
    args = arguments(op, sample)
    before = mapped(np.copy, args)
    found = outputs(FUNCTIONS[op.name](*args, **sample.params))
    assert not any(isinstance(part, Tensor) for part in found)
    for requires_grad in (False, True):
        tensors = mapped(lambda a: Tensor(a, requires_grad=requires_grad), args)  # noqa: B023
        parts = outputs(FUNCTIONS[op.name](*tensors, **sample.params))
        if any(part is not arg for part, arg in zip(tensors, args, strict=True)):
            assert all(isinstance(part, Tensor | bool | int | float) for part in parts), [type(part) for part in parts]
        same(values(parts), values(found), what="output")
        assert [part.dtype for part in values(parts)] == [part.dtype for part in values(found)]
    for arg, copy in zip(args, before, strict=True):
        np.testing.assert_equal(arg, copy)


@cases("axis", lambda op, sample: "dim" in sample.params or "keepdim" in sample.params)
def test_axis(op, sample):
    """NumPy's ``axis`` and ``keepdims`` are accepted for ``dim`` and ``keepdim``."""
    args = arguments(op, sample)
    params = {RENAMED.get(name, name): value for name, value in sample.params.items()}
    assert all(old in ALIASES[new] for old, new in RENAMED.items())
    same(values(FUNCTIONS[op.name](*args, **params)), values(FUNCTIONS[op.name](*args, **sample.params)))


def strided(array):
    """The same values, every other element of a larger array."""
    if not array.ndim:
        return array
    larger = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan, array.dtype)
    larger[..., ::2] = array
    return larger[..., ::2]


@cases("strides")
def test_strides(op, sample):
    """Memory layout does not matter: transposed and sliced inputs give the same values and gradients."""
    args = arguments(op, sample)
    expected, expected_gradients, _ = gradients(op, mapped(np.copy, args), sample.params)
    for layout in (strided, lambda a: np.array(a.T, order="C").T):
        found, found_gradients, _ = gradients(op, mapped(layout, args), sample.params)
        same(found, expected, what="output")
        same(found_gradients, expected_gradients, what="gradient")


# ── derivatives ──


def check(checker, op, sample):
    args = drawn(op, sample)
    _, xs = leaves(args)
    if not xs:
        return

    def function(*tensors):
        given = iter(tensors)
        y = FUNCTIONS[op.name](*sample.made(mapped(lambda _: next(given), args)), **sample.params)
        return [part for part in outputs(y) if isinstance(part, Tensor)]

    checker(function, xs, fast_mode=True, atol=2e-6, rtol=1e-4)


@cases("first_derivative")
def test_first_derivative(op, sample):
    check(gradcheck, op, sample)


@cases("second_derivative")
def test_second_derivative(op, sample):
    check(gradgradcheck, op, sample)


@cases("float32_gradient")
def test_float32_gradient(op, sample):
    """Gradients have the dtype of their input, and in float32 the values of float64 to its precision. Nothing is written to."""
    if "dtype" in sample.params:
        return
    wide = arguments(op, sample)
    narrow = arguments(op, sample, np.float32)
    before = mapped(np.copy, narrow)
    _, expected, _ = gradients(op, wide, sample.params)
    _, found, xs = gradients(op, narrow, sample.params)
    assert all(x.dtype == np.float32 for x in xs)
    assert all(g is None or g.dtype == np.float32 for g in found), [g.dtype for g in found]
    same(found, expected, 1e-3, 1e-3, "gradient")
    for arg, copy in zip(narrow, before, strict=True):
        np.testing.assert_equal(arg, copy)


# ── the heavy variant of a rule ──


def layouts(value):
    """The same values as they are, strided and transposed."""
    return (value, strided(value), np.array(value.T, order="C").T) if isinstance(value, np.ndarray) else (value,) * 3


@cases("array_rule", lambda op, sample: op.differentiable and not op.derived and op.array_rule is not None)
def test_array_rule(op, sample):
    """An array rule gives what the rules give, in both precisions and any layout, and writes to nothing that it was given."""
    for dtype, tolerance in (np.float64, 1e-10), (np.float32, 2e-5):
        args, params, y, g = called(op, sample, dtype)
        with np.errstate(all="ignore"):
            expected = op.joint(g, y, *args, **params)
            needs = tuple(isinstance(arg, np.ndarray) for arg in args)
            for way in range(3):
                g_way = tuple(layouts(part)[way] for part in g) if isinstance(g, tuple) else layouts(g)[way]
                given = [layouts(arg)[way] for arg in args]
                before = [np.copy(part) for part in [*outputs(g_way), *outputs(y), *given] if isinstance(part, np.ndarray)]
                found = op.array_rule(g_way, y, *given, needs=needs, **params)
                after = [part for part in [*outputs(g_way), *outputs(y), *given] if isinstance(part, np.ndarray)]
                for part, copy in zip(after, before, strict=True):
                    np.testing.assert_array_equal(part, copy)
                for term, other, arg in zip(found, expected, given, strict=False):
                    if arg is not None and other is not None:
                        assert term.dtype == other.dtype == dtype
                        term, other = (sum_to_shape(t, arg.shape) for t in (term, other))
                        scale = 1 + np.abs(other).max(initial=0)
                        np.testing.assert_allclose(term / scale, other / scale, tolerance, tolerance)


# ── elementwise ops on every kind of shape ──

SHAPES = {  # by number of arguments
    1: [[(0, 3)], [()], [(1,)]],
    2: [[(0, 3), (3,)], [(), ()], [(), (2, 3)], [(2, 3), ()], [(2, 1), (1, 3)], [(3, 1, 2), (4, 1)], [(0, 1), (1, 3)]],
}
SHAPES[3] = [[*shapes, ()] for shapes in SHAPES[2]] + [[(), *shapes] for shapes in SHAPES[2]]


@cases("shapes", lambda op, sample: op.elementwise and op.samples.index(sample) == 0)
def test_shapes(op, sample):
    """Empty, 0-d and broadcasting inputs: the output broadcasts, and each gradient has the shape of its input."""
    given = arguments(op, sample)
    for shapes in SHAPES[len(given)]:
        args = [np.resize(arg, shape) if isinstance(arg, np.ndarray) else arg for arg, shape in zip(given, shapes, strict=True)]
        found, found_gradients, xs = gradients(op, args, sample.params)
        expected = np.broadcast_shapes(*(np.shape(arg) for arg in args))
        assert all(part.shape == expected for part in found), f"{shapes}: {[part.shape for part in found]}"
        for x, g in zip(xs, found_gradients, strict=True):
            assert g is None or (g.shape == x.shape and g.dtype == x.dtype), f"{shapes}: gradient of shape {g.shape} for {x.shape}"


# ── memory: what a rule reads, and nothing else, is kept ──


def called(op, sample, dtype=np.float64):
    """The kernel's arguments, output and a gradient of it, as the rules get them."""
    args = arguments(op, sample, dtype)
    args, params = op.bind(tuple(args), dict(sample.params))
    y = op.kernel(*args, **params)
    parts = outputs(y)
    g = tuple(map(np.asarray, weights(map(np.asarray, parts)))) if isinstance(y, tuple) else np.asarray(weights([np.asarray(y)])[0])
    return list(args), params, y if isinstance(y, tuple) else np.asarray(y), g


class Unread(Spec):
    """Shape and dtype of an array, and an error for whoever wants more."""

    __array_ufunc__ = None
    __hash__ = None

    def refuse(self, *_, **__):
        raise TypeError("this value was not saved")

    __array__ = __array_function__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __getitem__ = __bool__ = refuse


def unread(value):
    return tuple(map(unread, value)) if isinstance(value, tuple) else Unread(value) if isinstance(value, np.ndarray) else value


def rules(op):
    """Each rule with the names of what it says it reads."""
    if op.joint is not None:
        return [(op.joint, set(op.saves[0].split()))]
    saves = op.saves if len(op.saves) > 1 else op.saves * max(len(op.rules), 1)
    return [(rule, set(names.split())) for rule, names in zip(op.rules, saves, strict=True) if rule is not None]


def primitive(op, sample):
    return op.differentiable and not op.derived


def read_output(y, reads):
    """What is kept of the output for a rule that reads these."""
    return y if "y" in reads else (None, *y[1:]) if "y[1:]" in reads else unread(y)


def equal(a, b):
    a, b = ([part for part in outputs(y) if part is not None] for y in (a, b))
    return len(a) == len(b) and all(np.array_equal(x, y, equal_nan=True) for x, y in zip(a, b, strict=True))


@cases("saves", primitive)
def test_saves(op, sample):
    """A rule gets along with what ``saves`` names, everything else being shape and dtype."""
    args, params, y, g = called(op, sample)
    names = op.names[:1] * len(args) if op.variadic else op.names
    arrays = len(args) if op.variadic else op.arity
    with np.errstate(all="ignore"):
        for rule, reads in rules(op):
            seen = [unread(arg) if i < arrays and names[i] not in reads else arg for i, arg in enumerate(args)]
            assert equal(rule(g, read_output(y, reads), *seen, **params), rule(g, y, *args, **params))


@cases("rule_dtype", lambda op, sample: primitive(op, sample) and one_dtype(op, sample))
def test_rule_dtype(op, sample):
    """On float32, rules compute in float32: the engine would bring a wider result back, but only after the work is done."""
    args, params, y, g = called(op, sample, np.float32)
    with np.errstate(all="ignore"):
        for rule, _ in rules(op):
            terms = [term for term in outputs(rule(g, y, *args, **params)) if term is not None]
            assert all(term.dtype in (np.float32, np.complex64) for term in terms), [term.dtype for term in terms]


def over_saved(op):
    """What some rule says it reads, and does without on every sample: (position of the rule, name)."""
    unread_names = None
    for sample in op.samples:
        args, params, y, g = called(op, sample)
        names = op.names[:1] * len(args) if op.variadic else op.names
        here = set()
        for position, (rule, reads) in enumerate(rules(op)):
            expected = rule(g, y, *args, **params)
            for name in reads:
                given = [unread(arg) if names[i] == name else arg for i, arg in enumerate(args)]
                try:
                    found = rule(g, unread(y) if name in ("y", "y[1:]") else y, *given, **params)
                except Exception:  # noqa: BLE001  it tried to read: any failure says so
                    continue
                if equal(found, expected):
                    here.add((position, name))
        unread_names = here if unread_names is None else unread_names & here
    return unread_names


SAVING = [op for op in REGISTRY.values() if primitive(op, None) and op.samples and ("over_saving", op.name) not in SKIPS]


@pytest.mark.parametrize("op", SAVING, ids=lambda op: op.name)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_over_saving(op):
    """Each value that ``saves`` names is read: with nothing but its shape and dtype, some rule fails."""
    assert not over_saved(op), f"kept, but read by no rule on any sample (rule, name): {sorted(over_saved(op))}"


# ── in place ──


def in_place(op, sample):
    return hasattr(Tensor, op.name + "_") and sample.args and is_shape(sample.args[0])


@cases("in_place", in_place)
def test_in_place(op, sample):
    """``x.op_()`` writes what ``op(x)`` returns into x, and takes its place in the graph."""
    args = arguments(op, sample)
    expected, expected_gradients, _ = gradients(op, mapped(np.copy, args), sample.params)
    if len(expected) != 1 or expected[0].shape != args[0].shape or expected[0].dtype != args[0].dtype:
        return
    x = Tensor(args[0].copy())
    assert getattr(x, op.name + "_")(*args[1:], **sample.params) is x
    same([x.numpy()], expected, what="values")
    tensors, xs = leaves(args)
    y = tensors[0].clone()
    memory = y.detach().numpy()
    getattr(y, op.name + "_")(*tensors[1:], **sample.params)
    assert y.detach().numpy() is memory or np.shares_memory(y.detach().numpy(), memory)
    same(values(y), expected, what="values of a recorded tensor")
    if y.requires_grad:
        y.backward(Tensor(weights([y])[0]))
    same([None if x.grad is None else x.grad.numpy() for x in xs], expected_gradients, what="gradient")


def test_the_namespace_is_the_registry():
    """What ``autograd.ops`` exports are ops of the registry and their aliases."""
    exported = {name: value.op for name, value in vars(ops).items() if isinstance(getattr(value, "op", None), Op)}
    assert not [name for name, op in exported.items() if REGISTRY.get(op.name) is not op]
