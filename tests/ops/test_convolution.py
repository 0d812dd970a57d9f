"""Convolution and pooling against PyTorch in many settings; layouts, ties, NaN, empty batches; what is refused."""
from __future__ import annotations

import itertools

import numpy as np
import pytest
from torch_parity import against_torch

import autograd as ag
from autograd import Tensor
from autograd.errors import AutogradError
from autograd.kernels import convolution as kernels

RNG = np.random.default_rng(0)
SIZES = {1: (9,), 2: (7, 6), 3: (4, 5, 3)}


def functional():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)  # the arrays are small: two threads only wait for each other
    return torch.nn.functional


def same(name, *arrays, order=2, rtol=1e-9, **params):
    theirs = getattr(functional(), name)
    against_torch(lambda *xs: getattr(ag, name)(*xs, **params), lambda *ts: theirs(*ts, **params), *arrays, order=order, rtol=rtol)


def draw(*shape):
    return RNG.standard_normal(shape)


# ── convolution ──


@pytest.mark.parity
@pytest.mark.parametrize("bias", [True, False], ids=["bias", "no bias"])
@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize(
    ("stride", "padding", "dilation"), [(1, 0, 1), (2, 1, 1), (1, 2, 2), (3, 1, 1), (1, "same", 2), (1, "valid", 1), (2, 2, 2)],
)
@pytest.mark.filterwarnings("ignore:Using padding='same'")  # PyTorch's
def test_conv(dims, stride, padding, dilation, bias):
    for groups, kernel in itertools.product((1, 2), (1, 2, 3)):
        if dims == 3 and dilation == 2 and padding in (0, "valid"):
            continue
        x, w = draw(2, 4, *SIZES[dims]), draw(6, 4 // groups, *(kernel,) * dims)
        size = min(SIZES[dims]) + (2 * padding if isinstance(padding, int) else 0)
        if padding != "same" and size < dilation * (kernel - 1) + 1:
            continue
        params = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        same(f"conv{dims}d", x, w, *([draw(6)] if bias else []), **params)


@pytest.mark.parity
def test_conv_of_one_setting_per_dim():
    same("conv2d", draw(3, 2, 9, 8), draw(4, 2, 3, 2), draw(4), stride=(2, 1), padding=(0, 1), dilation=(1, 3))
    same("conv3d", draw(1, 2, 5, 6, 7), draw(2, 2, 1, 2, 3), stride=(1, 2, 3), padding=(0, 1, 1), dilation=(2, 1, 1))
    same("conv2d", draw(2, 3, 2, 2), draw(4, 3, 3, 3), draw(4), padding=1)  # smaller than the kernel but for the padding
    same("conv2d", draw(2, 1, 3, 3), draw(1, 1, 1, 1), padding=3, stride=2)  # windows with nothing but padding
    same("conv2d", draw(2, 3, 8, 8), draw(4, 3, 1, 1), draw(4), stride=3)


@pytest.mark.parity
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_depthwise(dims):
    for multiplier, stride, padding in itertools.product((1, 2), (1, 2), (0, 1)):
        same(f"conv{dims}d", draw(2, 3, *SIZES[dims]), draw(3 * multiplier, 1, *(3,) * dims), stride=stride, padding=padding, groups=3)


@pytest.mark.parity
@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("params", [
    {}, {"stride": 2}, {"stride": 2, "padding": 1}, {"stride": 3, "output_padding": 1}, {"padding": 1, "dilation": 2}, {"padding": 2},
    {"dilation": 2, "output_padding": 1}, {"stride": 2, "padding": 1, "output_padding": 1, "dilation": 3},
], ids=str)  # fmt: skip
def test_conv_transpose(dims, params):
    for groups, kernel in itertools.product((1, 2), (2, 3)):
        if kernel == 2 and params == {"padding": 2}:
            continue
        x, w = draw(2, 4, *SIZES[dims]), draw(4, 3, *(kernel,) * dims)
        same(f"conv_transpose{dims}d", x, w, draw(3 * groups), groups=groups, **params)
    same(f"conv_transpose{dims}d", draw(2, 3, *SIZES[dims]), draw(3, 1, *(3,) * dims), groups=3, **params)


@pytest.mark.parity
def test_without_a_batch_and_with_an_empty_one():
    for shape in ((3, 6, 5), (0, 3, 6, 5)):
        same("conv2d", draw(*shape), draw(4, 3, 3, 3), draw(4), padding=1)
        same("conv_transpose2d", draw(*shape), draw(3, 4, 3, 3), draw(4), stride=2)
        same("avg_pool2d", draw(*shape), kernel_size=2)
        if shape[0]:
            same("max_pool2d", draw(*shape), kernel_size=2)
            same("adaptive_avg_pool2d", draw(*shape), output_size=(4, 2))
    assert ag.max_pool2d(Tensor(draw(0, 3, 6, 5)), 2).shape == (0, 3, 3, 2)
    same("conv2d", draw(0, 4, 6, 5), draw(4, 1, 3, 3), draw(4), groups=4)
    same("conv1d", draw(3, 8), draw(4, 3, 3))
    same("conv3d", draw(2, 4, 4, 4), draw(4, 2, 3, 3, 3))


@pytest.mark.parity
@pytest.mark.parametrize(("tile", "narrow"), [(1, 1), (1, 10_000), (2000, 1), (20_000, 16), (1 << 30, 1 << 30)])
def test_tiles_of_any_size(tile, narrow, monkeypatch):
    """How much is done at a time changes nothing."""
    monkeypatch.setattr(kernels, "TILE", tile)
    monkeypatch.setattr(kernels, "NARROW", narrow)
    for stride, padding, dilation in ((1, 1, 1), (2, 2, 1), (1, 2, 2), (3, 0, 1), (4, 1, 1)):
        params = {"stride": stride, "padding": padding, "dilation": dilation}
        for groups in (1, 2):
            same("conv2d", draw(3, 4, 9, 8), draw(6, 4 // groups, 3, 2), draw(6), order=1, **params, groups=groups)
        same("conv1d", draw(3, 4, 30), draw(6, 4, 5), draw(6), order=1, **params)
        same("conv3d", draw(2, 2, 7, 6, 5), draw(2, 2, 3, 2, 2), order=1, **params)


@pytest.mark.parity
@pytest.mark.parametrize(("cost", "value"), [("ADD", 1e9), ("COPY", 1e9)])
def test_both_ways_to_the_gradient_of_the_input(cost, value, monkeypatch):
    monkeypatch.setattr(kernels, cost, value)
    for groups, padding, dilation in itertools.product((1, 2), (0, 1, 3), (1, 2)):
        same("conv2d", draw(2, 4, 7, 6), draw(6, 4 // groups, 3, 2), padding=padding, dilation=dilation, groups=groups)


def test_the_layout_of_outputs_lets_flatten_be_a_view():
    """The batch lies innermost: the next convolution reads it without a copy, and what PyTorch programs do next is still a view."""
    y = ag.conv2d(Tensor(draw(4, 3, 8, 8)), Tensor(draw(5, 3, 3, 3)))
    y = ag.max_pool2d(ag.relu(y), 2)
    assert np.shares_memory(y.flatten(1).numpy(), y.numpy())
    assert y.view(-1, 45).shape == y.view(4, 5, 9).flatten(1).shape == (4, 45)
    assert y.numpy().transpose(1, 2, 3, 0).flags.c_contiguous


def test_the_same_twice():
    """Deterministic to the last bit."""
    x, w = (Tensor(draw(*shape).astype(np.float32), requires_grad=True) for shape in ((8, 16, 30, 30), (16, 16, 3, 3)))

    def run():
        y = ag.max_pool2d(ag.conv2d(x, w, padding=1), 3, 2)
        return [a.detach().numpy() for a in (y, *ag.grad([y.sum()], [x, w]))]

    for a, b in zip(run(), run(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_memory_stays_small():
    """The columns of a long signal and a long kernel, 400 times the input, are never all there."""
    tracemalloc = pytest.importorskip("tracemalloc")
    x, w = draw(4, 1, 20_000).astype(np.float32), draw(2, 1, 400).astype(np.float32)
    tracemalloc.start()
    y = ag.conv1d(x, w)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6, peak
    np.testing.assert_allclose(y[1, 0, :5], np.correlate(x[1, 0, :404], w[0, 0]), rtol=1e-3, atol=1e-3)


@pytest.mark.parity
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_larger_than_a_tile(dtype):
    x, w, b = (a.astype(dtype) for a in (draw(8, 32, 40, 40), draw(48, 32, 3, 3) / 17, draw(48)))
    rtol, atol = {"float32": (1e-4, 1e-3), "float64": (1e-9, 1e-10)}[dtype]
    against_torch(
        lambda *xs: ag.conv2d(*xs, padding=1), lambda *ts: functional().conv2d(*ts, padding=1), x, w, b, order=1, rtol=rtol, atol=atol,
    )  # fmt: skip


# ── pooling ──


@pytest.mark.parity
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_max_pool(dims):
    x = draw(2, 3, *SIZES[dims])
    for kernel, stride, padding, ceil_mode in itertools.product((2, 3), (None, 1, 2, 4), (0, 1), (False, True)):
        for indices in (False, True):
            params = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
            same(f"max_pool{dims}d", x, **params, return_indices=indices, order=1 + indices)
    if dims < 3:
        same(f"max_pool{dims}d", x, kernel_size=3, dilation=2, padding=1)


@pytest.mark.parity
def test_max_pool_of_equals():
    """The first in order gets the gradient, as in PyTorch; windows may overlap, and be strided, padded and cut off."""
    x = RNG.integers(-1, 2, (3, 4, 9, 9)).astype(float)
    for kernel, stride, padding in ((2, 2, 0), (3, 3, 0), (3, 2, 1), (2, 1, 0), (2, 3, 1)):
        same("max_pool2d", x, kernel_size=kernel, stride=stride, padding=padding)
    same("max_pool2d", np.where(x > 0, -0.0, 0.0), kernel_size=2)
    for layout in (np.ascontiguousarray, lambda a: np.ascontiguousarray(a.transpose(1, 2, 3, 0)).transpose(3, 0, 1, 2)):
        t = Tensor(layout(x), requires_grad=True)
        ag.max_pool2d(t, 2).sum().backward()
        assert t.grad.sum().item() == 3 * 4 * 16


@pytest.mark.parity
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_max_pool_of_values_that_are_not_finite(value):
    x = draw(2, 2, 6, 6)
    x[0, 0, 1:4, 2:5] = value
    x[1, 1] = value
    for kernel, stride in ((2, 2), (3, 1)):
        same("max_pool2d", x, kernel_size=kernel, stride=stride, order=1)
        same("max_pool2d", x, kernel_size=kernel, stride=stride, return_indices=True, order=1)


def test_an_infinite_gradient_stays_where_it_belongs():
    x = Tensor(draw(2, 2, 4, 4), requires_grad=True)
    ag.max_pool2d(x, 2).backward(Tensor(np.full((2, 2, 2, 2), np.inf)))
    assert np.isinf(x.grad.numpy()).sum() == 16
    assert not np.isnan(x.grad.numpy()).any()


@pytest.mark.parity
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_avg_pool(dims):
    x = draw(2, 3, *SIZES[dims])
    for kernel, stride, padding, ceil_mode, include in itertools.product((2, 3), (None, 1, 2), (0, 1), (False, True), (False, True)):
        same(f"avg_pool{dims}d", x, kernel_size=kernel, stride=stride, padding=padding, ceil_mode=ceil_mode, count_include_pad=include)
    if dims > 1:
        same(f"avg_pool{dims}d", x, kernel_size=2, divisor_override=3)
        same(f"avg_pool{dims}d", x, kernel_size=(3, 2, 2)[:dims], stride=(1, 2, 1)[:dims], padding=(1, 0, 1)[:dims])


@pytest.mark.parity
@pytest.mark.parametrize("name", ["adaptive_avg_pool", "adaptive_max_pool"])
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_adaptive_pool(dims, name):
    x = draw(2, 3, *SIZES[dims])
    for size in (1, 2, 3, 5):
        same(f"{name}{dims}d", x, output_size=size)
    if dims > 1:
        same(f"{name}{dims}d", x, output_size=(3, 2, 1)[:dims])
        same(f"{name}{dims}d", x, output_size=(None, 2, 3)[:dims])
    same(f"{name}{dims}d", x[0], output_size=2)
    if "max" in name:
        for size in (1, 2, 4):
            same(f"{name}{dims}d", x, output_size=size, return_indices=True)


def test_pooling_integers():
    x = np.arange(16).reshape(1, 1, 4, 4)
    np.testing.assert_array_equal(ag.max_pool2d(Tensor(x), 2).numpy(), [[[[5, 7], [13, 15]]]])
    np.testing.assert_array_equal(ag.max_pool2d(Tensor(x - 20), 3, 1, 1).numpy()[0, 0, 0], [-15, -14, -13, -13])


# ── what is refused ──

X, W = Tensor(draw(2, 4, 6, 6)), Tensor(draw(6, 4, 3, 3))


@pytest.mark.parametrize(("call", "words"), [
    (lambda: ag.conv2d(X[0, 0], W), r"\(N, C, H, W\) or \(C, H, W\)"),
    (lambda: ag.conv2d(X, W[0]), "4 dims"),
    (lambda: ag.conv2d(X[:, :3], W), "4 channels .* got 3"),
    (lambda: ag.conv2d(X, W, groups=4), "groups that divides the weight's 6"),
    (lambda: ag.conv2d(X, W, groups=2), "8 channels"),
    (lambda: ag.conv2d(X, W, groups=0), "groups"),
    (lambda: ag.conv2d(X, W, Tensor(draw(5))), r"bias of shape \(6,\)"),
    (lambda: ag.conv2d(X, W.float()), "float32"),
    (lambda: ag.conv2d(X, W, Tensor(draw(6)).float()), "the bias"),
    (lambda: ag.conv2d(X, W, stride=0), "stride of at least 1"),
    (lambda: ag.conv2d(X, W, stride=(1, 1, 1)), "one for all or 2"),
    (lambda: ag.conv2d(X, W, stride=1.5), "integer stride"),
    (lambda: ag.conv2d(X, W, padding=-1), "padding of at least 0"),
    (lambda: ag.conv2d(X, W, dilation=3), "7 with dilation; got size 6"),
    (lambda: ag.conv2d(X[..., :2], W), "as large as the kernel"),
    (lambda: ag.conv2d(X, W, padding="same", stride=2), "stride of 1"),
    (lambda: ag.conv2d(X, W, padding="full"), "'full'"),
    (lambda: ag.conv_transpose2d(X, W), "6 channels"),
    (lambda: ag.conv_transpose2d(X[:, :3].tile((1, 2, 1, 1)), W, output_padding=1), "below the stride"),
    (lambda: ag.max_pool2d(X, 7), "as large as a window"),
    (lambda: ag.max_pool2d(X, 2, padding=2), "half the kernel_size"),
    (lambda: ag.max_pool2d(X, 0), "kernel_size of at least 1"),
    (lambda: ag.max_pool2d(X[0, 0], 2), "an input"),
    (lambda: ag.avg_pool2d(X, 2, divisor_override=0), "divisor_override"),
    (lambda: ag.avg_pool2d(X.long(), 2), "floating-point"),
    (lambda: ag.adaptive_avg_pool2d(X, (1, 2, 3)), "output_size"),
    (lambda: ag.adaptive_avg_pool2d(X, -1), "not negative"),
    (lambda: ag.convolution(X, W, geometry=kernels.Geometry((6, 6), (3, 3), (4, 4), (1, 1), (0, 0), (1, 1), 2)), "shape"),
])  # fmt: skip
def test_errors(call, words):
    with pytest.raises(AutogradError, match=words) as raised:
        call()
    assert "test_convolution.py" in str(raised.value)
