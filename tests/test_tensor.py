"""The tensor as an object: attributes, conversion, indexing, text, copies, comparison, promotion."""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd as ag
from autograd.dtypes import result_dtype


def leaf(*values, dtype=np.float64):
    return ag.tensor(np.array(values if len(values) > 1 else values[0], dtype), requires_grad=True)


# ── attributes ──


def test_attributes():
    x = ag.zeros(2, 3, dtype=ag.float64)
    assert (x.shape, x.size(), x.size(1), x.size(-1), x.ndim, x.dim(), x.numel(), len(x)) == ((2, 3), (2, 3), 3, 3, 2, 2, 6, 2)
    assert (x.dtype, x.itemsize, x.nbytes, x.element_size()) == (ag.float64, 8, 48, 8)
    assert (x.device, x.device.type, str(x.device), x.is_cuda) == ("cpu", "cpu", "cpu", False)
    assert (x.T.shape, x.mT.shape, x.t().shape) == ((3, 2),) * 3
    assert (x.requires_grad, x.is_leaf, x.grad, x.grad_fn) == (False, True, None, None)
    assert x.is_floating_point()
    assert not x.long().is_floating_point()
    assert x.is_contiguous()
    assert not x.t().is_contiguous()
    assert x.stride() == (3, 1)
    assert x.t().contiguous().is_contiguous()


def test_facts():
    x = ag.arange(12.0).reshape(3, 4)
    assert (x.is_cpu, x.get_device(), x.is_signed(), x.byte().is_signed(), x.is_complex()) == (True, -1, True, False, False)
    assert (x[1:, 2:].storage_offset(), x.storage_offset(), x[1].data_ptr() - x.data_ptr()) == (6, 0, 16)
    assert x.is_same_size(ag.zeros(3, 4))
    assert not x.is_same_size(x.T)
    assert (ag.is_nonzero(x[0, 1]), ag.tensor([0]).is_nonzero()) == (True, False)
    with pytest.raises(ValueError, match="one element"):
        x.is_nonzero()


@pytest.mark.parametrize("wrap", [False, True])
@pytest.mark.parametrize("shape", [(3, 3), (7, 3), (2, 5), (3, 3, 3), (0, 2)])
def test_fill_diagonal(shape, wrap):
    expected = np.zeros(shape)
    np.fill_diagonal(expected, 7, wrap)
    x = leaf(1.0) * ag.zeros(shape, dtype=ag.float64)
    assert x.fill_diagonal_(7, wrap) is x
    np.testing.assert_array_equal(x.detach().numpy(), expected)
    x.sum().backward()
    with pytest.raises(ValueError, match="more dims of one length"):
        ag.zeros(2, 3, 3).fill_diagonal_(1)


def test_gradient_attributes():
    x = ag.ones(2, requires_grad=True)
    y = x * 2
    assert (y.requires_grad, y.is_leaf, y.grad_fn.op.name) == (True, False, "mul")
    x.grad = ag.ones(2)
    with pytest.raises(ValueError, match=r"grad: shape \(2,\)"):
        x.grad = ag.ones(3)
    del x.grad
    assert x.grad is None
    x.requires_grad_(False)
    assert not x.requires_grad
    x.requires_grad = True
    assert x.requires_grad
    assert y.requires_grad_() is y
    with pytest.raises(RuntimeError, match="leaf"):
        y.requires_grad_(False)
    with pytest.raises(TypeError, match="int64"):
        ag.ones(2, dtype=ag.int64).requires_grad_()


def test_detach():
    x = leaf(1.0, 2.0)
    y = x * 2
    assert not y.detach().requires_grad
    assert np.shares_memory(y.detach().numpy(), y.numpy(force=True))
    assert y.detach_() is y
    assert y.is_leaf
    assert np.shares_memory(x.data.numpy(), x.numpy(force=True))
    assert not x.data.requires_grad


def test_clone():
    x = leaf(1.0, 2.0)
    y = x.clone()
    assert not np.shares_memory(y.detach().numpy(), x.detach().numpy())
    y.sum().backward()
    assert x.grad.tolist() == [1, 1]


# ── conversion ──


def test_to_numbers():
    assert ag.tensor([[2.5]]).item() == 2.5
    assert type(ag.tensor(2).item()) is int
    assert type(ag.tensor(True).item()) is bool
    assert (float(ag.tensor(2)), int(ag.tensor(2.7)), bool(ag.tensor(0.0)), complex(ag.tensor(1))) == (2.0, 2, False, 1 + 0j)
    assert [1, 2, 3][ag.tensor(1)] == 2
    assert list(range(ag.tensor(3))) == [0, 1, 2]
    assert ag.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert f"{ag.tensor(3.14159):.2f}" == "3.14"
    assert f"{leaf(3.14159):.1e}" == "3.1e+00"
    assert round(float(leaf(2.6))) == 3


@pytest.mark.parametrize(
    ("method", "dtype"),
    [("half", "float16"), ("float", "float32"), ("double", "float64"), ("int", "int32"), ("long", "int64"), ("short", "int16"),
     ("bool", "bool"),
     ("char", "int8"), ("byte", "uint8"), ("cfloat", "complex64"), ("cdouble", "complex128")],
)  # fmt: skip
def test_dtype_methods(method, dtype):
    x = ag.tensor([0.0, 1.0, 2.0])
    y = getattr(x, method)()
    assert y.dtype == np.dtype(dtype)
    assert y.tolist() == x.numpy().astype(dtype).tolist()
    assert getattr(y, method)() is y


def test_to():
    x = leaf(1.0, 2.0)
    assert x.to(ag.float64) is x
    assert x.to("cpu") is x
    assert x.to(x.device) is x
    assert x.to(ag.ones(1)).dtype == ag.float32
    y = x.to("cpu", ag.float32, copy=True)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype) == (ag.float32, ag.float64)
    assert not x.to(ag.int64).requires_grad
    assert x.cpu() is x
    with pytest.raises(ValueError, match="cuda"):
        x.to("cuda")
    assert x.type(ag.float32).dtype == ag.float32


def test_to_numpy():
    x = ag.ones(2)
    assert np.shares_memory(x.numpy(), np.asarray(x))
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    assert not np.shares_memory(np.array(x), x.numpy())
    y = leaf(1.0, 2.0)
    for convert in (lambda: y.numpy(), lambda: np.asarray(y), lambda: (y * 2).numpy()):
        with pytest.raises(RuntimeError, match=r"x\.detach\(\)\.numpy\(\)"):
            convert()
    assert y.numpy(force=True).tolist() == [1, 2]
    with ag.no_grad():
        assert y.numpy().tolist() == [1, 2]


# ── text ──


@pytest.mark.parametrize(
    ("tensor", "text"),
    [
        (lambda: ag.tensor([1.0, 2.5]), "tensor([1. , 2.5])"),
        (lambda: ag.tensor(3), "tensor(3)"),
        (lambda: ag.tensor([True]), "tensor([ True])"),
        (lambda: ag.tensor([1], dtype=ag.int32), "tensor([1], dtype=int32)"),
        (lambda: leaf(1.0, 2.0), "tensor([1., 2.], dtype=float64, requires_grad=True)"),
        (lambda: leaf(1.0, dtype=np.float32) * 2, "tensor(2., grad_fn=<mul>)"),
        (lambda: ag.zeros(0, 3), "tensor([], size=(0, 3))"),
        (lambda: ag.ones(2, 2), "tensor([[1., 1.],\n        [1., 1.]])"),
        (lambda: ag.tensor([float("nan"), float("inf")]), "tensor([nan, inf])"),
    ],
)
def test_repr(tensor, text):
    assert repr(tensor()) == str(tensor()) == text


def test_repr_of_many():
    assert "..." in repr(ag.zeros(100, 100))
    assert len(repr(ag.zeros(100, 100))) < 1000


# ── copies ──


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_of_leaves(copied):
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    y = copied(x)
    assert (y.tolist(), y.requires_grad, y.is_leaf, y.grad.tolist()) == ([1, 2], True, True, [2, 4])
    assert not np.shares_memory(y.detach().numpy(), x.detach().numpy())
    (y * y).sum().backward()
    assert (y.grad.tolist(), x.grad.tolist()) == ([4, 8], [2, 4])


def test_pickled_result_is_a_leaf():
    y = pickle.loads(pickle.dumps(leaf(1.0, 2.0) * 2))
    assert (y.tolist(), y.is_leaf, y.requires_grad) == ([2, 4], True, True)


def test_deepcopy_of_a_graph():
    x = leaf(3.0)
    y = x * x
    twin_x, twin_y = copy.deepcopy((x, y))
    twin_y.backward()
    assert (x.grad, twin_x.grad.item()) == (None, 6)
    y.backward()
    assert x.grad.item() == 6


def test_shared_copies_stay_shared():
    x = leaf(1.0)
    a, b = copy.deepcopy([x, x])
    assert a is b


# ── iteration, comparison, hashing ──


def test_iteration():
    x = leaf([1.0, 2.0], [3.0, 4.0])
    first, second = x
    (first * second).sum().backward()
    assert x.grad.tolist() == [[3, 4], [1, 2]]
    assert [row.tolist() for row in reversed(list(x))] == [[3, 4], [1, 2]]
    assert dict(zip("ab", ag.tensor([1, 2]), strict=True))["b"].item() == 2
    assert 3.0 in x
    assert 7.0 not in x


def test_comparison():
    x = ag.tensor([1.0, 2.0, 3.0])
    for result, expected in (
        (x == 2, [False, True, False]), (x != 2, [True, False, True]), (x < 2, [True, False, False]), (x <= 2, [True, True, False]),
        (x > 2, [False, False, True]), (x >= 2, [False, True, True]), (2 > x, [True, False, False]),  # noqa: SIM300
        (x == ag.ones(3), [True, False, False]),
        ((x > 1) & (x < 3), [False, True, False]), ((x > 2) | (x < 2), [True, False, True]), (~(x > 2), [True, True, False]),
        ((x > 1) ^ (x > 2), [False, True, False]),
    ):  # fmt: skip
        assert (result.dtype, result.tolist()) == (np.bool_, expected)
    assert {x: 1}[x] == 1
    assert x != "a"
    assert (x == None) is False  # noqa: E711


def test_operators():
    x, y = ag.tensor([7.0, -7.0]), 2
    for result, expected in (
        (x + y, [9, -5]), (y + x, [9, -5]), (x - y, [5, -9]), (y - x, [-5, 9]), (x * y, [14, -14]), (x / y, [3.5, -3.5]),
        (y / x, [2 / 7, -2 / 7]),
        (x // y, [3, -4]), (x % 4, [3, 1]), (x**y, [49, 49]), (y**x, [128, 2**-7]), (-x, [-7, 7]), (+x, [7, -7]),
        (abs(x), [7, 7]), (x @ x, 98),
    ):  # fmt: skip
        assert result.tolist() == pytest.approx(expected)
    n = ag.tensor([6, 5])
    assert ((n << 1).tolist(), (n >> 1).tolist(), (n & 4).tolist(), (n | 1).tolist()) == ([12, 10], [3, 2], [4, 4], [7, 5])
    x += 1
    x -= 2
    x *= 2
    x /= 4
    assert x.tolist() == [3, -4]
    x **= 2
    x //= 2
    x %= 3
    assert x.tolist() == [1, 2]


def test_arrays_on_the_left():
    x = leaf(1.0, 2.0)
    for result in (np.ones(2) + x, np.float64(2) * x, np.ones(2) @ x, np.array(2.0) - x, np.ones(2) / x):
        assert isinstance(result, ag.Tensor)
        assert result.requires_grad
    assert (np.ones(2) == ag.ones(2)).tolist() == [True, True]


# ── promotion: by category, dimensioned before 0-d before Python number ──

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128"]


@pytest.mark.parity
@pytest.mark.parametrize("first", DTYPES)
def test_promotion_is_pytorchs(first):
    torch = pytest.importorskip("torch")
    cases = [(shape, other, second) for shape in ((), (2,)) for other in ((), (2,)) for second in DTYPES]
    cases += [(shape, None, number) for shape in ((), (2,)) for number in (True, 1, 1.5, 1j)]
    for shape, other, second in cases:
        theirs = torch.zeros(other, dtype=getattr(torch, second)) if isinstance(second, str) else second
        mine = np.zeros(other, second) if isinstance(second, str) else second
        expected = str(torch.result_type(torch.zeros(shape, dtype=getattr(torch, first)), theirs)).removeprefix("torch.")
        expected = "complex64" if expected == "complex32" else expected  # NumPy has no complex32
        assert str(result_dtype([np.zeros(shape, first), mine])) == expected, (shape, other, second)


def test_float32_stays_float32():
    x = leaf(1.0, 2.0, dtype=np.float32)
    i = ag.tensor([1, 2])
    zero_d = ag.tensor(2.0, dtype=ag.float64)
    for y in (x * 2, x * 2.5, x + i, x * np.float64(2), x / 3, x**2, x + True, 1 - x, x * zero_d, i / 2, i * 1.5, 1.5 * i, 1.5 - i, 2 / i):
        assert y.dtype == ag.float32, y


# ── indexing against NumPy ──


def basic_or_advanced(shape):
    return st.one_of(
        hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True),
        hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=4)),
        hnp.arrays(np.bool_, shape),
    )


INDEXED = hnp.array_shapes(min_dims=1, max_dims=3, max_side=4).flatmap(lambda shape: st.tuples(st.just(shape), basic_or_advanced(shape)))


@settings(deadline=None)
@given(INDEXED)
def test_reading_by_index(case):
    shape, index = case
    array = np.arange(float(np.prod(shape))).reshape(shape)
    x = ag.tensor(array, requires_grad=True)
    y = x[index]
    assert y.shape == np.shape(array[index])
    assert np.array_equal(y.detach(), array[index])
    y.sum().backward()
    expected = np.zeros(shape)
    np.add.at(expected, index, 1.0)
    assert np.array_equal(x.grad, expected)


@settings(deadline=None)
@given(INDEXED, st.booleans())
def test_writing_by_index(case, with_tensor):
    shape, index = case
    array = np.arange(float(np.prod(shape))).reshape(shape)
    x = ag.tensor(array, requires_grad=True)
    value = ag.tensor(-1.0, dtype=ag.float64, requires_grad=True)
    y = x * 1
    y[index] = value if with_tensor else -1.0
    expected = array.copy()
    expected[index] = -1
    assert np.array_equal(y.detach(), expected)
    y.sum().backward()
    kept = np.ones(shape)
    kept[index] = 0
    assert np.array_equal(x.grad, kept)
    if with_tensor and expected[index].size:
        assert value.grad.item() == np.count_nonzero(kept == 0) or not isinstance(index, np.ndarray)


def test_kinds_of_index():
    x = ag.arange(12).reshape(3, 4)
    for index in (
        0, -1, np.int64(1), ag.tensor(1), slice(1, None), (0, 1), (..., 1), (None, 0), (slice(None), None, 1),
        (slice(None, None, 2), slice(3, 0, -1)),
        [0, 2], ([0, 1], [2, 3]), ag.tensor([0, 2]), np.array([[0, 1], [2, 0]]), (ag.tensor([0, 1]), slice(1, 3)), (slice(1), [0, 0]),
        ag.tensor([True, False, True]), x > 5, (0, ag.tensor([True, False, True, True])), (), ..., True, False, [], (1, [0, 1], None),
    ):  # fmt: skip
        parts = index if isinstance(index, tuple) else (index,)
        arrays = (part.numpy() if isinstance(part, ag.Tensor) else part for part in parts)
        plain = tuple(np.array(part, int) if isinstance(part, list) else part for part in arrays)
        expected = x.numpy()[plain]
        assert (x[index].shape, x[index].tolist()) == (expected.shape, expected.tolist()), index


def test_repeated_positions():
    x = leaf(1.0, 2.0, 3.0)
    x[ag.tensor([0, 0, 2])].sum().backward()
    assert x.grad.tolist() == [2, 0, 1]


# ── what a tensor cannot do says so ──


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: bool(ag.ones(2)), ValueError, r"bool: .*\(2,\).*\.any\(\) or \.all\(\)"),
        (lambda: bool(ag.ones(0)), ValueError, "bool"),
        (lambda: len(ag.tensor(1)), TypeError, r"len: .*0-d.*numel\(\)"),
        (lambda: int(ag.ones(2)), ValueError, r"item: .*\(2,\)"),
        (lambda: float(ag.ones(2)), ValueError, r"item: .*\(2,\).*tolist\(\)"),
        (lambda: iter(ag.tensor(1)), TypeError, "iteration: .*0-d"),
        (lambda: [1, 2][ag.tensor(1.0)], TypeError, r"index: .*float32.*long\(\)"),
        (lambda: ag.ones(2)[2], IndexError, "out of bounds|out of range"),
        (lambda: ag.ones(2)[0, 0], IndexError, "too many indices"),
        (lambda: ag.ones(2)[1.5], TypeError, "index: integers"),
        (lambda: ag.ones(2)["a"], TypeError, "index"),
        (lambda: ag.ones(2)[ag.tensor([0.0])], TypeError, r"index: .*float32.*index\.long\(\)"),
        (lambda: ag.ones(2)[ag.tensor([True, False, True])], IndexError, "getitem"),
        (lambda: ag.ones(2).size(2), IndexError, r"size: .*\(2,\).*got 2"),
        (lambda: ag.ones(2) + "a", TypeError, "add: .*str"),
        (lambda: ag.ones(2) * [1, 2], TypeError, "mul: .*list"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words) as info:
        call()
    assert "test_tensor.py" in str(info.value)
