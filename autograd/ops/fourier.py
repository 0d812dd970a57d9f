"""Discrete Fourier transforms, on NumPy's, under PyTorch's names and arguments.

Three primitives carry all of them: the transform of complex numbers along some dims, whose matrix is symmetric, so that it is its own
transpose; that of real numbers along one dim, half of whose spectrum says it all; and the way back from such a half. ``norm`` says where
the factor 1/n goes: "backward" (None is the same), to the inverse; "forward", to the transform; "ortho", its square root to both.
"""
from __future__ import annotations

import numpy as np

from autograd.errors import ArgumentError, DtypeError, ShapeError, message
from autograd.kernels.dims import dim_of, dims_of, integers
from autograd.op import Array, Sample, derived, op
from autograd.ops.complex import conj
from autograd.ops.indexing import narrow
from autograd.ops.shape import pad_constant, roll

__all__ = [
    "fft", "ifft", "fft2", "ifft2", "fftn", "ifftn", "rfft", "irfft", "rfft2", "irfft2", "rfftn", "irfftn",
    "hfft", "ihfft", "hfft2", "ihfft2", "hfftn", "ihfftn", "fftshift", "ifftshift",
]  # fmt: skip

Z = np.array([[0.5 + 1j, -1.25 - 0.5j, 2 - 1j, 1j], [-0.75 + 0.25j, 1.5 + 2j, -1j, 0.5], [1 + 1j, -0.5j, 0.25, -1.5 + 0.5j]])
LINES = (Sample((3, 4)), Sample((3, 4), n=6, dim=0, norm="ortho"), Sample((3, 4), n=3, norm="forward"))
PLANES = (Sample((3, 4)), Sample((3, 4), [2, 5]), Sample((2, 3, 4), None, [0, -1], norm="ortho"))
OPPOSITE = {"backward": "forward", "forward": "backward", "ortho": "ortho"}

# ── the three primitives ──


@op(lambda g, y, x, dims, norm, inverse=False: dft(g, dims, norm, inverse), convert="float", complex="holomorphic", samples=[
    Sample((3, 4), dims=(0, 1), norm="backward"), Sample(Z, dims=(-1,), norm="ortho", inverse=True),
])  # fmt: skip
def dft(x: Array, dims, norm, inverse=False):
    """The Fourier transform along dims, or its inverse."""
    y = (np.fft.ifftn if inverse else np.fft.fftn)(x, axes=dims, norm=norm)
    return y.astype(np.result_type(y, np.complex64), copy=False)  # NumPy leaves real what no dim is transformed of


def whole_spectrum(g, y, x, dim, norm):
    """The transpose of real_dft: the half spectrum, filled up with zeros, transformed. The real part is taken by the engine."""
    return dft(resized("rfft", g, dim, x.shape[dim]), (dim,), norm)


@op(whole_spectrum, convert="float", complex="holomorphic", samples=[Sample((3, 4), 1, "backward"), Sample((3, 5), -1, "ortho")])
def real_dft(x: Array, dim, norm):
    """The first n // 2 + 1 frequencies of n real numbers: the others are their conjugates."""
    return np.fft.rfft(x, axis=dim, norm=norm)


def half_spectrum(g, y, x, dim, n, norm):
    """The transpose of inverse_real_dft: each frequency stands for its conjugate too, apart from the first, and the last if n is even."""
    count = np.ones(n // 2 + 1, g.dtype)
    count[1 : (n + 1) // 2] = 2
    return real_dft(g, dim, OPPOSITE[norm]) * count.reshape(-1, *[1] * (x.ndim - 1 - dim % x.ndim))


@op(half_spectrum, convert="float", complex="own", samples=[Sample(Z, 1, 6, "backward"), Sample(Z, -2, 5, "ortho")])
def inverse_real_dft(x: Array, dim, n, norm):
    """The n real numbers with these first n // 2 + 1 frequencies. Imaginary parts of frequencies that have none are ignored."""
    return np.fft.irfft(x, n, axis=dim, norm=norm)


# ── arguments ──


def normalisation(name, norm):
    """The name of the normalisation; None is "backward"."""
    if norm is not None and norm not in OPPOSITE:
        raise ArgumentError(message(name, 'norm "backward", "ortho" or "forward" is required', repr(norm), "leave it out for backward"))
    return norm or "backward"


def transformable(name, x, *, real=False):
    """Refuse dtypes that have no transform."""
    if x.dtype == np.float16:
        raise DtypeError(message(name, "float32 or float64 is required", "float16", "convert first: x.float()"))
    if real and x.dtype.kind == "c":
        raise DtypeError(message(name, "a real tensor is required", str(x.dtype), "use the transform without r, or x.real"))


def resized(name, x, dim, n):
    """x with its first n elements along dim, zeros where there are fewer."""
    if n < 1:
        raise ShapeError(message(name, "at least one data point is required", f"{n} along dim {dim} of shape {tuple(x.shape)}", "pass n"))
    size = x.shape[dim]
    if n <= size:
        return x if n == size else narrow(x, dim, 0, n)
    widths = [(0, 0)] * x.ndim
    widths[dim] = (0, n - size)
    return pad_constant(x, tuple(widths))


def line(name, x, n, dim):
    """(dim, size): where a transform of one dim works, and how many numbers it takes."""
    if not x.ndim:
        raise ShapeError(message(name, "at least one dim is required", "a 0-d tensor", "unsqueeze it"))
    dim = dim_of(name, dim, x.ndim)
    return dim, x.shape[dim] if n is None else integers(name, (n,))[0]


def lines(name, x, s, dim):
    """(dims, sizes): where a transform of several dims works, and how many numbers it takes in each. -1 is the size that is there."""
    sizes = None if s is None else integers(name, (s,))
    if dim is None and sizes is not None:
        if len(sizes) > x.ndim:
            given = f"{len(sizes)} for shape {tuple(x.shape)}"
            raise ShapeError(message(name, "at most one size per dim is required", given, "leave out sizes"))
        dim = tuple(range(x.ndim - len(sizes), x.ndim))
    dims = dims_of(name, dim, x.ndim)
    if sizes is not None and len(sizes) != len(dims):
        raise ShapeError(message(name, "one size per dim is required", f"{len(sizes)} sizes for {len(dims)} dims", "give as many of both"))
    return dims, [x.shape[i] if n == -1 else n for i, n in zip(dims, sizes or [-1] * len(dims), strict=True)]


def transformed(name, x, n, dim, norm, *, inverse=False):
    """``fft`` and ``ifft``."""
    transformable(name, x)
    dim, n = line(name, x, n, dim)
    return dft(resized(name, x, dim, n), (dim,), normalisation(name, norm), inverse)


def transformed_n(name, x, s, dim, norm, *, inverse=False):
    """``fftn`` and ``ifftn``."""
    transformable(name, x)
    dims, sizes = lines(name, x, s, dim)
    for i, n in zip(dims, sizes, strict=True):
        x = resized(name, x, i, n)
    return dft(x, dims, normalisation(name, norm), inverse)


# ── of complex numbers ──


@derived(numpy=np.fft.fft, samples=[*LINES, Sample(Z)])
def fft(x: Array, n=None, dim=-1, norm=None):
    """y[k] = Σ_j x[j] exp(-2πi jk/n) along dim, complex. x is cut, or filled up with zeros, to n elements."""
    return transformed("fft", x, n, dim, norm)


@derived(numpy=np.fft.ifft, samples=[*LINES, Sample(Z)])
def ifft(x: Array, n=None, dim=-1, norm=None):
    """The inverse of ``fft``: y[j] = 1/n Σ_k x[k] exp(2πi jk/n)."""
    return transformed("ifft", x, n, dim, norm, inverse=True)


@derived(numpy=np.fft.fft2, samples=[*PLANES, Sample(Z)])
def fft2(x: Array, s=None, dim=(-2, -1), norm=None):
    """``fft`` along two dims; s are the sizes to cut or fill up to."""
    return transformed_n("fft2", x, s, dim, norm)


@derived(numpy=np.fft.ifft2, samples=[*PLANES, Sample(Z)])
def ifft2(x: Array, s=None, dim=(-2, -1), norm=None):
    """The inverse of ``fft2``."""
    return transformed_n("ifft2", x, s, dim, norm, inverse=True)


@derived(numpy=np.fft.fftn, samples=[Sample((2, 3, 4)), *PLANES[2:], Sample(Z)])
def fftn(x: Array, s=None, dim=None, norm=None):
    """``fft`` along several dims: all of them; with s, the last ones, one per size."""
    return transformed_n("fftn", x, s, dim, norm)


@derived(numpy=np.fft.ifftn, samples=[Sample((2, 3, 4)), *PLANES[2:], Sample(Z)])
def ifftn(x: Array, s=None, dim=None, norm=None):
    """The inverse of ``fftn``."""
    return transformed_n("ifftn", x, s, dim, norm, inverse=True)


# ── of real numbers ──


@derived(numpy=np.fft.rfft, samples=LINES)
def rfft(x: Array, n=None, dim=-1, norm=None):
    """``fft`` of real numbers: its first n // 2 + 1 elements along dim, for the others are their conjugates."""
    transformable("rfft", x, real=True)
    dim, n = line("rfft", x, n, dim)
    return real_dft(resized("rfft", x, dim, n), dim, normalisation("rfft", norm))


@derived(numpy=np.fft.irfft, samples=[*LINES, Sample(Z), Sample(Z, n=5)])
def irfft(x: Array, n=None, dim=-1, norm=None):
    """The inverse of ``rfft``: n real numbers along dim, by default 2 (m - 1) of m. Pass n where it is odd."""
    transformable("irfft", x)
    dim, m = line("irfft", x, None, dim)
    n = 2 * (m - 1) if n is None else integers("irfft", (n,))[0]
    return inverse_real_dft(resized("irfft", x, dim, n // 2 + 1 if n > 0 else n), dim, n, normalisation("irfft", norm))


@derived(numpy=np.fft.rfft2, samples=PLANES)
def rfft2(x: Array, s=None, dim=(-2, -1), norm=None):
    """``fft2`` of real numbers: half of the spectrum along the last of the dims."""
    return rfftn(x, s, dim, norm)


@derived(numpy=np.fft.irfft2, samples=[*PLANES, Sample(Z)])
def irfft2(x: Array, s=None, dim=(-2, -1), norm=None):
    """The inverse of ``rfft2``."""
    return irfftn(x, s, dim, norm)


@derived(numpy=np.fft.rfftn, samples=[Sample((2, 3, 4)), *PLANES[2:]])
def rfftn(x: Array, s=None, dim=None, norm=None):
    """``fftn`` of real numbers: half of the spectrum along the last of the dims."""
    transformable("rfftn", x, real=True)
    dims, sizes = last_of("rfftn", *lines("rfftn", x, s, dim))
    half = rfft(x, sizes[-1], dims[-1], norm)
    return transformed_n("rfftn", half, sizes[:-1], dims[:-1], norm) if dims[:-1] else half


@derived(numpy=np.fft.irfftn, samples=[Sample((2, 3, 4)), *PLANES[2:], Sample(Z)])
def irfftn(x: Array, s=None, dim=None, norm=None):
    """The inverse of ``rfftn``: 2 (m - 1) elements along the last of the dims, unless s says how many."""
    dims, sizes, last = back(x, s, dim, "irfftn")
    return irfft(transformed_n("irfftn", x, sizes[:-1], dims[:-1], norm, inverse=True) if dims[:-1] else x, last, dims[-1], norm)


def last_of(name, dims, sizes):
    """dims and sizes, of which one at least is required."""
    if not dims:
        raise ShapeError(message(name, "at least one dim is required", "none", "pass dim, or a tensor with dims"))
    return dims, sizes


def back(x, s, dim, name):
    """(dims, sizes, last): the arguments of a transform to real numbers, whose last size is that of the result, or None."""
    dims, sizes = last_of(name, *lines(name, x, s, dim))
    return dims, sizes, None if s is None or integers(name, (s,))[-1] == -1 else sizes[-1]


# ── of half of a real spectrum ──


@derived(numpy=np.fft.hfft, samples=[*LINES, Sample(Z), Sample(Z, n=5, dim=0)])
def hfft(x: Array, n=None, dim=-1, norm=None):
    """``fft`` of numbers whose second half are the conjugates of their first, x: n real numbers, by default 2 (m - 1) of m."""
    return irfft(conj(x), n, dim, OPPOSITE[normalisation("hfft", norm)])


@derived(numpy=np.fft.ihfft, samples=LINES)
def ihfft(x: Array, n=None, dim=-1, norm=None):
    """The inverse of ``hfft``: the first n // 2 + 1 elements."""
    return conj(rfft(x, n, dim, OPPOSITE[normalisation("ihfft", norm)]))


@derived(samples=[*PLANES, Sample(Z)])
def hfft2(x: Array, s=None, dim=(-2, -1), norm=None):
    """``hfft`` along the second of two dims, ``fft`` along the first."""
    return hfftn(x, s, dim, norm)


@derived(samples=PLANES)
def ihfft2(x: Array, s=None, dim=(-2, -1), norm=None):
    """The inverse of ``hfft2``."""
    return ihfftn(x, s, dim, norm)


@derived(samples=[Sample((2, 3, 4)), *PLANES[2:], Sample(Z)])
def hfftn(x: Array, s=None, dim=None, norm=None):
    """``hfft`` along the last of the dims, ``fft`` along the others."""
    dims, sizes, last = back(x, s, dim, "hfftn")
    return hfft(transformed_n("hfftn", x, sizes[:-1], dims[:-1], norm) if dims[:-1] else x, last, dims[-1], norm)


@derived(samples=[Sample((2, 3, 4)), *PLANES[2:]])
def ihfftn(x: Array, s=None, dim=None, norm=None):
    """The inverse of ``hfftn``."""
    transformable("ihfftn", x, real=True)
    dims, sizes = last_of("ihfftn", *lines("ihfftn", x, s, dim))
    half = ihfft(x, sizes[-1], dims[-1], norm)
    return transformed_n("ihfftn", half, sizes[:-1], dims[:-1], norm, inverse=True) if dims[:-1] else half


# ── the order of frequencies ──


@derived(numpy=np.fft.fftshift, samples=[Sample((3, 4)), Sample((3, 4), 1), Sample((5,))])
def fftshift(x: Array, dim=None):
    """The frequency 0 moved from the first place to the middle, n // 2, along dim: all of them by default."""
    dims = dims_of("fftshift", dim, x.ndim)
    return roll(x, tuple([x.shape[i] // 2 for i in dims]), dims)


@derived(numpy=np.fft.ifftshift, samples=[Sample((3, 4)), Sample((3, 4), 1), Sample((5,))])
def ifftshift(x: Array, dim=None):
    """The inverse of ``fftshift``."""
    dims = dims_of("ifftshift", dim, x.ndim)
    return roll(x, tuple([-(x.shape[i] // 2) for i in dims]), dims)
