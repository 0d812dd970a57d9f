"""Reductions and scans against PyTorch, and at the places where a derivative is a matter of convention."""
from __future__ import annotations

import math

import numpy as np
import pytest
from torch_parity import against_torch

import autograd
from autograd import Tensor
from autograd.errors import AutogradError

NAN, INF = math.nan, math.inf
X = np.random.default_rng(0).uniform(-2, 2, (3, 4, 2))
ZEROS = np.array([[2.0, 0.0, 3.0, -1.0], [0.0, 0.0, 1.5, 2.0], [1.0, 2.0, 3.0, 4.0], [0.0, 0.0, 0.0, 0.0]])
TIES = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [5.0, 1.0, 0.0]])
HOLES = np.array([[1.0, NAN, 3.0, 0.5], [NAN, NAN, NAN, NAN], [4.0, 2.0, 0.0, 1.0]])
EMPTY, SCALAR = np.zeros((0, 3)), np.array(1.5)
INTS, BOOLS = np.array([[3, 1, 2], [3, 3, 0]]), np.array([[True, False], [True, True]])


def same(name, *arrays, order=2, **params):
    against_torch(
        lambda *xs: getattr(autograd, name)(*xs, **params),
        lambda *ts: getattr(pytest.importorskip("torch"), name)(*ts, **params), *arrays, order=order,
    )  # fmt: skip


OVER = [{}, {"dim": 1}, {"dim": -1, "keepdim": True}, {"dim": (0, -1)}, {"dim": (2, 0), "keepdim": True}, {"dim": [1]}]
PLAIN = ["sum", "mean", "nansum", "nanmean", "amax", "amin", "norm", "all", "any"]
ALONG = [{"dim": 0}, {"dim": -2}, {"dim": 2, "keepdim": True}]


@pytest.mark.parity
@pytest.mark.parametrize("params", OVER, ids=str)
@pytest.mark.parametrize("name", [*PLAIN, "var", "std", "var_mean", "std_mean", "logsumexp"])
def test_over_dims(name, params):
    same(name, X, **({"dim": (0, 1, 2)} if name == "logsumexp" and not params else params))


@pytest.mark.parity
@pytest.mark.parametrize("name", [*PLAIN, "logsumexp"])
def test_one_element(name):
    same(name, SCALAR, dim=0)
    same(name, SCALAR, dim=-1, keepdim=True)


@pytest.mark.parity
@pytest.mark.parametrize("params", ALONG, ids=str)
@pytest.mark.parametrize("name", ["prod", "max", "min", "median", "nanmedian", "argmax", "argmin", "aminmax", "sum"])
def test_along_a_dim(name, params):
    same(name, X, **params)
    same(name, SCALAR, dim=-1)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["prod", "max", "min", "median", "nanmedian", "argmax", "argmin", "aminmax", "count_nonzero"])
def test_over_all(name):
    same(name, X)
    same(name, SCALAR)


@pytest.mark.parity
@pytest.mark.parametrize("name", ["cumsum", "cumprod", "cummax", "cummin", "logcumsumexp"])
def test_running(name):
    for dim in (0, 1, -1):
        same(name, X, dim=dim)
    same(name, TIES, dim=1, order=1)
    same(name, SCALAR, dim=0)
    same(name, EMPTY, dim=1)


@pytest.mark.parity
@pytest.mark.parametrize(("name", "array", "params"), [
    ("sum", X, {"dim": 0, "dtype": "float32"}), ("var", X, {"correction": 0}), ("var", X, {"dim": (0, 2), "unbiased": False}),
    ("std", X, {"dim": 1, "correction": 2, "keepdim": True}), ("var_mean", X, {"dim": 0, "correction": 0}),
    ("norm", X, {"p": 1}), ("norm", X, {"p": 3, "dim": 1}), ("norm", X, {"p": 0.5, "dim": (0, 1)}), ("norm", X, {"p": INF, "dim": 0}),
    ("norm", X, {"p": -INF}), ("norm", X, {"p": "fro", "dim": (0, 2), "keepdim": True}), ("norm", X, {"p": 2.5}),
    ("quantile", X, {"q": 0.3}), ("quantile", X, {"q": 0.5, "dim": 1, "keepdim": True}), ("quantile", X, {"q": 1.0, "dim": -1}),
    ("quantile", X[:, 0, 0], {"q": 0.4, "interpolation": "nearest"}), ("quantile", X[..., 0], {"q": 0.4, "interpolation": "midpoint"}),
    ("quantile", X, {"q": 0.4, "dim": 1, "interpolation": "lower"}), ("quantile", X, {"q": 0.4, "dim": 1, "interpolation": "higher"}),
    ("quantile", HOLES, {"q": 0.4, "dim": 1}), ("nanquantile", HOLES, {"q": 0.4, "dim": 1}), ("nanquantile", HOLES, {"q": 0.7}),
    ("diff", X, {}), ("diff", X, {"n": 2, "dim": 1}), ("diff", BOOLS, {}), ("diff", INTS, {"dim": 0}),
    ("prod", ZEROS, {"dim": 1}), ("prod", ZEROS, {"dim": 0, "keepdim": True}), ("prod", ZEROS, {}), ("prod", ZEROS[0], {}),
    ("cumprod", ZEROS, {"dim": 1}), ("cumprod", ZEROS, {"dim": 0}),
    ("amax", TIES, {"dim": 1}), ("amin", TIES, {"dim": (0, 1)}), ("max", TIES, {}), ("min", TIES, {}), ("max", TIES, {"dim": 1}),
    ("median", TIES, {}), ("aminmax", TIES, {"dim": 1}), ("median", TIES[:2], {"dim": 0}),
    ("nansum", HOLES, {"dim": 1}), ("nanmean", HOLES, {"dim": 0}), ("nanmedian", HOLES[::2], {"dim": 1}), ("nanmedian", HOLES, {}),
    ("sum", EMPTY, {}), ("sum", EMPTY, {"dim": 0}), ("mean", EMPTY, {}), ("mean", EMPTY, {"dim": 0}),
    ("prod", EMPTY, {}), ("prod", EMPTY, {"dim": 0}),
    ("norm", EMPTY, {}), ("logsumexp", EMPTY, {"dim": 0}), ("logsumexp", EMPTY, {"dim": 1}),
    ("amax", EMPTY, {"dim": 1}), ("max", EMPTY, {"dim": 1}),
    ("argmax", EMPTY, {"dim": 1}), ("all", EMPTY, {}), ("any", EMPTY, {"dim": 0}), ("median", EMPTY, {}),
    ("count_nonzero", EMPTY, {"dim": 0}),
    ("sum", INTS, {}), ("sum", BOOLS, {"dim": 1}), ("prod", INTS, {"dim": 0}), ("prod", BOOLS, {}),
    ("cumsum", BOOLS, {"dim": 0}), ("cumprod", INTS, {"dim": 1}),
    ("sum", INTS.astype(np.uint8), {}), ("sum", INTS.astype(np.int16), {"dim": 0}), ("all", INTS, {"dim": -1}),
    ("any", BOOLS, {"dim": (0, 1)}),
    ("all", INTS.astype(np.uint8), {"dim": 0}), ("amax", INTS, {}), ("max", INTS, {"dim": 1}),
    ("median", INTS, {"dim": 0}), ("logsumexp", INTS, {"dim": 0}),
    ("count_nonzero", INTS, {"dim": (0, 1)}), ("nansum", INTS, {}),
    ("sum", X.astype(np.float32), {"dim": 1}), ("mean", X.astype(np.float16), {}),
], ids=lambda value: "" if isinstance(value, np.ndarray) else str(value))  # fmt: skip
def test_cases(name, array, params):
    torch = pytest.importorskip("torch")
    theirs = {key: getattr(torch, value) if key == "dtype" else value for key, value in params.items()}
    precision = {np.dtype("float16"): 1e-3, np.dtype("float32"): 1e-5}.get(array.dtype, 1e-6 if "dtype" in params else 1e-10)
    function = getattr(torch, name)
    order = 1 if name in ("norm", "nanquantile") and params.get("p", 2) in (1, INF, -INF) else 2
    ours = getattr(autograd, name)
    against_torch(lambda x: ours(x, **params), lambda t: function(t, **theirs), array, order=order, rtol=2 * precision, atol=precision)


@pytest.mark.parity
def test_several_quantiles():
    torch = pytest.importorskip("torch")
    q = np.array([0.1, 0.5, 0.75])
    for dim in (None, 0, -1):
        for keepdim in (False, True):
            against_torch(lambda x: autograd.quantile(x, q, dim, keepdim), lambda t: torch.quantile(t, torch.tensor(q), dim, keepdim), X)  # noqa: B023


@pytest.mark.parity
def test_of_two():
    same("max", X, X[::-1].copy())
    same("dist", X, X[::-1].copy())
    same("dist", X, X[0], p=1, order=1)


def gradient(function, values):
    x = Tensor(np.array(values, float), requires_grad=True)
    y = function(x)
    y.backward(Tensor(np.ones(y.shape)))
    return x.grad.numpy()


@pytest.mark.parametrize(("function", "values", "expected"), [
    (lambda x: autograd.norm(x), [0, 0], [0, 0]),
    (lambda x: autograd.norm(x, 1), [0, 2], [0, 1]),
    (lambda x: autograd.norm(x, INF), [-3, 3, 1], [-0.5, 0.5, 0]),
    (lambda x: autograd.norm(x, INF), [0, 0], [0, 0]),
    (lambda x: autograd.norm(x, -INF), [1, 1, 2], [0.5, 0.5, 0]),
    (lambda x: autograd.norm(x, 0), [1, 0], [0, 0]),
    (lambda x: autograd.norm(x, 3), [0, 0], [0, 0]),
    (lambda x: autograd.norm(x, 0.5), [0, 1], [0, 1]),
    (lambda x: autograd.std(x), [2, 2, 2], [0, 0, 0]),
    (lambda x: autograd.logsumexp(x, 0), [-INF, -INF], [0, 0]),
    (lambda x: autograd.logsumexp(x, 0), [-INF, 0], [0, 1]),
    (lambda x: autograd.logcumsumexp(x, 0), [-INF, -INF, 0], [0, 0, 1]),
    (lambda x: autograd.logcumsumexp(x, 0), [0, 1000, -1000], [1, 2, 0]),
    (lambda x: autograd.amax(x), [1, 1, 0], [0.5, 0.5, 0]),
    (lambda x: autograd.max(x), [1, 1, 1, 1], [0.25] * 4),
    (lambda x: autograd.max(x, 0).values, [1, 2, 2], [0, 1, 0]),
    (lambda x: autograd.prod(x), [0, 0, 0], [0, 0, 0]),
    (lambda x: autograd.prod(x), [2, 0, 3], [0, 6, 0]),
    (lambda x: autograd.prod(x), [1e-200, 1e-200, 1e250], [1e50, 1e50, 0]),
    (lambda x: autograd.nansum(x), [NAN, 1], [0, 1]),
    (lambda x: autograd.nanmean(x), [NAN, 1, 2], [0, 0.5, 0.5]),
    (lambda x: autograd.median(x), [1, 2, 2, 2, 5], [0, 1 / 3, 1 / 3, 1 / 3, 0]),
    (lambda x: autograd.quantile(x, 0.5), [1, 2, INF], [0, 1, 0]),
])  # fmt: skip
def test_conventions(function, values, expected):
    """Where there is no single derivative: the smallest one, the same share to equals, and never NaN."""
    np.testing.assert_allclose(gradient(function, values), expected, rtol=1e-12, atol=1e-200)


def test_linear_recurrence_in_blocks():
    """Long rows are cut into blocks: the same numbers as step by step."""
    rng = np.random.default_rng(0)
    a, b = rng.uniform(-1, 1, (2, 3, 130))
    expected = np.zeros((3, 130))
    for i in range(130):
        expected[:, i] = a[:, i] * (expected[:, i - 1] if i else 0) + b[:, i]
    np.testing.assert_allclose(autograd.linear_recurrence(a, b, -1), expected, rtol=1e-12)
    np.testing.assert_allclose(autograd.linear_recurrence(a.T, b.T, 0), expected.T, rtol=1e-12)
    assert autograd.linear_recurrence(a[:, :0], b[:, :0], 1).shape == (3, 0)


@pytest.mark.parametrize(("function", "array", "words"), [
    (autograd.amax, EMPTY, "at least one element"), (autograd.max, EMPTY, "at least one element"),
    (autograd.argmin, np.zeros(0), "at least one element"),
    (lambda x: autograd.prod(x, (0, 1)), X, "one dim"),
    (autograd.mean, INTS, "x.float()"), (autograd.var, INTS, "x.float()"), (autograd.norm, INTS, "x.float()"),
    (lambda x: autograd.norm(x, INF), np.zeros(0), "at least one element"),
    (lambda x: autograd.quantile(x, 1.5), X, "between 0 and 1"),
    (lambda x: autograd.quantile(x, 0.5, interpolation="cubic"), X, "linear"), (lambda x: autograd.sum(x, 3), X, "dim"),
    (lambda x: autograd.median(x, 1), np.zeros((2, 0)), "at least one element"), (lambda x: autograd.norm(x, "nuc"), X, "a matrix is"),
])  # fmt: skip
def test_errors(function, array, words):
    with pytest.raises(AutogradError) as raised:
        function(Tensor(array))
    assert words in str(raised.value)
    assert "test_reduction.py" in str(raised.value)


def test_numpy_names():
    x = Tensor(X, requires_grad=True)
    for function in (np.sum, np.mean, np.prod, np.all, np.any, np.argmax, np.argmin, np.nansum, np.nanmean, np.count_nonzero):
        for params in ({}, {"axis": 1}):
            found = function(x, **params)
            assert isinstance(found, Tensor)
            np.testing.assert_allclose(found.detach().numpy(), function(X, **params))


def test_equal_and_allclose():
    x = Tensor(X)
    assert autograd.equal(x, X.copy()) is True
    assert autograd.equal(x, X[0]) is False
    assert autograd.allclose(x, X + 1e-9) is True
    assert autograd.allclose(x, X + 1e-3) is False
    assert autograd.allclose(Tensor(HOLES), HOLES) is False
    assert autograd.allclose(Tensor(HOLES), HOLES, equal_nan=True) is True


def test_dtypes_of_wide_sums():
    """A sum of float16 does not stop growing at 2048, and float32 stays float32."""
    assert float(autograd.sum(Tensor(np.ones(10_000, np.float16)))) == 10_000
    for name in ("sum", "mean", "std", "norm", "prod", "amax", "median", "nanmean"):
        assert getattr(autograd, name)(Tensor(np.ones((2, 3), np.float32))).dtype == np.float32
