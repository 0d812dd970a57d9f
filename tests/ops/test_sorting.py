"""Sorting, ranking and searching against PyTorch."""
from __future__ import annotations

import math

import numpy as np
import pytest
from torch_parity import against_torch

import autograd
from autograd import Tensor
from autograd.errors import AutogradError

X = np.random.default_rng(0).permutation(24).reshape(3, 4, 2) / 8 - 1.0
HOLES = np.array([[1.0, math.nan, 3.0], [0.5, 4.0, math.nan], [2.0, 0.0, -1.0]])
SCALAR, EMPTY = np.array(1.5), np.zeros((0, 3))
INTS = np.array([[3, 1, 3, 2, 1], [2, 2, 5, 0, 5]])
WITH = [("return_inverse",), ("return_counts",), ("return_inverse", "return_counts")]
ROW = np.array([-1.0, 0.5, 0.5, 2.0])


def same(name, *arrays, order=2, **params):
    torch = pytest.importorskip("torch")
    against_torch(lambda *xs: getattr(autograd, name)(*xs, **params), lambda *ts: getattr(torch, name)(*ts, **params), *arrays, order=order)


DIMS = [{}, {"dim": 0}, {"dim": -2}]


@pytest.mark.parity
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("array", [X, SCALAR, HOLES, EMPTY, INTS], ids=["plain", "0-d", "nan", "empty", "ints"])
@pytest.mark.parametrize("name", ["sort", "argsort"])
def test_sort(name, array, descending):
    for dim in (0, -1):
        same(name, array, dim=dim, descending=descending, stable=True)
    if array is X:
        same(name, array, descending=descending)


@pytest.mark.parity
@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("array", [X, HOLES[:, :2], SCALAR], ids=["plain", "nan", "0-d"])
def test_topk(array, largest):
    for k in (0, 1, 2, 3):
        if k <= (array.shape or (1,))[0]:
            same("topk", array, k=k, dim=0, largest=largest)


def test_topk_of_many():
    x = np.random.default_rng(0).standard_normal(1000)
    values, indices = autograd.topk(Tensor(x), 10)
    np.testing.assert_array_equal(values.numpy(), np.sort(x)[:-11:-1])
    np.testing.assert_array_equal(x[indices.numpy()], values.numpy())
    some = autograd.topk(Tensor(x), 10, sorted=False).values
    assert set(some.tolist()) == set(values.tolist())


@pytest.mark.parity
@pytest.mark.parametrize("params", [{}, {"dim": 0}, {"dim": 1, "keepdim": True}], ids=str)
def test_selected_by_rank(params):
    for k in (1, 2):
        same("kthvalue", X, k=k, **params)
    same("mode", X, **params)
    same("mode", INTS, **params)
    same("kthvalue", SCALAR, k=1)
    same("mode", SCALAR)
    same("msort", X)


@pytest.mark.parity
@pytest.mark.parametrize("params", [{}, *(dict.fromkeys(names, True) for names in WITH)], ids=str)
def test_unique(params):
    for array in (INTS, np.array([True, False, True]), np.zeros(0, int), INTS.astype(np.float32)):
        same("unique", array, order=0, **params)
        same("unique_consecutive", array, order=0, **params)
    for dim in (0, 1):
        same("unique", np.stack([INTS, INTS, INTS[::-1]]), order=0, dim=dim, **params)
        same("unique_consecutive", np.stack([INTS, INTS, INTS[::-1]]), order=0, dim=dim, **params)


@pytest.mark.parity
@pytest.mark.parametrize("params", [{}, {"right": True}, {"side": "right"}, {"side": "left"}, {"out_int32": True}], ids=str)
def test_searchsorted(params):
    values = np.array([[0.5, 3.0, -5.0], [2.0, 0.0, 1.0]])
    same("searchsorted", ROW, values, order=0, **params)
    same("searchsorted", np.stack([ROW, ROW + 1]), values, order=0, **params)
    same("searchsorted", np.array([1, 3, 5]), np.array(3), order=0, **params)
    if "side" not in params:
        same("bucketize", values, ROW, order=0, **params)


@pytest.mark.parity
def test_searchsorted_with_a_sorter():
    torch = pytest.importorskip("torch")
    row, sorter = np.array([2.0, -1.0, 0.5]), np.array([1, 2, 0])
    against_torch(
        lambda v: autograd.searchsorted(row, v, sorter=Tensor(sorter)),
        lambda v: torch.searchsorted(torch.tensor(row), v, sorter=torch.tensor(sorter)), np.array([0.0, 3.0]), order=0,
    )  # fmt: skip


def test_equals_keep_their_order():
    x = Tensor(np.array([1.0, 0.0, 1.0, 0.0]))
    assert autograd.argsort(x, stable=True).tolist() == [1, 3, 0, 2]
    assert autograd.argsort(x, descending=True, stable=True).tolist() == [0, 2, 1, 3]


def test_names():
    pair = autograd.sort(Tensor(X))
    assert pair.values is pair[0]
    assert pair.indices.dtype == np.int64
    assert not pair.indices.requires_grad


@pytest.mark.parametrize(("function", "words"), [
    (lambda x: autograd.topk(x, 5, 0), "k from 0 to 3"), (lambda x: autograd.kthvalue(x, 0), "k from 1 to 2"),
    (lambda x: autograd.sort(x, 3), "dim"), (lambda x: autograd.searchsorted(x, np.zeros((2, 2))), "leading dims"),
    (lambda x: autograd.searchsorted(np.zeros(3), x, side="middle"), "'left' or 'right'"),
])  # fmt: skip
def test_errors(function, words):
    with pytest.raises(AutogradError, match=words) as raised:
        function(Tensor(X))
    assert "test_sorting.py" in str(raised.value)
