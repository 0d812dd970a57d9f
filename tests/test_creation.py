"""Tensors out of data and out of nothing, and random ones: against NumPy, and against PyTorch where it is installed."""
from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import autograd as ag
from autograd import random

F32, F64, I64 = ag.float32, ag.float64, ag.int64

# ── out of data ──


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (1.0, F32, ()), (1, I64, ()), (True, np.bool_, ()), (1j, ag.complex64, ()), ([], F32, (0,)), ([[]], F32, (1, 0)),
        ([[1, 2], [3, 4]], I64, (2, 2)), ([1, 2.5], F32, (2,)), ((1, 2), I64, (2,)), ([True, 2], I64, (2,)), (range(3), I64, (3,)),
        (np.float64(1), F64, ()), ([np.float64(1)], F64, (1,)), (np.ones(3), F64, (3,)), (np.ones(3, "float16"), ag.float16, (3,)),
        (np.arange(3, dtype="int32"), ag.int32, (3,)), ([np.ones(2), np.ones(2)], F64, (2, 2)),
    ],
)  # fmt: skip
def test_dtypes_of_data(data, dtype, shape):
    x = ag.tensor(data)
    assert (x.dtype, x.shape) == (dtype, shape)
    assert ag.tensor(data, dtype=ag.complex128).dtype == ag.complex128


def test_tensors_in_lists():
    x = ag.tensor([[ag.tensor(1.0), 2.0], [3, ag.tensor(4)]])
    assert (x.dtype, x.tolist()) == (F32, [[1, 2], [3, 4]])
    assert not ag.tensor(ag.ones(2, requires_grad=True)).requires_grad


def test_who_shares_memory():
    array = np.zeros(3)
    assert not np.shares_memory(ag.tensor(array).numpy(), array)
    for shared in (ag.from_numpy(array), ag.as_tensor(array), ag.asarray(array), ag.Tensor(array), ag.asarray(array, copy=False)):
        assert np.shares_memory(shared.numpy(), array)
    assert not np.shares_memory(ag.asarray(array, copy=True).numpy(), array)
    assert not np.shares_memory(ag.as_tensor(array, dtype=F32).numpy(), array)
    array[0] = 7
    assert ag.from_numpy(array)[0].item() == 7
    x = ag.ones(2, requires_grad=True)
    assert ag.as_tensor(x) is x
    assert ag.as_tensor(x * 2, dtype=F64).requires_grad  # the history stays
    with pytest.raises(ValueError, match="copy=False"):
        ag.asarray([1.0], copy=False)


def test_default_dtype():
    ag.set_default_dtype(ag.float64)
    try:
        assert ag.tensor([1.0]).dtype == ag.zeros(2).dtype == ag.rand(2).dtype == ag.arange(0, 1, 0.5).dtype == F64
    finally:
        ag.set_default_dtype(ag.float32)
    assert ag.tensor([1.0]).dtype == F32


# ── out of nothing ──


@pytest.mark.parametrize("make", [ag.zeros, ag.ones, ag.empty, ag.rand, ag.randn])
def test_sizes(make):
    for size in ((2, 3), ((2, 3),), ([2, 3],), (np.int64(2), 3), (ag.tensor(2), 3)):
        assert make(*size).shape == (2, 3)
    assert make(size=(2, 3)).shape == (2, 3)
    assert make(()).shape == ()
    assert make(0, 3).shape == (0, 3)
    x = make(2, dtype=F64, requires_grad=True, device="cpu")
    assert (x.dtype, x.requires_grad, x.is_leaf) == (F64, True, True)


def test_fills():
    assert ag.zeros(2).tolist() == [0, 0]
    assert ag.ones(2, dtype=I64).tolist() == [1, 1]
    assert ag.full((2,), 3).dtype == I64
    assert ag.full((2,), True).dtype == np.bool_
    assert ag.full((2, 1), 1.5).tolist() == [[1.5], [1.5]]
    assert ag.full((), ag.tensor(2.0)).item() == 2
    assert ag.eye(2, 3).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert ag.scalar_tensor(1).dtype == F32


def test_like():
    x = ag.ones(2, 3, dtype=F64, requires_grad=True)
    for like in (ag.zeros_like, ag.ones_like, ag.empty_like, ag.rand_like, ag.randn_like):
        y = like(x)
        assert (y.shape, y.dtype, y.requires_grad) == ((2, 3), F64, False)
        assert like(x, dtype=F32, requires_grad=True).dtype == F32
    assert ag.full_like(x, 2).tolist() == [[2] * 3] * 2
    assert ag.full_like(ag.ones(1, dtype=I64), 1.5).tolist() == [1]
    assert ag.randint_like(x, 5).dtype == F64
    assert ag.zeros_like(x)[0].numpy().sum() == 0


def test_new():
    x = ag.ones(2, dtype=F64)
    for y in (x.new_zeros(3), x.new_ones((3,)), x.new_empty(3), x.new_full((3,), 1), x.new_tensor([1, 2, 3])):
        assert (y.shape, y.dtype) == ((3,), F64)
    assert x.new_zeros(1, dtype=F32, requires_grad=True).dtype == F32


@pytest.mark.parametrize(
    "args", [(5,), (2, 9, 3), (0, 1, 0.1), (9, 2, -3), (1, 1), (1.5,), (0, 2, 0.3), (5, 0, -0.7), (-3,  4), (0, -5, -1), (2, 3.0)]
)  # fmt: skip
def test_arange(args):
    torch = pytest.importorskip("torch")
    mine, theirs = ag.arange(*args), torch.arange(*args)
    assert str(theirs.dtype) == f"torch.{mine.dtype}"
    assert np.array_equal(mine.numpy(), theirs.numpy())


def test_ranges():
    assert ag.arange(3).dtype == I64
    assert ag.arange(0, 3, 1.0).dtype == F32
    assert ag.arange(3, dtype=F64).dtype == F64
    assert ag.arange(ag.tensor(3)).tolist() == ag.arange(end=3).tolist() == [0, 1, 2]
    assert np.array_equal(ag.linspace(0, 1, 5).numpy(), np.linspace(0, 1, 5, dtype="float32"))
    assert ag.linspace(1, 10, 4, dtype=I64).tolist() == [1, 4, 7, 10]
    assert ag.linspace(3, 4, 1).tolist() == [3]
    assert ag.linspace(0, 1, 0).shape == (0,)
    assert ag.logspace(0, 3, 4, base=2).tolist() == [1, 2, 4, 8]
    assert ag.tril_indices(2, 3).tolist() == [[0, 1, 1], [0, 0, 1]]
    assert ag.triu_indices(2, 3, 1).tolist() == [[0, 0, 1], [1, 2, 2]]


def test_questions():
    assert ag.is_tensor(ag.ones(1))
    assert not ag.is_tensor(np.ones(1))
    assert ag.numel(ag.ones(2, 3)) == 6
    assert ag.is_floating_point(ag.ones(1))
    assert not ag.is_floating_point(ag.ones(1, dtype=I64))
    assert ag.is_complex(ag.tensor(1j))


# ── random numbers ──


def test_seeds():
    ag.manual_seed(1)
    first = [ag.rand(3).tolist(), ag.randn(3).tolist(), ag.randperm(5).tolist(), ag.randint(9, (3,)).tolist()]
    assert ag.initial_seed() == 1
    ag.manual_seed(1)
    assert [ag.rand(3).tolist(), ag.randn(3).tolist(), ag.randperm(5).tolist(), ag.randint(9, (3,)).tolist()] == first
    assert ag.seed() == ag.initial_seed() != 1
    assert ag.Generator().manual_seed(-1).initial_seed() == 2**64 - 1


def test_generators_are_apart():
    a, b = ag.Generator().manual_seed(5), ag.Generator().manual_seed(5)
    ag.rand(3, generator=a)
    state = a.get_state()
    expected = ag.randn(3, generator=a).tolist()
    for again in (a.set_state(state), pickle.loads(pickle.dumps(a)), copy.deepcopy(a), a.clone_state()):
        again.set_state(state)
        assert ag.randn(3, generator=again).tolist() == expected
    assert ag.rand(3, generator=b).tolist() == ag.rand(3, generator=b.manual_seed(5)).tolist()
    assert state.dtype == ag.uint8
    state = ag.get_rng_state()
    first = ag.rand(2).tolist()
    ag.set_rng_state(state)
    with random.fork_rng():
        ag.rand(100)
    assert ag.rand(2).tolist() == first


N = 20_000


def moments(x):
    x = x.numpy().astype(np.float64)
    return x.mean(), x.var()


@pytest.mark.parametrize(
    ("draw", "mean", "variance"),
    [
        (lambda x, g: ag.rand(N, generator=g), 1 / 2, 1 / 12),
        (lambda x, g: ag.rand(N, generator=g, dtype=ag.float16), 1 / 2, 1 / 12),
        (lambda x, g: ag.randn(N, generator=g, dtype=F64), 0, 1),
        (lambda x, g: ag.randint(2, 8, (N,), generator=g), 4.5, 35 / 12),
        (lambda x, g: ag.randint_like(x, 6, generator=g), 2.5, 35 / 12),
        (lambda x, g: ag.normal(3.0, 2.0, (N,), generator=g), 3, 4),
        (lambda x, g: ag.normal(x + 3, 2.0, generator=g), 3, 4),
        (lambda x, g: ag.normal(3.0, x + 2, generator=g), 3, 4),
        (lambda x, g: ag.bernoulli(x + 0.3, generator=g), 0.3, 0.21),
        (lambda x, g: ag.bernoulli(x, 0.3, generator=g), 0.3, 0.21),
        (lambda x, g: ag.poisson(x + 4, generator=g), 4, 4),
        (lambda x, g: ag.multinomial(ag.tensor([1.0, 0, 3.0]), N, True, generator=g), 1.5, 0.75),
        (lambda x, g: x.normal_(3, 2, generator=g), 3, 4),
        (lambda x, g: x.uniform_(-1, 3, generator=g), 1, 4 / 3),
        (lambda x, g: x.exponential_(2, generator=g), 1 / 2, 1 / 4),
        (lambda x, g: x.bernoulli_(0.3, generator=g), 0.3, 0.21),
        (lambda x, g: x.bernoulli_(x + 0.3, generator=g), 0.3, 0.21),
        (lambda x, g: x.geometric_(0.5, generator=g), 2, 2),
        (lambda x, g: x.log_normal_(0, 0.5, generator=g), np.exp(1 / 8), (np.exp(1 / 4) - 1) * np.exp(1 / 4)),
        (lambda x, g: x.long().random_(6, generator=g), 2.5, 35 / 12),
        (lambda x, g: x.long().random_(2, 8, generator=g), 4.5, 35 / 12),
    ],
)
def test_distributions(draw, mean, variance):
    generator = ag.Generator().manual_seed(0)
    x = draw(ag.zeros(N), generator)
    found_mean, found_variance = moments(x)
    assert found_mean == pytest.approx(mean, abs=5 * np.sqrt(variance / N))
    assert found_variance == pytest.approx(variance, rel=0.1)
    assert draw(ag.zeros(N), ag.Generator().manual_seed(0)).tolist() == x.tolist()


def test_bounds_of_uniform():
    for dtype in (ag.float16, F32, F64):
        x = ag.rand(100_000, dtype=dtype).numpy()
        assert 0 <= x.min() < x.max() < 1


def test_draws_have_the_dtype():
    for dtype in (ag.float16, F32, F64, ag.complex64, ag.complex128):
        assert ag.rand(3, dtype=dtype).dtype == ag.randn(3, dtype=dtype).dtype == dtype
    assert ag.zeros(2, dtype=ag.float16).normal_().dtype == ag.float16
    x = ag.randn(N, dtype=ag.complex64, generator=ag.Generator().manual_seed(0)).numpy()
    assert (np.abs(x) ** 2).mean() == pytest.approx(1, rel=0.05)


def test_bounds_by_name():
    assert ag.randint(high=1, size=(2,)).tolist() == ag.randint_like(ag.ones(2), high=1).tolist() == [0, 0]


@pytest.mark.parametrize("dtype", [ag.uint8, ag.int8, ag.bool, I64, ag.float16, F32])
def test_random_fills_with_what_the_dtype_holds(dtype):
    x = ag.zeros(1000, dtype=dtype).random_()
    assert (x.double() == x.double().round()).all()
    assert x.double().max() > x.double().min() >= 0


def test_permutations_and_choices():
    assert sorted(ag.randperm(50).tolist()) == list(range(50))
    rows = ag.multinomial(ag.tensor([[0.0, 1, 2, 3], [1.0, 1, 0, 1]]), 3).tolist()
    assert sorted(rows[0]) == [1, 2, 3]
    assert sorted(rows[1]) == [0, 1, 3]
    generator = ag.Generator().manual_seed(0)
    first = [ag.multinomial(ag.tensor([1.0, 3.0]), 1, generator=generator).item() for _ in range(2000)]
    assert np.mean(first) == pytest.approx(0.75, abs=0.05)


def test_filling_parameters():
    w = ag.zeros(3, requires_grad=True)
    with ag.no_grad():
        assert w.normal_() is w
    assert w.requires_grad
    with pytest.raises(RuntimeError, match=r"uniform_: .*no_grad"):
        w.uniform_()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ag.tensor([[1, 2], [3]]), ValueError, "equal length"),
        (lambda: ag.tensor("abc"), TypeError, "numbers.*str"),
        (lambda: ag.tensor(None), TypeError, "NoneType"),
        (lambda: ag.tensor([1, "a"]), TypeError, "str"),
        (lambda: ag.tensor([1, 2**70]), TypeError, "64 bits"),
        (lambda: ag.tensor({1: 2}), TypeError, "dict"),
        (lambda: ag.tensor([1], requires_grad=True), TypeError, r"int64.*x\.float\(\)"),
        (lambda: ag.tensor(1.0, device="cuda"), ValueError, "cuda.*cpu"),
        (lambda: ag.tensor(1.0, dtype="float33"), TypeError, "float33"),
        (lambda: ag.tensor(1.0, dtype=str), TypeError, "dtype of numbers"),
        (lambda: ag.from_numpy([1]), TypeError, r"list.*autograd\.tensor"),
        (lambda: ag.zeros(-1), ValueError, r"zeros: sizes of 0 or more.*\(-1,\)"),
        (lambda: ag.zeros(2.0), TypeError, r"zeros: sizes are integers; got 2\.0"),
        (lambda: ag.zeros("2"), TypeError, "'2'"),
        (lambda: ag.ones(), TypeError, r"ones: a size is required.*ones\(2, 3\)"),
        (lambda: ag.ones(2, dtyp=1), TypeError, "dtyp"),
        (lambda: ag.zeros_like([1]), TypeError, "zeros_like.*list"),
        (lambda: ag.eye(-1), ValueError, "eye"),
        (lambda: ag.linspace(0, 1, -1), ValueError, "linspace"),
        (lambda: ag.linspace("0", 1, 2), TypeError, "str"),
        (lambda: ag.arange(0, 1, 0), ValueError, "step=0"),
        (lambda: ag.arange(5, 1), ValueError, "start=5, end=1"),
        (lambda: ag.randint(0, 0, (2,)), ValueError, "low=0, high=0"),
        (lambda: ag.randint(2, 3), TypeError, "size in parentheses"),
        (ag.arange, TypeError, "arange: numbers are required; got NoneType"),
        (lambda: ag.rand(2, dtype=I64), TypeError, "rand: a floating-point dtype.*int64.*randint"),
        (lambda: ag.normal(0.0, -1.0, (2,)), ValueError, "standard deviation"),
        (lambda: ag.zeros(2).normal_(0, -1), ValueError, "std=-1"),
        (lambda: ag.zeros(2).uniform_(1, 0), ValueError, "low <= to"),
        (lambda: ag.zeros(2).exponential_(0), ValueError, "lambd > 0"),
        (lambda: ag.zeros(2, dtype=I64).normal_(), TypeError, "normal_.*int64"),
        (lambda: ag.bernoulli(ag.tensor([2.0])), ValueError, r"0 to 1.*sigmoid"),
        (lambda: ag.bernoulli(ag.tensor([1])), TypeError, "int64"),
        (lambda: ag.multinomial(ag.tensor([1.0, 0.0]), 2), ValueError, "replacement=True"),
        (lambda: ag.multinomial(ag.tensor([1.0, -1.0]), 1), ValueError, "softmax"),
        (lambda: ag.multinomial(ag.tensor(1.0), 1), ValueError, "multinomial"),
        (lambda: ag.poisson(ag.tensor([-1.0])), ValueError, "rates"),
        (lambda: ag.manual_seed(2**65), ValueError, "64 bits"),
        (lambda: ag.set_rng_state(ag.zeros(3, dtype=ag.uint8)), ValueError, "get_state"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words) as info:
        call()
    assert "test_creation.py" in str(info.value)


@pytest.mark.parametrize("name", ["cauchy_", "log_normal_", "bernoulli_", "random_"])
def test_no_complex_numbers_of_these(name):
    with pytest.raises(ag.DtypeError, match="a dtype that holds what is drawn"):
        getattr(ag.zeros(2, dtype=ag.complex64), name)()


@pytest.mark.parametrize(
    ("dtype", "bounds"), [(ag.uint8, (300,)), (ag.int8, (-200, 5)), (ag.bool, (3,)), (ag.float16, (70_000,)), (F32, (0,))]
)  # fmt: skip
def test_random_stays_within_the_dtype(dtype, bounds):
    with pytest.raises(ag.ArgumentError, match="<= low < to <="):
        ag.zeros(2, dtype=dtype).random_(*bounds)


def test_random_takes_the_whole_range_of_a_dtype():
    for dtype, bounds in ((ag.uint8, (0, 256)), (ag.int64, (-(2**63), 2**63)), (F32, (-(2**40), 2**40)), (ag.bool, (0, 2))):
        drawn = ag.zeros(200, dtype=dtype).random_(*bounds).double()
        assert drawn.min() < sum(bounds) / 2 <= drawn.max()


def test_resize_takes_sizes():
    assert ag.arange(4).resize_(2, 3).tolist() == [[0, 1, 2], [3, 0, 0]]
    with pytest.raises(ag.ShapeError, match="0 or more"):
        ag.ones(2).resize_(-1)
    with pytest.raises(ag.DtypeError, match="integers"):
        ag.ones(2).resize_(1.5)


# ── from other libraries, and facts ──


def test_dlpack_shares_memory():
    array = np.arange(3.0)
    x = ag.from_dlpack(array)
    array[0] = 7
    assert x.tolist() == [7, 1, 2]
    y = np.from_dlpack(x)
    assert np.shares_memory(y, array)
    with pytest.raises(TypeError, match="__dlpack__"):
        ag.from_dlpack([1, 2])
    with pytest.raises(RuntimeError, match="detach"):
        np.from_dlpack(ag.ones(2, requires_grad=True))


@pytest.mark.parity
def test_dlpack_to_and_from_torch():
    torch = pytest.importorskip("torch")
    there = torch.arange(4)
    here = ag.from_dlpack(there)
    there[1] = 9
    assert here.tolist() == [0, 9, 2, 3]
    assert torch.from_dlpack(ag.ones(2, 3)).tolist() == [[1.0] * 3] * 2


def test_frombuffer():
    data = bytearray(np.arange(4, dtype=np.float32).tobytes())
    x = ag.frombuffer(data, dtype=ag.float32, count=2, offset=4, requires_grad=True)
    assert x.tolist() == [1, 2]
    assert x.requires_grad
    data[4:8] = np.float32(5).tobytes()
    assert x[0].item() == 5


@pytest.mark.parity
def test_can_cast_as_in_torch():
    torch = pytest.importorskip("torch")
    names = ("bool", "uint8", "int8", "int64", "float16", "float64", "complex64")
    for a in names:
        for b in names:
            assert ag.can_cast(getattr(ag, a), getattr(ag, b)) == torch.can_cast(getattr(torch, a), getattr(torch, b)), (a, b)


def test_detach_and_pinning():
    x = ag.ones(2, requires_grad=True)
    assert not ag.detach(x).requires_grad
    assert x.pin_memory() is x
    assert not x.is_pinned()
