"""Determinants, with derivatives that are right for singular matrices."""
from __future__ import annotations

from typing import NamedTuple

import numpy as np

from autograd.kernels.matrices import matrices, one_by_one
from autograd.op import Array, Sample, derived, op
from autograd.ops.complex import conj, imag, mH
from autograd.ops.functions import log
from autograd.ops.linalg_solving import SQUARE, Z, inversion, regular
from autograd.ops.linalg_spectrum import linalg_svd
from autograd.ops.reduction import others, sum
from autograd.ops.shape import diag_embed, diagonal, mT

__all__ = ["det", "slogdet", "logdet"]


def cofactors_by_svd(a):
    """Without a division: A = U S V^H makes det(U) det(V^H) conj(U) S' conj(V^H), S' the products of all other singular values."""
    u, s, vh = np.linalg.svd(a)
    return (np.linalg.det(u) * np.linalg.det(vh))[..., None, None] * (u.conj() * others(s, -1)[..., None, :]) @ vh.conj()


@op(samples=SQUARE)
def nearly_singular(A: Array):
    """Where the second derivative of the determinant by division would lose more than a third of the digits: (..., n, n) -> (..., 1, 1).

    It loses as many as the smallest singular value is below the one before it.
    """
    finite = np.isfinite(A).all((-2, -1), keepdims=True)
    s = np.linalg.svd(np.where(finite, A, 1), compute_uv=False)
    near = s[..., -1:] <= np.finfo(A.dtype).eps ** (1 / 3) * s[..., -2:-1] if s.shape[-1] > 1 else np.ones(s.shape, bool)
    return near[..., None] & finite


def curvature(A, g):
    """The second derivative of ``det`` times g without a division, as the first: from products of all singular values but two."""
    u, s, vh = linalg_svd(A)
    one = np.eye(s.shape[-1], dtype=s.dtype)
    products = others(np.where(one == 1, one, s[..., None, :]), -1) * (1 - one)  # of all but i and j; 0 for i = j
    inner = mH(u) @ g @ mH(vh)
    along = sum(products * diagonal(inner, 0, -2, -1)[..., None, :], -1)
    return (det(u) * det(vh))[..., None, None] * (conj(u) @ (diag_embed(along) - mT(products * inner)) @ conj(vh))


def cofactors_rule(g, y, A):
    near, total = nearly_singular(A), sum(g * y, (-2, -1), keepdim=True)
    divisor = np.where(near, np.ones((), A.dtype), det(A)[..., None, None])
    by_svd = curvature(np.where(near, A, np.diag(np.arange(1, A.shape[-1] + 1).astype(A.dtype))), g)  # of others, one that has derivatives
    return np.where(near, by_svd, (total * y - y @ mT(g) @ y) / divisor)


@op(cofactors_rule, saves="y A", samples=SQUARE)
def cofactors(A: Array):
    """The derivative of ``det``: det(A) A^-T, and what that tends to where A is singular.

    det(A) times a computed inverse is accurate where the inverse alone is not (G. W. Stewart, "On the adjugate matrix", 1998).
    """
    a = matrices("linalg.det", A, square=True)
    scale = np.linalg.det(a)
    y = scale[..., None, None] * one_by_one(np.linalg.inv, a)[0].swapaxes(-1, -2)
    if (none := scale == 0).any():
        y[none] = cofactors_by_svd(a[none])
    return y


@op(lambda g, y, A: g[..., None, None] * cofactors(A), saves="A", numpy=np.linalg.det, samples=SQUARE)
def det(A: Array):
    """The determinant of each matrix: (..., n, n) -> (...). The gradient is right where it is 0."""
    return np.linalg.det(matrices("linalg.det", A, square=True))


class SignLogdet(NamedTuple):
    """What ``slogdet`` returns."""

    sign: Array
    logabsdet: Array


def slogdet_rule(g, y, A):
    """d log det A = tr(A^-1 dA), its imaginary part being the angle of the sign."""
    turned = imag(conj(g[0]) * y[0]) if A.dtype.kind == "c" else None
    return (g[1] if turned is None else g[1] - 1j * turned)[..., None, None] * mH(inversion(A, None))


@op(slogdet_rule, saves="y A", complex="own", numpy=np.linalg.slogdet, samples=[*SQUARE, Sample(Z)])
def slogdet(A: Array):
    """(sign, logabsdet) of each determinant, which is sign * exp(logabsdet): without overflow. Of singular matrices (0, -inf)."""
    return SignLogdet(*map(np.asarray, np.linalg.slogdet(matrices("linalg.slogdet", A, square=True))))


@derived(samples=[Sample((3, 3), of=regular), Sample((2, 3, 3), of=regular)])
def logdet(A: Array):
    """The logarithm of each determinant: NaN where it is negative, -inf where it is 0."""
    sign, size = slogdet(A)
    if A.dtype.kind == "c":
        return size + log(sign)
    return np.where(sign < 0, np.full((), np.nan, size.dtype), size)
