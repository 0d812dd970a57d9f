"""Fourier transforms and spectrograms: beside PyTorch, there and back, and what they refuse."""
from __future__ import annotations

import numpy as np
import pytest

import autograd
from autograd import ArgumentError, DtypeError, ShapeError

RNG = np.random.default_rng(0)
REAL = ("rfft", "ihfft", "rfft2", "rfftn", "ihfft2", "ihfftn")  # take real numbers only
ONE = [(n, dim, norm) for n in (None, 3, 4, 9) for dim in (-1, 0) for norm in (None, "ortho", "forward")]
MANY = [(*where, norm) for where in ((None, (0, 1)), ((3, 7), (-2, -1)), ((3, -1), (1, 0))) for norm in ("backward", "ortho", "forward")]
CALLS = [(name, args) for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft") for args in ONE]
CALLS += [(a + b, args) for a in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft") for b in ("2", "n") for args in MANY]


def draw(shape, is_complex):
    return RNG.standard_normal(shape) + (1j * RNG.standard_normal(shape) if is_complex else 0)


def same_as_torch(ours, theirs, x):
    """Values, and gradients of first order under random weights."""
    torch = pytest.importorskip("torch")
    xa, xt = autograd.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    ya, yt = ours(xa), theirs(xt)
    assert str(ya.dtype) == str(yt.dtype).removeprefix("torch.")
    np.testing.assert_allclose(ya.detach().numpy(), yt.detach().resolve_conj().numpy(), 1e-9, 1e-10)
    g = draw(ya.shape, yt.is_complex())
    (ga,), (gt,) = autograd.grad(ya, xa, autograd.tensor(g)), torch.autograd.grad(yt, xt, torch.tensor(g))
    np.testing.assert_allclose(ga.numpy(), gt.resolve_conj().numpy(), 1e-9, 1e-10)


@pytest.mark.parametrize(("name", "args"), CALLS, ids=repr)
def test_as_in_torch(name, args):
    torch = pytest.importorskip("torch")
    for is_complex in (False,) if name in REAL else (False, True):
        for shape in ((4, 5), (3, 4, 6)):
            same_as_torch(
                lambda x: getattr(autograd.fft, name)(x, *args), lambda x: getattr(torch.fft, name)(x, *args), draw(shape, is_complex)
            )


@pytest.mark.parametrize("name", ["fft2", "fftn", "rfftn", "irfftn", "hfftn", "ihfftn"])
def test_sizes_without_dims_are_those_of_the_last(name):
    torch = pytest.importorskip("torch")
    same_as_torch(lambda x: getattr(autograd.fft, name)(x, (3, 7)), lambda x: getattr(torch.fft, name)(x, (3, 7)), draw((2, 4, 5), False))


@pytest.mark.parametrize(("n", "d"), [(1, 1.0), (4, 0.5), (7, 2.0)])
def test_frequencies(n, d):
    np.testing.assert_array_equal(autograd.fft.fftfreq(n, d, dtype=autograd.float64).numpy(), np.fft.fftfreq(n, d))
    np.testing.assert_array_equal(autograd.fft.rfftfreq(n, d).numpy(), np.fft.rfftfreq(n, d).astype(np.float32))


@pytest.mark.parametrize("pair", [("fft", "ifft"), ("fftn", "ifftn"), ("fft2", "ifft2"), ("fftshift", "ifftshift")])
def test_there_and_back(pair):
    x = autograd.tensor(draw((3, 5), True))
    there, back = (getattr(autograd.fft, name) for name in pair)
    np.testing.assert_allclose(back(there(x)).numpy(), x.numpy(), atol=1e-12)


def test_no_dims_leave_complex_numbers():
    assert autograd.fft.fftn(autograd.ones(3), dim=()).dtype == autograd.complex64


def test_integers_become_floats():
    assert autograd.fft.fft(autograd.arange(3)).dtype == autograd.complex64
    assert autograd.fft.irfft(autograd.arange(3)).dtype == autograd.float32


def test_numpy_functions():
    x = autograd.tensor(draw((3, 4), False), requires_grad=True)
    for function, params in ((np.fft.fft, {"axis": 0}), (np.fft.rfftn, {"axes": (0, 1)}), (np.fft.irfft, {"n": 5})):
        y = function(x, **params)
        assert isinstance(y, autograd.Tensor)
        assert y.requires_grad
        np.testing.assert_allclose(y.detach().numpy(), function(x.detach().numpy(), **params))


def test_compiled():
    x = autograd.tensor(draw((2, 16), False).astype(np.float32), requires_grad=True)

    def loss(x):
        return autograd.fft.rfft(x).abs().square().sum() + autograd.stft(x, 8, return_complex=True).abs().sum()

    expected, compiled = loss(x), autograd.compile(loss)
    for _ in range(2):
        np.testing.assert_allclose(compiled(x).item(), expected.item(), rtol=1e-6)
    np.testing.assert_allclose(autograd.grad(compiled(x), x)[0].numpy(), autograd.grad(expected, x)[0].numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("error", "call"),
    [
        (ShapeError, lambda: autograd.fft.fft(autograd.tensor(3.0))),
        (ShapeError, lambda: autograd.fft.fft(autograd.zeros(0))),
        (ShapeError, lambda: autograd.fft.fft(autograd.zeros(3), 0)),
        (ShapeError, lambda: autograd.fft.irfft(autograd.zeros(1))),
        (ShapeError, lambda: autograd.fft.fftn(autograd.zeros(3), (2, 2))),
        (ShapeError, lambda: autograd.fft.fftn(autograd.zeros(3, 3), (2, 2), 0)),
        (ShapeError, lambda: autograd.fft.fftn(autograd.zeros(3, 3), dim=(0, -2))),
        (ShapeError, lambda: autograd.fft.rfftn(autograd.zeros(3, 3), dim=())),
        (ArgumentError, lambda: autograd.fft.fft(autograd.zeros(3), norm="x")),
        (DtypeError, lambda: autograd.fft.rfft(autograd.zeros(3).to(autograd.complex64))),
        (DtypeError, lambda: autograd.fft.fft(autograd.zeros(3).half())),
        (ArgumentError, lambda: autograd.stft(autograd.zeros(9), 4)),
        (ArgumentError, lambda: autograd.stft(autograd.zeros(9), 4, 0, return_complex=True)),
        (ShapeError, lambda: autograd.stft(autograd.zeros(3), 9, center=False, return_complex=True)),
        (ShapeError, lambda: autograd.stft(autograd.zeros(9), 4, window=autograd.ones(3), return_complex=True)),
        (ShapeError, lambda: autograd.istft(autograd.zeros(4, 4).to(autograd.complex64), 4, onesided=True)),
        (ArgumentError, lambda: autograd.istft(autograd.zeros(3, 4).to(autograd.complex64), 4, 4, window=autograd.hann_window(4))),
    ],
)
def test_refused(error, call):
    with pytest.raises(error, match="required"):
        call()


# ── spectrograms ──

SIZES = [(8, None, None), (8, 3, 6), (7, 2, 7)]


@pytest.mark.parametrize(("n_fft", "hop", "length"), SIZES)
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("onesided", [True, False])
def test_stft_as_in_torch(n_fft, hop, length, center, pad_mode, normalized, onesided):
    torch = pytest.importorskip("torch")
    weights = np.hanning((length or n_fft) + 2)[1:-1]
    for shape in ((20,), (2, 23)):

        def call(library, x, shape=shape):
            window = library.tensor(weights)
            return library.stft(x, n_fft, hop, length, window, center, pad_mode, normalized, onesided, return_complex=True)

        same_as_torch(lambda x: call(autograd, x), lambda x: call(torch, x), draw(shape, False))


@pytest.mark.parametrize(("n_fft", "hop", "length"), SIZES)
@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("onesided", [True, False])
@pytest.mark.parametrize("samples", [None, 12])
def test_istft_as_in_torch(n_fft, hop, length, center, normalized, onesided, samples):
    torch = pytest.importorskip("torch")
    weights = np.hanning((length or n_fft) + 2)[1:-1]
    if not center and length == 6:
        return  # a shorter window leaves the first samples without weight, which both refuse

    def call(library, x):
        return library.istft(x, n_fft, hop, length, library.tensor(weights), center, normalized, onesided, samples)

    same_as_torch(lambda x: call(autograd, x), lambda x: call(torch, x), draw((2, n_fft // 2 + 1 if onesided else n_fft, 6), True))


def test_a_signal_comes_back():
    x, window = autograd.tensor(draw((50,), False)), autograd.hann_window(16, dtype=autograd.float64)
    y = autograd.istft(autograd.stft(x, 16, window=window, return_complex=True), 16, window=window, length=50)
    np.testing.assert_allclose(y.numpy(), x.numpy(), atol=1e-12)
    z = autograd.tensor(draw((50,), True))
    y = autograd.istft(autograd.stft(z, 16, window=window), 16, window=window, length=50, return_complex=True)
    np.testing.assert_allclose(y.numpy(), z.numpy(), atol=1e-12)


@pytest.mark.parametrize("name", ["hann", "hamming", "blackman", "bartlett", "kaiser"])
@pytest.mark.parametrize("periodic", [True, False])
def test_windows(name, periodic):
    torch = pytest.importorskip("torch")
    for n in (0, 1, 2, 5, 8):
        found, expected = (getattr(library, f"{name}_window")(n, periodic, dtype=library.float64) for library in (autograd, torch))
        np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-12)
