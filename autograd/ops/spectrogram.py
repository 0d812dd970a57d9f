"""The spectrum of a signal as it goes along: short-time Fourier transforms, and the signal back from them."""
from __future__ import annotations

import numpy as np

from autograd.dtypes import REAL_PARTS
from autograd.errors import ArgumentError, ShapeError, message
from autograd.op import Array, Sample, derived, op
from autograd.ops.complex import view_as_complex, view_as_real
from autograd.ops.elementwise import abs
from autograd.ops.fourier import fft, ifft, irfft, rfft
from autograd.ops.functions import square
from autograd.ops.indexing import narrow
from autograd.ops.shape import add_windows, broadcast_to, mT, pad, pad_constant, squeeze, unfold, unsqueeze

__all__ = ["stft", "istft"]

WINDOW = np.array([0.25, 1.0, 0.75, 0.5])
SPECTRUM = np.array([[1, 0.5, -1, 2, 0.25], [1 - 1j, 2 + 0.5j, -1j, 0.5, 1 + 1j], [0.5, -1, 1.5, 0, 2]])


def frames(name, x, n_fft, hop_length, win_length, window):
    """(hop, window): the distance of stretches of n_fft samples, and their weights, which are zero around a shorter window."""
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    if not 0 < length <= n_fft or hop < 1:
        given = f"n_fft={n_fft}, hop_length={hop}, win_length={length}"
        raise ArgumentError(message(name, "a hop of at least 1, and a window from 1 to n_fft samples, are required", given))
    if window is None:
        window = np.ones(length, REAL_PARTS.get(x.dtype, x.dtype))
    if tuple(window.shape) != (length,):
        given = f"shape {tuple(window.shape)}"
        raise ShapeError(message(name, f"a window of shape ({length},) is required", given, "pass win_length, the window's length"))
    before = (n_fft - length) // 2
    return hop, window if length == n_fft else pad_constant(window, ((before, n_fft - length - before),))


@derived(samples=[
    Sample((10,), 4, return_complex=True), Sample((2, 11), 5, 2, 4, WINDOW, return_complex=True, normalized=True),
    Sample((9,), 4, 3, window=WINDOW, center=False, onesided=False, return_complex=False),
])  # fmt: skip
def stft(
    x: Array, n_fft, hop_length=None, win_length=None, window: Array = None, center=True, pad_mode="reflect", normalized=False,
    onesided=None, return_complex=None,
):  # fmt: skip
    """Spectra of stretches of n_fft samples, hop_length (n_fft // 4) apart: (..., time) -> (..., frequencies, stretches).

    window        weights of win_length (n_fft) samples; a rectangle if there is none. See ``hann_window``
    center        the signal is continued by n_fft // 2 on both sides, as pad_mode says, so that a stretch is centred at each hop
    normalized    times n_fft ** -½
    onesided      n_fft // 2 + 1 frequencies: the default for real numbers
    return_complex  False gives real and imaginary part along a last dim. Required for real numbers, as in PyTorch
    """
    complex_in = x.dtype.kind == "c" or (window is not None and window.dtype.kind == "c")
    if return_complex is None and not complex_in:
        raise ArgumentError(message("stft", "return_complex is required for real numbers", "none", "pass return_complex=True"))
    if x.ndim not in (1, 2):
        raise ShapeError(message("stft", "(time,) or (batch, time) is required", f"shape {tuple(x.shape)}", "reshape it"))
    onesided = not complex_in if onesided is None else onesided
    if onesided and complex_in:
        raise ArgumentError(message("stft", "onesided=False is required for complex numbers", "onesided=True", "leave it out"))
    hop, window = frames("stft", x, n_fft, hop_length, win_length, window)
    if center:
        x = squeeze(pad(unsqueeze(x, 0), (n_fft // 2, n_fft // 2), pad_mode), 0)
    if not 0 < n_fft <= x.shape[-1]:
        given = f"n_fft={n_fft} for {x.shape[-1]} samples"
        raise ShapeError(message("stft", "stretches no longer than the signal are required", given, "pass a smaller n_fft"))
    y = mT((rfft if onesided else fft)(unfold(x, -1, n_fft, hop) * window, norm="ortho" if normalized else None))
    return view_as_real(y) if return_complex is False else y


@op(lambda g, y, weights: g, samples=[Sample((3,), domain=(0.5, 1.5))])
def gapless(weights: Array):
    """The weights that a sum of windows is divided by, once none of them is found to be 0."""
    if weights.size and not weights.min() > 1e-11:
        required = "windows that leave no gap are required"
        raise ArgumentError(message("istft", required, "a place where all of them are 0", "pass a smaller hop_length, or another window"))
    return weights.copy()


@derived(samples=[Sample(SPECTRUM, 4), Sample(SPECTRUM, 4, 2, window=WINDOW, length=7), Sample(SPECTRUM[:, :4], 3, 1, onesided=False)])
def istft(
    x: Array, n_fft, hop_length=None, win_length=None, window: Array = None, center=True, normalized=False, onesided=None, length=None,
    return_complex=False,
):  # fmt: skip
    """The signal that ``stft`` with the same arguments makes this of: (..., frequencies, stretches) -> (..., time).

    Where stretches overlap, their weighted mean: of all signals the one whose spectra are nearest to x, by least squares
    (Griffin and Lim 1984, doi:10.1109/TASSP.1984.1164317).

    length  of the signal; without it, what the last stretch leaves unfinished is dropped
    """
    if x.dtype.kind != "c":
        x = view_as_complex(x)
    if x.ndim in (2, 3) and onesided is None:
        onesided = x.shape[-2] != n_fft
    if x.ndim not in (2, 3) or x.shape[-2] != (n_fft // 2 + 1 if onesided else n_fft):
        required = f"(..., {n_fft // 2 + 1}, stretches), or (..., {n_fft}, stretches) if not onesided, is required"
        raise ShapeError(message("istft", required, f"shape {tuple(x.shape)}", "pass the n_fft and the onesided of the stft"))
    if onesided and return_complex:
        raise ArgumentError(message("istft", "onesided=False is required for a complex signal", "onesided=True", "pass onesided=False"))
    hop, window = frames("istft", x, n_fft, hop_length, win_length, window)
    norm, spectra = "ortho" if normalized else None, mT(x)
    parts = ifft(spectra, norm=norm) if return_complex else irfft(spectra, n_fft, norm=norm)  # irfft reads the first half
    count = parts.shape[-2]
    whole = n_fft + hop * (count - 1)
    signal = add_windows(parts * window, parts.ndim - 2, hop, whole)
    weights = add_windows(broadcast_to(square(abs(window)), (count, n_fft)), 0, hop, whole)
    start = n_fft // 2 if center else 0
    stop = whole - start if length is None else min(start + length, whole)
    signal, weights = narrow(signal, -1, start, stop - start), narrow(weights, -1, start, stop - start)
    signal = signal / gapless(weights)
    return signal if length is None or length <= stop - start else pad(signal, (0, length - (stop - start)))
