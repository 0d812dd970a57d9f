"""out=: the result is written there; refused where a gradient would be lost, or a value would not fit."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag


def test_the_result_is_written_and_returned():
    a, out = ag.tensor([1.0, 4.0]), ag.zeros(2)
    memory = out.numpy()
    assert ag.sqrt(a, out=out) is out
    assert out.tolist() == [1, 2]
    assert np.shares_memory(out.numpy(), memory)
    assert ag.add(a, a, out=a) is a
    assert a.tolist() == [2, 8]
    assert ag.exp(a, out=None).shape == (2,)


def test_several_results():
    x = ag.tensor([3.0, 1.0, 2.0])
    values, indices = ag.empty(0), ag.empty(0, dtype=ag.int64)
    found = ag.sort(x, out=(values, indices))
    assert found.values is values
    assert (values.tolist(), indices.tolist()) == ([1, 2, 3], [1, 2, 0])
    best = ag.max(x, 0, out=(ag.zeros(()), ag.zeros((), dtype=ag.int64)))
    assert (best.values.item(), best.indices.item()) == (3, 0)


def test_an_empty_out_gets_the_shape_of_the_result():
    out = ag.empty(0)
    ag.matmul(ag.ones(2, 3), ag.ones(3, 4), out=out)
    assert out.shape == (2, 4)
    assert (out == 3).all()


def test_functions_of_submodules():
    out = ag.empty(0)
    ag.linalg.inv(ag.eye(2) * 2, out=out)
    assert out.tolist() == [[0.5, 0], [0, 0.5]]


@pytest.mark.parametrize("requires", [0, 1])
def test_a_gradient_is_not_lost_silently(requires):
    x, out = (ag.ones(2, requires_grad=requires == i) for i in range(2))
    with pytest.raises(ag.GraphError, match=r"exp with out=: tensors that do not require grad are required.*no_grad"):
        ag.exp(x, out=out)
    assert out.tolist() == [1, 1]
    if not requires:
        with ag.no_grad():
            ag.exp(x, out=out)
        assert out[0].item() == pytest.approx(np.e)


def test_what_does_not_fit():
    with pytest.raises(ag.ShapeError, match=r"an out of shape \(2,\), or an empty one, is required; got \(3,\)"):
        ag.exp(ag.ones(2), out=ag.ones(3))
    with pytest.raises(ag.DtypeError, match="an out that can hold float32 is required; got int64"):
        ag.exp(ag.ones(2), out=ag.ones(2, dtype=ag.int64))


def test_a_write_is_noticed_by_the_graph():
    w = ag.ones(2, requires_grad=True)
    x = ag.ones(2)
    y = (w * x).sum()
    ag.exp(x, out=x)
    with pytest.raises(ag.GraphError, match="overwritten in place"):
        y.backward()


def test_leaves_are_written_where_nothing_is_recorded():
    w = ag.ones(2, requires_grad=True)
    with ag.no_grad():
        assert ag.add(w, 1, out=w) is w
    assert w.tolist() == [2, 2]
    assert w.requires_grad


def test_one_out_for_each_result():
    with pytest.raises(ag.DtypeError, match="sort with out=: one tensor for each of 2 results is required; got 1"):
        ag.sort(ag.ones(2), out=ag.empty(0))
    with pytest.raises(ag.DtypeError, match="exp with out=: one tensor for each of 1 results is required; got 2"):
        ag.exp(ag.ones(2), out=(ag.empty(0), ag.empty(0)))
    with pytest.raises(ag.DtypeError, match="exp with out=: a tensor is required; got int"):
        ag.exp(ag.ones(2), out=3)


MADE = {
    "zeros": ((2,), [0, 0]), "ones": ((2,), [1, 1]), "full": (((2,), 3), [3, 3]), "eye": ((2,), [[1, 0], [0, 1]]),
    "arange": ((3,), [0, 1, 2]), "linspace": ((1, 3, 3), [1, 2, 3]), "logspace": ((0, 2, 3), [1, 10, 100]), "empty": ((2,), None),
    "rand": ((2,), None), "randn": ((2,), None), "randint": ((5, (2,)), None), "randperm": ((4,), None), "normal": ((0.0, 1.0, (2,)), None),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_functions_that_make_tensors(name):
    args, expected = MADE[name]
    make = getattr(ag, name)
    ag.manual_seed(0)
    fresh = make(*args, dtype=ag.float64)
    ag.manual_seed(0)
    out = ag.empty(0, dtype=ag.float64)
    assert make(*args, out=out) is out
    assert (out.shape, out.dtype) == (fresh.shape, ag.float64)
    assert expected is None or out.tolist() == expected
    assert name == "empty" or out.equal(fresh)
    assert make(*args, out=None).shape == fresh.shape
    with pytest.raises(ag.ShapeError, match=rf"{name} with out=: an out of shape"):
        make(*args, out=ag.zeros(7))
    with pytest.raises(ag.GraphError, match=rf"{name} with out=: tensors that do not require grad are required"):
        make(*args, out=ag.zeros(tuple(fresh.shape), requires_grad=True))


def test_draws_by_what_a_tensor_says():
    out = ag.zeros(3, dtype=ag.float64)
    assert ag.bernoulli(ag.tensor([0.0, 1.0, 1.0]), out=out) is out
    assert out.tolist() == [0, 1, 1]
    drawn = ag.empty(0, dtype=ag.int64)
    ag.multinomial(ag.tensor([0.0, 1.0]), 1, out=drawn)
    assert drawn.tolist() == [1]
