"""What generated tests of elementwise ops cannot know: PyTorch's values and dtypes, special values, kinks, the accuracy of the kernels."""
from __future__ import annotations

import math

import numpy as np
import pytest
from torch_parity import against_torch

import autograd
from autograd import Tensor, ops
from autograd.errors import AutogradError

INF, NAN = math.inf, math.nan
EVERYWHERE = np.concatenate([np.linspace(-3.1, 3.1, 12), [30.0, -30.0]])
LIMITS = np.array([INF, -INF, NAN, 0.0, -0.0, 1000.0, -1000.0])


FIRST_ORDER = {"abs", "absolute", "sign"}  # PyTorch's second derivative is missing, or a zero without memory


def derivative(function, *xs):
    """The gradients of the sum of function(*xs)."""
    xs = [Tensor(np.array(x, float), requires_grad=True) for x in xs]
    with np.errstate(all="ignore"):
        return [g.numpy() for g in autograd.grad(function(*xs).sum(), xs)]


def theirs(name):
    torch = pytest.importorskip("torch")
    places = torch, torch.special, torch.nn.functional
    return next(getattr(place, name) for place in places if hasattr(place, name))


def same(name, *arrays, rtol=1e-9, **params):
    function = theirs(name)
    order = 1 if name in FIRST_ORDER else 2
    with np.errstate(all="ignore"):
        against_torch(lambda *xs: getattr(ops, name)(*xs, **params), lambda *ts: function(*ts, **params), *arrays, rtol=rtol, order=order)


# ── beside PyTorch: values, dtypes, first and second derivatives ──

UNARY = {
    (-3.1, 3.1): """
        neg abs absolute negative positive sign square exp exp2 expm1 sin cos tan atan arctan sinh cosh tanh asinh arcsinh sinc deg2rad
        rad2deg sigmoid expit
        erf erfc ndtr log_ndtr floor ceil trunc fix round frac relu relu6 leaky_relu elu selu celu gelu silu mish softplus logsigmoid
        hardtanh hardswish
        softsign tanhshrink softshrink hardshrink clone isnan isinf isfinite isposinf isneginf isreal signbit logical_not nan_to_num
        """,
    (0.05, 3.1): "sqrt rsqrt reciprocal log log2 log10 log1p entr lgamma gammaln digamma",
    (-0.95, 0.95): "asin arcsin acos arccos atanh arctanh erfinv",
    (1.05, 9.0): "acosh arccosh log digamma lgamma",
    (0.02, 0.98): "logit ndtri",
    (-9.0, -8.05): "lgamma digamma erfc log_ndtr",
}
CASES = [(name, domain) for domain, names in UNARY.items() for name in names.split()]
# PyTorch computes these with float32 constants, or with a short series, in float64 too
ROUGH = {"celu": 1e-7, "hardsigmoid": 1e-7, "digamma": 1e-8, "polygamma": 1e-8, "lgamma": 1e-8, "gammaln": 1e-8, "log_ndtr": 1e-7}


@pytest.mark.parity
@pytest.mark.parametrize(("name", "domain"), CASES)
def test_unary(name, domain):
    """Random points; and one more element, since NumPy's loops have their own code for the rest of a block."""
    x = np.random.default_rng(0).uniform(*domain, (3, 7))
    same(name, x, rtol=ROUGH.get(name, 1e-9))


@pytest.mark.parity
@pytest.mark.parametrize("name", [name for name, domain in CASES if domain == (-3.1, 3.1) and name not in {"frac", "sign"}])
def test_limits(name):
    """Values at infinities, NaN, zeros of both signs and far out."""
    torch = pytest.importorskip("torch")
    with np.errstate(all="ignore"):
        found = getattr(ops, name)(Tensor(LIMITS)).numpy()
    expected = theirs(name)(torch.tensor(LIMITS)).numpy()
    if name in {"tanhshrink", "hardswish", "silu", "mish", "gelu", "softsign"}:  # ∞ / ∞ and 0 · ∞
        found, expected = found[2:], expected[2:]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-300)


PARAMETERS = [
    ("leaky_relu", {"negative_slope": 0.2}), ("elu", {"alpha": 0.7}), ("celu", {"alpha": 0.7}), ("gelu", {"approximate": "tanh"}),
    ("softplus", {"beta": 3.0, "threshold": 2.0}), ("hardtanh", {"min_val": -0.5, "max_val": 2.0}), ("softshrink", {"lambd": 0.2}),
    ("hardshrink", {"lambd": 0.2}), ("threshold", {"threshold": 0.2, "value": -3.0}), ("round", {"decimals": 2}), ("clamp", {"min": -0.7}),
    ("clamp", {"max": 0.4}), ("clamp", {"min": -0.7, "max": 0.4}), ("clamp", {"min": 0.7, "max": -0.4}), ("clamp_min", {"min": 0.3}),
    ("clamp_max", {"max": 0.3}), ("nan_to_num", {"nan": 2.0, "posinf": 5.0}), ("pow", {"exponent": 2}), ("pow", {"exponent": 3}),
    ("pow", {"exponent": 4}),
    ("pow", {"exponent": 0}), ("pow", {"exponent": 1}), ("pow", {"exponent": -1}), ("pow", {"exponent": 2.0}),
    ("float_power", {"exponent": 2}),
    ("add", {"other": 2}), ("sub", {"other": 2.5, "alpha": 3}), ("rsub", {"other": 2}), ("mul", {"other": 2}), ("div", {"other": 3}),
    ("div", {"other": 0.7, "rounding_mode": "floor"}), ("div", {"other": -0.7, "rounding_mode": "trunc"}),
    ("remainder", {"other": 0.7}), ("fmod", {"other": 0.7}), ("remainder", {"other": -0.7}), ("fmod", {"other": -0.7}),
]  # fmt: skip


@pytest.mark.parity
@pytest.mark.parametrize(("name", "params"), PARAMETERS, ids=str)
def test_parameters(name, params):
    same(name, np.random.default_rng(1).uniform(-3, 3, (3, 5)), rtol=ROUGH.get(name, 1e-9), **params)


BINARY = """
    add sub rsub subtract mul multiply div divide true_divide remainder fmod atan2 arctan2 hypot maximum minimum fmax fmin logaddexp
    logaddexp2 copysign
    eq ne lt le gt ge not_equal less less_equal greater greater_equal isclose logical_and logical_or logical_xor
"""
POSITIVE = "pow float_power xlogy xlog1py"


@pytest.mark.parity
@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((3, 1), (2, 1, 4)), ((), (2, 3)), ((0, 3), (3,))], ids=str)
@pytest.mark.parametrize("name", (BINARY + POSITIVE).split())
def test_binary(name, shapes):
    low = 0.1 if name in POSITIVE else -3
    rng = np.random.default_rng(2)
    same(name, *(rng.uniform(low, 3, shape) for shape in shapes))


@pytest.mark.parity
@pytest.mark.parametrize("name", ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm",
"floor_divide", "fmod",
                                  "remainder", "div", "pow", "maximum", "add", "eq", "logical_and"])  # fmt: skip
def test_integers(name):
    same(name, np.array([[7, 2, 9], [12, 1, 30]]), np.array([3, 2, 6]))


@pytest.mark.parity
@pytest.mark.parametrize("mode", [None, "floor", "trunc"])
def test_division_of_integers(mode):
    same("div", np.array([7, -7, 7, -7, 6, -6]), np.array([2, 2, -2, -2, 3, 3]), rounding_mode=mode)


@pytest.mark.parity
def test_several_arguments():
    rng = np.random.default_rng(3)
    a, b, c = rng.uniform(0.5, 2, (3, 3, 4))
    mask = rng.random((3, 4)) < 0.5
    same("addcmul", a, b, c[0], value=0.5)
    same("addcdiv", a, b, c[0], value=0.5)
    same("lerp", a, b, c[0] - 0.5)
    same("lerp", a, b, weight=0.3)
    same("lerp", a, b, weight=0.8)
    same("where", mask, a, b[0])
    same("where", mask[:, :1], a, 2.0 * b)
    same("where", mask)
    same("prelu", a - 1, c[0])
    same("prelu", a - 1, c[0, :1])
    same("clamp", a, b - 0.2, c + 0.2)
    same("masked_fill", a, mask, value=-INF)
    same("masked_fill", a, mask, np.array(1.5))
    same("ldexp", a, np.array([1, 2, 0, 3]))  # PyTorch's gradient for negative exponents is 0
    same("nextafter", np.array([1.0, 2.0]), np.array([2.0, 1.0]))
    for n in (1, 2, 3):
        same("pow", a, np.array(float(n)))
    x = np.linspace(0.1, 3, 7)
    for n in (0, 1, 2, 3):
        against_torch(lambda x, n=n: ops.polygamma(n, x), lambda x, n=n: theirs("polygamma")(n, x), x, rtol=1e-8)


@pytest.mark.parity
@pytest.mark.parametrize("kinds", ["if", "fi", "?f", "ii", "i?", "fd", "bi", "Bh", "ef", "0i", "i0", "f1", "d2", "i1", "?0"])
@pytest.mark.parametrize("name", ["add", "mul", "div", "pow", "maximum", "eq", "lt", "atan2", "xlogy", "where", "copysign", "remainder",
"logical_and"])
def test_mixed_dtypes(name, kinds):
    """0, 1, 2: a Python int, a Python float, a 0-d float64 array."""
    torch = pytest.importorskip("torch")

    def made(kind):
        return {"0": 2, "1": 1.5, "2": np.array(1.5)}.get(kind) if kind in "012" else np.array([1, 1, 1]).astype(kind)

    a, b = map(made, kinds)
    extra = [np.array([True, False, True])] if name == "where" else []
    call = [[library(v) if isinstance(v, np.ndarray) else v for v in (*extra, a, b)] for library in (Tensor, torch.tensor)]
    try:
        expected = getattr(torch, name)(*call[1])
    except (RuntimeError, TypeError) as error:
        pytest.skip(f"PyTorch refuses: {str(error).splitlines()[0][:60]}")
    found = getattr(ops, name)(*call[0])
    assert str(found.dtype) == str(expected.dtype).removeprefix("torch.")
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-3 if "e" in kinds else 1e-6)


# ── dtypes, by hand ──


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda i: i / 2, "float32"), (lambda i: 2 / i, "float32"), (lambda i: i // 2, "int64"), (lambda i: i % 2, "int64"),
        (lambda i: i**2, "int64"),
        (lambda i: i**0.5, "float32"), (lambda i: -i, "int64"), (lambda i: abs(i), "int64"), (lambda i: i + 1.5, "float32"),
        (lambda i: i > 1.5, "bool"),
        (lambda i: ~i, "int64"), (lambda i: i & 1, "int64"), (lambda i: i << 1, "int64"), (lambda i: ops.exp(i), "float32"),
        (lambda i: ops.sigmoid(i), "float32"),
        (lambda i: ops.square(i), "int64"), (lambda i: ops.relu(i), "int64"), (lambda i: ops.floor(i), "int64"),
        (lambda i: ops.round(i), "int64"),
        (lambda i: ops.clamp(i, min=2), "int64"), (lambda i: ops.clamp(i, max=1.5), "float32"),
        (lambda i: ops.masked_fill(i, i > 1, 7), "int64"),
        (lambda i: ops.where(i > 1, i, 0.5), "float32"), (lambda i: ops.where(i > 1, 1.0, 0.0), "float32"),
        (lambda i: ops.where(i > 1, 1, 0), "int64"),
        (lambda i: ops.float_power(i, 2), "float64"), (lambda i: ops.erf(i), "float32"), (lambda i: ops.deg2rad(i), "float32"),
        (lambda i: ops.isnan(i), "bool"),
        (lambda i: ops.clone(i), "int64"), (lambda i: ops.sign(i), "int64"), (lambda i: ops.reciprocal(i), "float32"),
        (lambda i: i ^ i, "int64"),
    ],
)  # fmt: skip
def test_dtype_of_integers(function, expected):
    assert str(function(Tensor(np.array([1, 2, 3]))).dtype) == expected


# ── special values: what each element gives, and its gradient ──

KINKS = [
    ("relu", {}, [0.0, -0.0, 1.0, -INF], [0, 0, 1, 0]), ("abs", {}, [0.0, -2.0], [0, -1]), ("relu6", {}, [0.0, 6.0, 3.0], [0, 0, 1]),
    ("clamp", {"min": -1.0, "max": 1.0}, [-1.0, 1.0, 0.5], [0, 0, 1]), ("hardtanh", {}, [-1.0, 1.0, 0.5], [0, 0, 1]),
    ("hardsigmoid", {}, [-3.0, 3.0, 0.0], [0, 0, 1 / 6]), ("hardswish", {}, [-3.0, 3.0], [0, 1]), ("leaky_relu", {}, [0.0, 1.0], [0.01, 1]),
    ("softshrink", {}, [0.5, -0.5, 1.0], [0, 0, 1]), ("hardshrink", {}, [0.5, -0.5, 1.0], [0, 0, 1]),
    ("threshold", {"threshold": 1.0, "value": 0.0}, [1.0, 2.0], [0, 1]),
    ("elu", {"alpha": 0.5}, [0.0], [0.5]), ("softsign", {}, [0.0], [1]), ("sign", {}, [0.0, 2.0], [0, 0]),
    ("floor", {}, [1.0, 1.5], [0, 0]), ("sinc", {}, [0.0], [0]),
    ("pow", {"exponent": 2}, [0.0, -3.0], [0, -6]), ("pow", {"exponent": 0}, [0.0, -3.0, INF], [0, 0, 0]),
    ("pow", {"exponent": 1}, [0.0, -3.0], [1, 1]),
    ("pow", {"exponent": 3}, [0.0, -3.0], [0, 27]), ("pow", {"exponent": -1}, [2.0], [-0.25]),
    ("nan_to_num", {}, [NAN, INF, 1.0], [0, 0, 1]), ("softplus", {}, [1000.0, -1000.0, 0.0], [1, 0, 0.5]),
    ("logsigmoid", {}, [1000.0, -1000.0, 0.0], [0, 1, 0.5]),
    ("sigmoid", {}, [1000.0, -1000.0, INF, -INF], [0, 0, 0, 0]), ("tanh", {}, [INF, -INF], [0, 0]), ("erf", {}, [INF, -INF], [0, 0]),
    ("silu", {}, [-1000.0, 1000.0], [0, 1]),
    ("logit", {"eps": 0.1}, [0.05, 0.1, 0.5], [0, 0, 4]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "params", "x", "expected"), KINKS, ids=lambda v: v if isinstance(v, str) else None)
def test_kinks_and_limits(name, params, x, expected):
    np.testing.assert_allclose(derivative(lambda x: getattr(ops, name)(x, **params), x)[0], expected, rtol=1e-12, atol=1e-300)


PAIRS = [
    ("maximum", 1.0, 1.0, 0.5, 0.5), ("minimum", 1.0, 1.0, 0.5, 0.5), ("maximum", 2.0, 1.0, 1, 0), ("fmax", NAN, 1.0, 0, 1),
    ("fmin", 1.0, NAN, 1, 0),
    ("pow", 0.0, 0.0, 0, 0), ("pow", 0.0, 2.0, 0, 0), ("pow", 0.0, 1.0, 1, 0), ("pow", -2.0, 2.0, -4, NAN), ("hypot", 0.0, 0.0, 0, 0),
    ("atan2", 0.0, 0.0, 0, 0),
    ("logaddexp", -INF, -INF, 0, 0), ("logaddexp", -INF, 1.0, 0, 1), ("logaddexp", 0.0, 1000.0, 0, 1), ("logaddexp2", -INF, -INF, 0, 0),
    ("xlogy", 0.0, 0.0, 0, 0), ("xlogy", 0.0, 2.0, math.log(2), 0), ("xlog1py", 0.0, -1.0, 0, 0), ("copysign", 0.0, 1.0, 0, 0),
    ("copysign", 2.0, -1.0, -1, 0),
]  # fmt: skip


@pytest.mark.parametrize(("name", "a", "b", "da", "db"), PAIRS)
def test_pairs(name, a, b, da, db):
    np.testing.assert_allclose(derivative(getattr(ops, name), a, b), [da, db])


def test_a_constant_takes_no_share_of_a_tie():
    zero = Tensor(np.zeros(3))
    for function in (ops.maximum, ops.minimum, ops.fmax, ops.fmin):
        assert derivative(lambda x, f=function: f(x, zero), [0.0, 0.0, 0.0])[0].tolist() == [0, 0, 0]
        assert derivative(lambda x, f=function: f(x, x), [1.0, 2.0])[0].tolist() == [1, 1]


FAR = [
    "sigmoid", "tanh", "softplus", "logsigmoid", "silu", "mish", "gelu", "elu", "selu", "celu", "softsign", "erf", "erfc", "log_ndtr",
    "hardswish", "atan", "asinh",
]  # fmt: skip


def test_values_that_overflow_on_the_way():
    """No warning (they are errors here) and the right limit for ordinary numbers far out, in both precisions, forward and backward."""
    for dtype in (np.float32, np.float64):
        x = Tensor(np.array([-1000.0, -90.0, 0.0, 90.0, 1000.0], dtype), requires_grad=True)
        for name in FAR:
            y = getattr(ops, name)(x)
            (g,) = autograd.grad(y.sum(), [x])
            assert np.isfinite(y.detach().numpy()).all(), name
            assert np.isfinite(g.numpy()).all(), name
            assert y.dtype == g.dtype == dtype, name
        y = ops.logaddexp(x, -x)
        assert y.tolist() == pytest.approx([1000, 90, math.log(2), 90, 1000])


def test_sigmoid_keeps_its_tail():
    """Written with tanh it would be 0 from -37 on."""
    assert ops.sigmoid(Tensor(np.array(-40.0))).item() == pytest.approx(math.exp(-40), rel=1e-14)


# ── choice ──


@pytest.mark.parametrize("size", [4, 5000])
def test_what_was_not_chosen_gets_exactly_zero(size):
    """Also where the gradient that arrives is infinite; both ways in which keep computes."""
    x = np.linspace(-1, 1, size)
    chosen = x > 0
    g = np.full(size, INF)
    for y in (ops.keep(g, chosen), derivative(lambda x: ops.where(chosen, ops.sqrt(x * 0), 1.0), x)[0]):
        assert (y[~chosen] == 0).all()
    assert (ops.keep(g, chosen)[chosen] == INF).all()
    assert derivative(lambda x: ops.log(ops.relu(x)), x)[0][~chosen].tolist() == [0] * int((~chosen).sum())
    safe = derivative(lambda x: ops.where(x > 0, ops.log(x), 0.0), x)[0]
    np.testing.assert_allclose(safe, np.where(chosen, 1 / np.where(chosen, x, 1), 0))


def test_masked_fill_shares_nothing_with_what_it_hides():
    mask = Tensor(np.array([True, False]))
    dx, dv = derivative(lambda x, v: ops.masked_fill(x, mask, v), [1.0, 2.0], 5.0)
    assert dx.tolist() == [0, 1]
    assert dv.tolist() == 1


def test_where_alone_is_nonzero():
    rows, columns = ops.where(Tensor(np.array([[True, False], [False, True]])))
    assert rows.tolist() == columns.tolist() == [0, 1]


def test_clone_has_memory_of_its_own():
    x = np.ones(3)
    assert not np.shares_memory(ops.clone(Tensor(x)).numpy(), x)


# ── second derivatives where they are easily wrong ──


def second(function, x):
    x = Tensor(np.array(x, float), requires_grad=True)
    (g,) = autograd.grad(function(x).sum(), [x], create_graph=True)
    return autograd.grad(g.sum(), [x])[0].numpy()


def test_second_derivatives():
    np.testing.assert_allclose(second(ops.sinc, [0.0, 1e-4]), -(math.pi**2) / 3, rtol=1e-6)
    np.testing.assert_allclose(second(lambda x: x**2, [0.0, -1.0]), 2)
    np.testing.assert_allclose(second(lambda x: x**3, [0.0, -1.0]), [0, -6])
    np.testing.assert_allclose(second(ops.square, [0.0]), 2)
    np.testing.assert_allclose(second(ops.softplus, [0.0, 1000.0]), [0.25, 0], atol=1e-300)
    np.testing.assert_allclose(second(lambda x: ops.logaddexp(x, -x), [0.0]), 1)
    np.testing.assert_allclose(second(lambda x: ops.where(x > 0, ops.sqrt(x), 0.0), [0.0, 4.0]), [0, -1 / 32])


def test_sinc_slope_is_accurate_on_both_sides_of_the_switch():
    x = np.array([1e-9, 1e-5, 0.1, 0.159, 0.16, 0.3])
    u = np.pi * x
    with np.errstate(all="ignore"):
        exact = np.where(x < 1e-2, -np.pi * u / 3 * (1 - u * u / 10), np.pi * (u * np.cos(u) - np.sin(u)) / u**2)
    np.testing.assert_allclose(derivative(ops.sinc, x)[0], exact, rtol=1e-9)


# ── mistakes ──


@pytest.mark.parametrize(
    ("mistake", "kind", "words"),
    [
        (lambda i, b: -b, TypeError, "neg"), (lambda i, b: b - b, TypeError, "sub"),
        (lambda i, b: i**-1, ValueError, "negative integer powers"),
        (lambda i, b: ops.clamp(i), ValueError, "min, max or both"),
        (lambda i, b: ops.div(i, 2, rounding_mode="up"), ValueError, "rounding_mode"),
        (lambda i, b: ops.masked_fill(i, i, 0), TypeError, "mask of booleans"),
        (lambda i, b: ops.masked_fill(i, b, i), ValueError, "one value"),
        (lambda i, b: ops.masked_fill(i, b, None), TypeError, "masked_fill: a number or a 0-d tensor is required; got NoneType"),
        (lambda i, b: ops.fill(i, "a"), TypeError, "masked_fill: .*got str"),
        (lambda i, b: ops.mvlgamma(b, 2), TypeError, "mvlgamma: numbers are required; got bool"),
        (lambda i, b: ops.gelu(i, approximate="erf"), ValueError, "approximate"),
        (lambda i, b: ops.prelu(i * 1.0, Tensor(np.ones(4))), ValueError, "prelu"),
        (lambda i, b: ops.bitwise_and(i, 1.5), TypeError, "bitwise_and"), (lambda i, b: i + Tensor(np.ones(2)), ValueError, "broadcast"),
    ],
)  # fmt: skip
def test_mistakes(mistake, kind, words):
    with pytest.raises(kind, match=words) as caught:
        mistake(Tensor(np.array([1, 2, 3])), Tensor(np.array([True, False, True])))
    assert isinstance(caught.value, AutogradError)
    assert "test_elementwise.py" in str(caught.value)


@pytest.mark.parametrize("approximate", ["none", "tanh"])
def test_gelu_in_float32(approximate):
    """Value and slope to float32's rounding, at 0, far out, over several blocks, and without a warning."""
    x = np.concatenate([np.linspace(-30, 30, 90_001), [0.0, -0.0, 1e-30, -1e-30, 1e30, -1e30]])
    wide, narrow = (Tensor(x.astype(dtype), requires_grad=True) for dtype in (np.float64, np.float32))
    for t in (wide, narrow):
        autograd.gelu(t, approximate).sum().backward()
    rounded = Tensor(narrow.detach().numpy().astype(np.float64), requires_grad=True)
    y = autograd.gelu(rounded, approximate)
    y.sum().backward()
    error = np.abs(autograd.gelu(narrow, approximate).detach().numpy() - y.detach().numpy())
    assert (error <= 2e-7 * np.maximum(1, np.abs(x))).all()
    assert np.isfinite(narrow.grad.numpy()[:-2]).all()
    np.testing.assert_allclose(narrow.grad.numpy()[:-2], rounded.grad.numpy()[:-2], 2e-6, 2e-6)
