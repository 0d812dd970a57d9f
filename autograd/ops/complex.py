"""Complex numbers: their parts, conjugates, and what makes the rules of all other ops right for them.

The gradient of a real loss L for z = a + bi is dL/da + i dL/db: twice the conjugate Wirtinger derivative dL/dz*, PyTorch's convention, the
direction in which L grows fastest. For a holomorphic f (one with a complex derivative: sums, products, exp, inverses) it is g conj(f'(z)),
which is conj(rule(conj(g))) with the very rule for real numbers, g f'(z): the engine conjugates around it (``Conjugated`` in op.py), and
the rules stay as they are. The ops here, and others declared with complex="own", are not holomorphic and state that gradient themselves.
"""
from __future__ import annotations

import builtins

import numpy as np

from autograd.dtypes import REAL_PARTS
from autograd.errors import DtypeError, ShapeError, message
from autograd.op import Array, Sample, derived, op
from autograd.ops.elementwise import abs, sign
from autograd.ops.functions import cos, sin
from autograd.ops.shape import mT

__all__ = [
    "conj_physical", "conj", "resolve_conj", "resolve_neg", "real", "imag", "sgn", "angle", "complex", "polar",
    "view_as_real", "view_as_complex", "mH", "H", "adjoint",
]  # fmt: skip

Z = np.array([[0.5 + 1j, -1.25 - 0.5j, 2 - 1j], [-0.75 + 0.25j, 1.5 + 2j, -1j]])


def required(name, x):
    if x.dtype.kind != "c":
        raise DtypeError(message(name, "a complex tensor is required", str(x.dtype), "convert it first: x.to(autograd.complex64)"))


@op(lambda g, y, x: conj(g), complex="own", numpy=np.conjugate, samples=[Sample((3, 4)), Sample(Z)])
def conj_physical(x: Array):
    """a - bi for a + bi, in memory of its own."""
    return np.conjugate(x) if x.dtype.kind == "c" else np.copy(x)


@derived(samples=[Sample((3, 4)), Sample(Z)])
def conj(x: Array):
    """a - bi for a + bi. Real numbers are their own conjugates: x itself."""
    return conj_physical(x) if x.dtype.kind == "c" else x


@derived(samples=[Sample(Z)])
def resolve_conj(x: Array):
    """x: conjugates are always computed here, where PyTorch may put them off."""
    return x


@derived(samples=[Sample(Z)])
def resolve_neg(x: Array):
    """x: see resolve_conj."""
    return x


# ── parts ──


@op(lambda g, y, x: complex(g, np.zeros_like(g)), complex="own", view=True, samples=[Sample(Z)])
def real_part(x: Array):
    """``real`` of complex numbers."""
    return x.real


@op(lambda g, y, x: complex(np.zeros_like(g), g), complex="own", view=True, samples=[Sample(Z)])
def imag_part(x: Array):
    """``imag`` of complex numbers."""
    return x.imag


@derived(numpy=np.real, samples=[Sample((3, 4)), Sample(Z)])
def real(x: Array):
    """a of a + bi, as a view. Of real numbers, x itself."""
    return real_part(x) if x.dtype.kind == "c" else x


@derived(samples=[Sample(Z)])
def imag(x: Array):
    """b of a + bi, as a view."""
    required("imag", x)
    return imag_part(x)


@op(
    (lambda g, y, real, imag: real_part(g), lambda g, y, real, imag: imag_part(g)), complex="own",
    samples=[Sample((3, 4), (3, 4)), Sample((3, 4), (4,))],
)  # fmt: skip
def complex(real: Array, imag: Array):
    """real + i imag, of two tensors of one floating dtype."""
    if real.dtype != imag.dtype or real.dtype not in REAL_PARTS.values():
        given = f"{real.dtype} and {imag.dtype}"
        raise DtypeError(message("complex", "two parts of one dtype, float32 or float64, are required", given, "convert them: x.float()"))
    y = np.empty(np.broadcast_shapes(real.shape, imag.shape), np.result_type(real, np.complex64))
    y.real, y.imag = real, imag
    return y


@derived(samples=[Sample((3, 4), (3, 4), domain=(0.5, 2.0))])
def polar(size: Array, angle: Array):
    """size e^(i angle)."""
    return complex(size * cos(angle), size * sin(angle))


def unit_rule(g, y, x):
    """The part of g across x / |x|, over |x|; 0 at 0."""
    size = abs(x)
    return np.where(size == 0, np.zeros((), g.dtype), (g - real(g * conj(y)) * y) / np.where(size == 0, np.ones((), size.dtype), size))


@op(unit_rule, complex="own", saves="x y", samples=[Sample(Z)])
def unit(x: Array):
    """``sgn`` of complex numbers."""
    return np.sign(x)


@derived(numpy=np.sign, samples=[Sample((3, 4)), Sample(Z)])
def sgn(x: Array):
    """x / |x|, and 0 of 0: of a real number, its sign."""
    return unit(x) if x.dtype.kind == "c" else sign(x)


@op(
    lambda g, y, x: np.zeros_like(g) if x.dtype.kind != "c" else g * (1j * x / (x * conj(x))),
    complex="own", convert="float", saves="x", numpy=np.angle, samples=[Sample((3, 4)), Sample(Z)],
)  # fmt: skip
def angle(x: Array):
    """The angle of a + bi from the real axis, in radians from -pi to pi: of real numbers, 0, or pi if they are negative."""
    return np.angle(x).astype(REAL_PARTS.get(x.dtype, x.dtype), copy=False)


@op(lambda g, y, x: view_as_complex(g), complex="own", view=True, samples=[Sample(Z)])
def view_as_real(x: Array):
    """(...) complex -> (..., 2): the two parts of each number side by side, as a view."""
    required("view_as_real", x)
    return x[..., None].view(REAL_PARTS[x.dtype])


@op(lambda g, y, x: view_as_real(g), complex="own", view=True, samples=[Sample((3, 2)), Sample((2, 3, 2))])
def view_as_complex(x: Array):
    """(..., 2) -> (...) complex: what view_as_real makes of them. A view, where the pairs lie side by side."""
    if not x.ndim or x.shape[-1] != 2 or x.dtype not in REAL_PARTS.values():
        given = f"{x.dtype} of shape {x.shape}"
        raise ShapeError(message("view_as_complex", "float32 or float64 of shape (..., 2) is required", given, "stack the parts: dim=-1"))
    dtype = np.result_type(x, np.complex64)
    if x.strides[-1] == x.itemsize and not builtins.any(step % dtype.itemsize for step in x.strides[:-1]):
        return x.view(dtype)[..., 0]
    y = np.empty(x.shape[:-1], dtype)
    y.real, y.imag = x[..., 0], x[..., 1]
    return y


# ── conjugate transposes ──


@derived(samples=[Sample((2, 3, 4)), Sample(Z)])
def mH(x: Array):
    """The last two dims exchanged, and the numbers conjugated."""
    return conj(mT(x))


@derived(samples=[Sample((3, 4)), Sample(Z)])
def H(x: Array):
    """The conjugate transpose of a matrix; of fewer dims, the conjugate."""
    if x.ndim > 2:
        raise ShapeError(message("H", "at most two dims are required", f"shape {x.shape}", "use mH, for batches of matrices"))
    return mH(x) if x.ndim == 2 else conj(x)


@derived(samples=[Sample((2, 3, 4)), Sample(Z)])
def adjoint(x: Array):
    """``mH``."""
    return mH(x)
