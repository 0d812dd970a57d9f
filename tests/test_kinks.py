"""Where a derivative does not exist: one stated rule, the minimum-norm subgradient, in every spelling of a function."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
from autograd import Tensor


def derivative(function, x, dtype=np.float64):
    """The gradient of the sum of function(x)."""
    x = Tensor(np.array(x, dtype), requires_grad=True)
    y = function(x)
    y.backward(Tensor(np.ones(y.shape, y.dtype)))
    return x.grad.numpy()


POINTS = [-1.0, 0.0, -0.0, 2.0]
RELU = {
    "relu": lambda x: ag.relu(x),
    "method": lambda x: x.relu(),
    "maximum(x, 0)": lambda x: ag.maximum(x, Tensor(np.zeros(()))),
    "maximum(0, x)": lambda x: ag.maximum(Tensor(np.zeros(())), x),
    "max(other)": lambda x: ag.max(x, Tensor(np.zeros(x.shape))),
    "clamp(min)": lambda x: ag.clamp(x, min=0),
    "clamp_min": lambda x: ag.clamp_min(x, 0),
    "clip": lambda x: ag.clip(x, 0, None),
    "clamp(tensor)": lambda x: ag.clamp(x, min=Tensor(np.zeros(()))),
    "-clamp(-x, max=0)": lambda x: -ag.clamp(-x, max=0),
    "fmax": lambda x: ag.fmax(x, Tensor(np.zeros(()))),
    "where": lambda x: ag.where(x > 0, x, Tensor(np.zeros(()))),
    "np.maximum": lambda x: np.maximum(x, 0),
    "np.maximum(0, x)": lambda x: np.maximum(0, x),
    "np.clip": lambda x: np.clip(x, 0, None),
    "np.fmax": lambda x: np.fmax(x, 0.0),
    "np.where": lambda x: np.where(np.greater(x, 0), x, 0),
    "masked_fill": lambda x: x.masked_fill(x <= 0, 0),
    "x * (x > 0)": lambda x: x * (x > 0),
    "in place": lambda x: x.clone().clamp_(min=0),
    "(x + |x|) / 2": lambda x: (x + ag.abs(x)) / 2 - x / 2 * (x == 0),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("spelling", RELU)
def test_every_spelling_of_relu_agrees(spelling, dtype):
    np.testing.assert_array_equal(derivative(RELU[spelling], POINTS, dtype), [0, 0, 0, 1])


def pair(function, a, b):
    x, y = (Tensor(np.array(v), requires_grad=True) for v in (a, b))
    function(x, y).sum().backward()
    return x.grad.tolist(), y.grad.tolist()


LARGER_OF_TWO = [ag.maximum, ag.minimum, ag.fmax, ag.fmin, ag.max, ag.min, np.maximum, np.minimum]


@pytest.mark.parametrize("function", LARGER_OF_TWO, ids=lambda f: getattr(f, "__module__", "numpy") + "." + f.__name__)
def test_a_tie_of_two_variables_is_shared(function):
    assert pair(function, [1.0, 0.0], [1.0, 0.0]) == ([0.5, 0.5], [0.5, 0.5])


ABS = {
    "abs": ag.abs, "method": lambda x: x.abs(), "builtin": abs, "maximum": lambda x: ag.maximum(x, -x), "np.abs": np.abs,
    "np.fabs": np.fabs,
}  # fmt: skip


@pytest.mark.parametrize("spelling", ABS)
def test_abs_at_zero(spelling):
    np.testing.assert_array_equal(derivative(ABS[spelling], [-2.0, 0.0, 3.0]), [-1, 0, 1])


NORM = {
    "norm": lambda x: ag.norm(x),
    "method": lambda x: x.norm(),
    "norm(dim)": lambda x: ag.norm(x, dim=-1),
    "norm(p=1)": lambda x: ag.norm(x, 1),
    "norm(p=2)": lambda x: ag.norm(x, 2),
    "norm(p=3)": lambda x: ag.norm(x, 3),
    "norm(p=inf)": lambda x: ag.norm(x, float("inf")),
    "dist": lambda x: ag.dist(x, Tensor(np.zeros(x.shape))),
    "np.linalg.norm": lambda x: np.linalg.norm(x),
    "np.linalg.norm(axis)": lambda x: np.linalg.norm(x, axis=0),
}


@pytest.mark.parametrize("spelling", NORM)
def test_norm_at_zero(spelling):
    np.testing.assert_array_equal(derivative(NORM[spelling], [0.0, 0.0, 0.0]), [0, 0, 0])


@pytest.mark.parametrize("x", [[0.0, 0.0], [2.0, 2.0]])
def test_std_of_equal_values(x):
    np.testing.assert_array_equal(derivative(lambda x: ag.std(x), x), [0, 0])
    np.testing.assert_array_equal(derivative(lambda x: np.std(x), x), [0, 0])


MAX = {
    "max": ag.max, "method": lambda x: x.max(), "amax": ag.amax, "amax(dim)": lambda x: ag.amax(x, 0), "np.max": np.max,
    "np.max(axis)": lambda x: np.max(x, axis=0),
}  # fmt: skip


@pytest.mark.parametrize("spelling", MAX)
def test_max_at_a_tie_is_shared(spelling):
    np.testing.assert_array_equal(derivative(MAX[spelling], [1.0, 1.0, 0.0]), [0.5, 0.5, 0])
    np.testing.assert_array_equal(derivative(lambda x: -MAX[spelling](-x), [1.0, 0.0, 0.0]), [0, 0.5, 0.5])


def test_max_along_a_dim_gives_all_to_the_index_it_returns():
    x = Tensor(np.array([1.0, 1.0, 0.0]), requires_grad=True)
    found, index = ag.max(x, 0)
    found.backward()
    assert x.grad.numpy()[int(index)] == 1
    assert x.grad.numpy().sum() == 1


@pytest.mark.parametrize("limits", [(-1.0, 1.0), (None, 1.0), (-1.0, None)])
def test_clamp_is_flat_at_its_bounds(limits):
    low, high = limits
    expected = [(low is None or v > low) and (high is None or v < high) for v in (-2.0, -1.0, 0.0, 1.0, 2.0)]
    np.testing.assert_array_equal(derivative(lambda x: ag.clamp(x, low, high), [-2.0, -1.0, 0.0, 1.0, 2.0]), expected)
    np.testing.assert_array_equal(derivative(lambda x: np.clip(x, low, high), [-2.0, -1.0, 0.0, 1.0, 2.0]), expected)


@pytest.mark.parametrize("function", [ag.floor, ag.ceil, ag.round, ag.trunc, ag.sign, np.floor, np.sign, np.rint], ids=lambda f: f.__name__)
def test_steps_have_the_derivative_zero(function):
    np.testing.assert_array_equal(derivative(function, [-1.0, 0.0, 0.5, 2.0]), [0, 0, 0, 0])


POINTS_OF_NOTE = {  # function, where, derivative there
    "prod of three zeros": (lambda x: ag.prod(x), [0.0, 0.0, 0.0], [0, 0, 0]),
    "prod with a zero": (lambda x: ag.prod(x), [0.0, 2.0, 3.0], [6, 0, 0]),
    "prod with two zeros": (lambda x: ag.prod(x), [0.0, 2.0, 0.0], [0, 0, 0]),
    "np.prod": (lambda x: np.prod(x), [0.0, 2.0, 3.0], [6, 0, 0]),
    "cumprod": (lambda x: ag.cumprod(x, 0), [0.0, 2.0, 0.0], [1 + 2, 0, 0]),
    "x ** 0": (lambda x: ag.pow(x, 0), [0.0, 2.0], [0, 0]),
    "x ** 1": (lambda x: ag.pow(x, 1), [0.0, 2.0], [1, 1]),
    "x ** 2": (lambda x: x**2, [0.0, -2.0], [0, -4]),
    "logsumexp": (lambda x: ag.logsumexp(x, 0), [-np.inf, -np.inf], [0, 0]),
    "logsumexp of one": (lambda x: ag.logsumexp(x, 0), [-np.inf, 1.0], [0, 1]),
    "logaddexp": (lambda x: ag.logaddexp(x, Tensor(np.array([-np.inf]))), [-np.inf], [0]),
    "xlogy": (lambda x: ag.xlogy(x, x), [1.0], [1]),
    "0 log(x)": (lambda x: ag.xlogy(Tensor(np.zeros(1)), x), [0.0], [0]),
    "hypot": (lambda x: ag.hypot(x, Tensor(np.zeros(1))), [0.0], [0]),
    "atan2": (lambda x: ag.atan2(x, Tensor(np.zeros(1))), [0.0], [0]),
    "sinc": (lambda x: ag.sinc(x), [0.0], [0]),
}


@pytest.mark.parametrize("case", POINTS_OF_NOTE)
def test_at_special_points(case):
    function, x, expected = POINTS_OF_NOTE[case]
    np.testing.assert_allclose(derivative(function, x), expected)


KINKED = {
    "relu": ag.relu, "abs": ag.abs, "maximum": lambda x: ag.maximum(x, 0 * x), "clamp": lambda x: ag.clamp(x, -1, 1),
    "norm": lambda x: ag.norm(x), "prod": lambda x: ag.prod(x), "std": lambda x: ag.std(x[:2]),
}  # fmt: skip


@pytest.mark.parametrize("case", KINKED)
def test_the_second_derivative_is_finite_too(case):
    x = Tensor(np.array([0.0, 0.0, 1.0]), requires_grad=True)
    KINKED[case](x).sum().backward(create_graph=True)
    g, x.grad = x.grad, None
    if g.requires_grad:
        (g * g).sum().backward()
        assert np.isfinite(x.grad.numpy()).all()
