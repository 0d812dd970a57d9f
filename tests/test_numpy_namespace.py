"""autograd.numpy: NumPy's names on arrays and tensors."""
from __future__ import annotations

import doctest
import inspect

import numpy  # noqa: ICN001  np is the namespace under test
import pytest

import autograd
import autograd.numpy as np
import autograd.numpy.linalg as npla
import autograd.numpy.random as npr

HOMES = [(np, numpy), (np.linalg, numpy.linalg), (np.fft, numpy.fft), (np.random, numpy.random)]


@pytest.mark.parametrize(("ours", "theirs"), HOMES, ids=lambda home: home.__name__)
def test_numpys_names_are_there(ours, theirs):
    heavy = ("f2py", "testing", "typing", "ctypeslib", "distutils")  # imported only when somebody asks
    names = [name for name in theirs.__all__ if name not in heavy and not inspect.ismodule(getattr(theirs, name))]
    assert len(names) > 15
    own = [name for name in names if getattr(ours, name) is not getattr(theirs, name)]
    assert sorted(own) == (["array", "asanyarray", "asarray", "ascontiguousarray"] if ours is np else [])
    assert set(names) <= set(dir(ours))


def test_a_name_that_numpy_has_not_is_refused():
    with pytest.raises(AttributeError, match="foo"):
        np.foo


def x():
    return autograd.tensor([1.0, 2.0], requires_grad=True)


@pytest.mark.parametrize(
    ("make", "expected", "dtype"),
    [
        (lambda x: np.array(x), [1, 2], "float32"),
        (lambda x: np.asarray(x, np.float64), [1, 2], "float64"),
        (lambda x: np.array([x[1], 3, x[0]]), [2, 3, 1], "float32"),
        (lambda x: np.array([[x[1], 3.5], (x[0], True)]), [[2, 3.5], [1, 1]], "float32"),
        (lambda x: np.array([x, numpy.ones(2)]), [[1, 2], [1, 1]], "float64"),
        (lambda x: np.array([x, [3, 4]], float), [[1, 2], [3, 4]], "float64"),
    ],
)
def test_arrays_of_tensors_are_part_of_the_graph(make, expected, dtype):
    leaf = x()
    y = make(leaf)
    assert isinstance(y, autograd.Tensor)
    assert y.dtype == dtype
    numpy.testing.assert_array_equal(y.detach().numpy(), expected)
    y.sum().backward()
    numpy.testing.assert_array_equal(leaf.grad.numpy(), [1, 1])


def test_copies():
    leaf = x()
    assert np.asarray(leaf) is leaf
    assert np.array(leaf) is not leaf
    assert not numpy.shares_memory(np.array(leaf).detach().numpy(), leaf.detach().numpy())
    a = numpy.ones(3)
    assert np.asarray(a) is a
    assert np.array(a) is not a
    assert isinstance(np.array([1, 2]), numpy.ndarray)


def test_a_program_of_arrays_becomes_differentiable():
    """Logistic regression as it is written for HIPS autograd."""
    npr.seed(0)
    inputs, targets = npr.randn(20, 3), npr.rand(20) > 0.5

    def loss(weights):
        predictions = 0.5 * (np.tanh(np.dot(inputs, weights)) + 1)
        likelihoods = predictions * targets + (1 - predictions) * (1 - targets)
        return -np.sum(np.log(likelihoods)) + npla.norm(weights) ** 2

    w = npr.randn(3)
    slope = autograd.grad(loss)(w)
    assert isinstance(slope, numpy.ndarray)
    h = 1e-6 * np.eye(3)
    numpy.testing.assert_allclose(slope, [(loss(w + d) - loss(w - d)) / 2e-6 for d in h], 1e-6)


def test_the_example():
    assert doctest.testmod(np).failed == 0
