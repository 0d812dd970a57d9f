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


@pytest.mark.parametrize(
    ("call", "shape"),
    [
        (lambda **out: ag.zeros(2, 3, **out), (2, 3)), (lambda **out: ag.full((2,), 3, **out), (2,)),
        (lambda **out: ag.eye(2, **out), (2, 2)), (lambda **out: ag.arange(4, **out), (4,)),
        (lambda **out: ag.linspace(0, 1, 4, **out), (4,)), (lambda **out: ag.rand(2, **out), (2,)),
        (lambda **out: ag.randint(0, 5, (3,), **out), (3,)), (lambda **out: ag.normal(ag.zeros(2), ag.ones(2), **out), (2,)),
        (lambda **out: ag.bernoulli(ag.ones(2), **out), (2,)), (lambda **out: ag.multinomial(ag.ones(3), 2, **out), (2,)),
    ],
)  # fmt: skip
def test_functions_that_make_tensors(call, shape):
    """The dtype is that of out: a third is one in float64."""
    out = ag.empty(0, dtype=ag.float64)
    assert call(out=out) is out
    assert (out.shape, out.dtype) == (shape, ag.float64)
    if shape == (4,):
        assert out[1].item() in (1, 1 / 3)


@pytest.mark.parametrize(
    ("call", "required"),
    [
        (lambda: ag.exp(ag.ones(2), out=3), "a tensor is required; got int"),
        (lambda: ag.exp(ag.ones(2), out=[ag.ones(2)]), "a tensor is required; got list"),
        (lambda: ag.sort(ag.ones(2), out=ag.ones(2)), "2 tensors, one per result, are required; got Tensor"),
        (lambda: ag.sort(ag.ones(2), out=(ag.ones(2),)), "2 tensors, one per result, are required; got Tensor"),
    ],
)  # fmt: skip
def test_what_is_no_out(call, required):
    with pytest.raises(ag.DtypeError, match=required):
        call()
