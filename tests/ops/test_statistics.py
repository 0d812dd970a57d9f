"""Covariances, distances, counts in bins, integrals and slopes: PyTorch's values and errors at the edges of what is allowed."""
from __future__ import annotations

import math

import numpy as np
import pytest
from beside_torch import A, compare, named

import autograd as ag

EDGES = np.array([-1.0, 0.0, 2.0])
CALLS = [
    ("cov", (A(3, 4),), {"correction": 5}),
    ("cov", (A(3, 1),), {}),
    ("corrcoef", (A(4),), {}),
    ("corrcoef", (np.ones((2, 3)),), {}),
    ("histc", (A(3, 4), 3, 1, 1), {}),
    ("histc", (np.full(3, 2.0), 4), {}),
    ("gradient", (np.array([1.0, math.inf, 3.0]),), {}),
    ("gradient", (A(3, 4),), {"dim": (1, 0), "spacing": [2.0, 3.0], "edge_order": 2}),
    ("gradient", (A(2),), {"spacing": 0}),
    ("gradient", (np.array([1, 2, 4]),), {"spacing": 2.0}),
    ("combinations", (A(3), 4), {}),
    ("cumulative_trapezoid", (A(2, 3, 4), A(3, 4)), {"dim": 1}),
]


@named(CALLS)
@pytest.mark.parity
@pytest.mark.filterwarnings("ignore")
def test_beside_torch(name, args, params):
    compare(name, args, params)


@pytest.mark.parity
@pytest.mark.parametrize(
    ("name", "args", "params"),
    [
        ("histogram", ([[1.0, 2.0], [0.5, 3.0]], 4), {}),
        ("histogram", (5.0, 2), {}),
        ("histogram", ([], 3), {}),
        ("histogram", ([0.5, 1.0, 1.5], 2), {"range": (1.0, 1.0)}),
        ("histogram", ([0.5, 1.0, 1.5],), {"density": True}),
        ("histogram", ([math.nan, 1.0], 2), {"range": (0.0, 2.0)}),
        ("histogramdd", ([[0.5, 1.0], [2.0, 1.5], [2.0, 2.0]], [2, 3]), {}),
        ("histogramdd", ([[[0.5, 1.0]], [[2.0, 1.5]]], 3), {"range": [0.0, 1.0, 0.0, 2.0], "density": True}),
    ],
)  # fmt: skip
def test_bins_beside_torch(name, args, params):
    """They have no derivative in PyTorch: values only."""
    torch = pytest.importorskip("torch")
    found, expected = (getattr(library, name)(library.tensor(args[0]), *args[1:], **params) for library in (ag, torch))
    edges = [(y.bin_edges if name == "histogramdd" else [y.bin_edges]) for y in (found, expected)]
    for a, b in [(found.hist, expected.hist), *zip(*edges, strict=True)]:
        assert tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(a.numpy(), b.numpy(), 1e-6)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: ag.cov(ag.ones(2, 3, dtype=ag.bool)), ag.ShapeError, "numbers of variables by observations"),
        (lambda: ag.cov(ag.ones(2, 2), fweights=ag.tensor([1, -1])), ag.ArgumentError, "fweights of 0 or more.*-1 to 1"),
        (lambda: ag.cov(ag.ones(2, 2), aweights=ag.zeros(2)), ag.ArgumentError, "some of them above 0"),
        (lambda: ag.cov(ag.ones(2, 2), aweights=ag.tensor([1, 1])), ag.ShapeError, "floating-point"),
        (lambda: ag.cdist(ag.ones(2, 2), ag.ones(2, 2), p=-1), ag.ArgumentError, "p of 0 or more"),
        (lambda: ag.cdist(ag.ones(2, 2), ag.ones(2, 2), compute_mode="fast"), ag.ArgumentError, "compute_mode='fast'"),
        (lambda: ag.renorm(ag.ones(2, 2), 0, 0, 1.0), ag.ArgumentError, "p above 0"),
        (lambda: ag.renorm(ag.ones(2, 2), 2, 0, -1.0), ag.ArgumentError, "maxnorm of 0 or more"),
        (lambda: ag.renorm(ag.ones(2), 2, 0, 1.0), ag.ShapeError, "two dims"),
        (lambda: ag.trapezoid(ag.tensor(1.0)), ag.ShapeError, "numbers along a dim"),
        (lambda: ag.trapezoid(ag.ones(3, dtype=ag.bool)), ag.ShapeError, "bool"),
        (lambda: ag.trapezoid(ag.ones(3, 4), ag.tensor(1.0)), ag.ShapeError, "points along dim 1"),
        (lambda: ag.histogram(ag.ones(3), ag.tensor([2.0, 0.0])), ag.ArgumentError, "ascending order.*2.0, 0.0"),
        (lambda: ag.histogram(ag.ones(3), ag.tensor([2.0])), ag.ArgumentError, "two or more edges"),
        (lambda: ag.histogram(ag.ones(3), 3, weight=ag.ones(2)), ag.ShapeError, "a weight for each point"),
        (lambda: ag.histogramdd(ag.ones(3, 2), [2]), ag.ArgumentError, "for each of 2 dims"),
        (lambda: ag.histogramdd(ag.ones(3, 2), [0, 2]), ag.ArgumentError, "at least one bin"),
        (lambda: ag.histogramdd(ag.ones(3, 2), 2, range=(0.0, 1.0)), ag.ArgumentError, "a range of 2"),
        (lambda: ag.combinations(ag.ones(3), -1), ag.ArgumentError, "0 or more"),
        (lambda: ag.as_strided_scatter(ag.ones(6), ag.ones(1), (2,), (2,)), ag.ShapeError, r"shape of the view, \(2,\)"),
        (lambda: ag.index_reduce(ag.ones(2), 0, ag.tensor([0]), ag.ones(1), "sum"), ag.ArgumentError, "prod, mean, amax, amin"),
    ],
)  # fmt: skip
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_no_element_can_be_chosen_in_no_way():
    assert ag.combinations(ag.ones(4), 0).shape == (0,)


def test_correlations_do_not_exceed_one():
    """Rounding leads beyond 1 in many of these; the derivative is not cut off there."""
    x = np.random.default_rng(0).standard_normal((200, 1, 7))
    found = np.stack([ag.corrcoef(ag.tensor(np.concatenate([row, 3.7 * row, -0.3 * row]))).numpy() for row in x])
    assert np.abs(found).max() == 1
    y = ag.tensor(np.concatenate([x[0], 3.7 * x[0]]), requires_grad=True)
    ag.gradgradcheck(ag.corrcoef, [y])


@pytest.mark.parametrize("density", [False, True])
def test_weights_have_a_gradient(density):
    points = ag.tensor(np.random.default_rng(0).standard_normal((6, 2)))
    weights = ag.tensor(np.random.default_rng(1).uniform(1, 2, 6), requires_grad=True)
    for call in (
        lambda w: ag.histogramdd(points, [2, 3], weight=w, density=density).hist,
        lambda w: ag.histogram(points[:, 0], ag.tensor(EDGES), weight=w, density=density).hist,
    ):
        ag.gradcheck(call, [weights])
        ag.gradgradcheck(call, [weights])


@pytest.mark.parametrize("factors", [[0.0, 2, 0, 3], [0.0, 0, 1, 3], [0.0, 0, 0, 3], [1.0, 2, 3, 4]])
@pytest.mark.parametrize("include_self", [True, False])
def test_products_with_zeros_have_second_derivatives(factors, include_self):
    """PyTorch refuses the second derivative where two zeros meet."""
    x, source = (ag.tensor(np.array(values), requires_grad=True) for values in ([2.0, 0.0, 3.0], factors))
    places = ag.tensor([0, 0, 0, 1])
    ag.gradgradcheck(lambda x, source: ag.index_reduce(x, 0, places, source, "prod", include_self=include_self), [x, source])
    ag.gradgradcheck(lambda x, source: ag.scatter_reduce(x, 0, places, source, "prod", include_self=include_self), [x, source])


def test_a_count_whose_size_depends_on_values_is_not_compiled():
    compiled = ag.compile(lambda x: ag.bincount(x).double().mean())
    with pytest.raises(ag.CaptureError, match="size depends on values"):
        compiled(ag.tensor([0, 1, 1]))
