"""NumPy's functions on tensors: NumPy's values, shapes and dtypes, and derivatives where there are any."""
from __future__ import annotations

import warnings

import numpy as np
import pytest

import autograd
from autograd import Tensor, dispatch
from autograd.check import gradcheck
from autograd.op import NUMPY

A, B, V, W, T = (3, 4), (3, 4), (4,), (4,), (2, 3, 4)
SQUARE = (3, 3)
MASK = np.array([[True, False, True, True], [False, True, True, False], [True, True, False, True]])
ORDER = np.array([[2, 0, 1, 1], [0, 0, 2, 1]])

# function: calls of it, each with the shapes of its tensors. The parameters are NumPy's.
CASES = {
    # reductions
    np.sum: [
        (lambda x: np.sum(x), A), (lambda x: np.sum(x, 0), A), (lambda x: np.sum(x, axis=(0, -1), keepdims=True), T),
        (lambda x: np.sum(x, axis=1, where=MASK, initial=2.0), A), (lambda x: np.sum(x, dtype=np.float64), A),
        (lambda x: np.add.reduce(x), A),
    ],
    np.prod: [(lambda x: np.prod(x), A), (lambda x: np.prod(x, axis=(0, 2)), T), (lambda x: np.prod(x, 1, keepdims=True, where=MASK), A)],
    np.max: [
        (lambda x: np.max(x), A), (lambda x: np.max(x, 1), A), (lambda x: np.max(x, axis=(0, 2), keepdims=True), T),
        (lambda x: np.max(x, 0, initial=0.5), A),
    ],
    np.amax: [(lambda x: np.amax(x, -1), A), (lambda x: np.amax(x, axis=()), A)],
    np.min: [(lambda x: np.min(x), A), (lambda x: np.min(x, axis=0, where=MASK, initial=9.0), A)],
    np.amin: [(lambda x: np.amin(x), A)],
    np.mean: [(lambda x: np.mean(x), A), (lambda x: np.mean(x, axis=(0, 1)), T), (lambda x: np.mean(x, 1, keepdims=True, where=MASK), A)],
    np.var: [(lambda x: np.var(x), A), (lambda x: np.var(x, 0, ddof=1), A), (lambda x: np.var(x, axis=1, keepdims=True, where=MASK), A)],
    np.std: [
        (lambda x: np.std(x), A), (lambda x: np.std(x, axis=1, ddof=1), A), (lambda x: np.std(x, 0, correction=1), A),
        (lambda x: np.mean(x, axis=()) + np.sum(x, axis=()) + np.var(x, axis=()), A),
    ],
    np.average: [
        (lambda x: np.average(x, 0), A), (lambda x, w: np.average(x, weights=np.exp(w)), A, B),
        (lambda x, w: np.average(x, 1, np.exp(w)), A, V), (lambda x, w: np.average(x, 1, np.exp(w), returned=True), A, V),
    ],
    np.ptp: [(lambda x: np.ptp(x), A), (lambda x: np.ptp(x, 0), A)],
    np.cumsum: [(lambda x: np.cumsum(x), A), (lambda x: np.cumsum(x, 1), A), (lambda x: np.cumsum(x, axis=-2), T)],
    np.cumprod: [(lambda x: np.cumprod(x), A), (lambda x: np.cumprod(x, 0), A)],
    np.nansum: [(lambda x: np.nansum(np.where(MASK, x, np.nan), 0), A)],
    np.nanprod: [(lambda x: np.nanprod(np.where(MASK, x, np.nan)), A)],
    np.nancumsum: [(lambda x: np.nancumsum(np.where(MASK, x, np.nan), 0), A)],
    np.nancumprod: [(lambda x: np.nancumprod(np.where(MASK, x, np.nan), 0), A)],
    np.nanmean: [
        (lambda x: np.nanmean(np.where(MASK, x, np.nan), 0), A),
        (lambda x: np.nanmean(np.where(MASK, x, np.nan), axis=1, keepdims=True), A),
    ],
    np.nanvar: [(lambda x: np.nanvar(np.where(MASK, x, np.nan), 0), A)],
    np.nanstd: [(lambda x: np.nanstd(np.where(MASK, x, np.nan), 1), A)],
    np.nanmax: [(lambda x: np.nanmax(np.where(MASK, x, np.nan), 0), A)],
    np.nanmin: [(lambda x: np.nanmin(np.where(MASK, x, np.nan)), A)],
    np.trace: [(lambda x: np.trace(x), A), (lambda x: np.trace(x, 1, 1, 2), T)],
    np.trapezoid: [(lambda y: np.trapezoid(y), A), (lambda y, x: np.trapezoid(y, x), A, V), (lambda y: np.trapezoid(y, dx=0.5, axis=0), A)],
    # order
    np.sort: [(lambda x: np.sort(x), A), (lambda x: np.sort(x, 0), A), (lambda x: np.sort(x, axis=None), A)],
    np.partition: [(lambda x: np.partition(x, 2, 1)[:, 2], A)],
    np.median: [
        (lambda x: np.median(x), A), (lambda x: np.median(x, 0), A), (lambda x: np.median(x, axis=(0, 2), keepdims=True), T),
        (lambda x: np.median(x, axis=1), A),
    ],
    np.quantile: [
        (lambda x: np.quantile(x, 0.3), A), (lambda x: np.quantile(x, [0.1, 0.75], axis=1), A),
        (lambda x: np.quantile(x, [[0.1, 0.5]], axis=(0, 1), keepdims=True), T),
        *[(lambda x, m=m: np.quantile(x, 0.4, 0, method=m), (5, 3)) for m in ("lower", "higher", "midpoint", "nearest")],
    ],
    np.percentile: [(lambda x: np.percentile(x, 30), A), (lambda x: np.percentile(x, [10, 90], axis=0), A)],
    np.unique: [(lambda x: np.unique(x[[0, 1, 0]]), A), (lambda x: np.unique(x, return_index=True, return_counts=True), V)],
    # shapes
    np.reshape: [(lambda x: np.reshape(x, (2, -1)), A), (lambda x: np.reshape(x, -1), A), (lambda x: np.reshape(x, shape=(4, 3)), A)],
    np.ravel: [(lambda x: np.ravel(x), A)],
    np.transpose: [(lambda x: np.transpose(x), T), (lambda x: np.transpose(x, (0, 2, 1)), T)],
    np.permute_dims: [(lambda x: np.permute_dims(x, (2, 0, 1)), T)],
    np.moveaxis: [(lambda x: np.moveaxis(x, 0, -1), T), (lambda x: np.moveaxis(x, [0, 1], [-1, -2]), T)],
    np.rollaxis: [(lambda x: np.rollaxis(x, 2), T), (lambda x: np.rollaxis(x, 0, 2), T), (lambda x: np.rollaxis(x, -1, 1), T)],
    np.swapaxes: [(lambda x: np.swapaxes(x, 0, -1), T)],
    np.squeeze: [
        (lambda x: np.squeeze(x), (1, 3, 1)), (lambda x: np.squeeze(x, 0), (1, 3, 1)), (lambda x: np.squeeze(x, axis=(0, -1)), (1, 3, 1)),
    ],
    np.expand_dims: [(lambda x: np.expand_dims(x, 1), A), (lambda x: np.expand_dims(x, (0, -1)), A)],
    np.broadcast_to: [(lambda x: np.broadcast_to(x, (2, 3, 4)), A), (lambda x: np.broadcast_to(x, (3, 4)), (3, 1))],
    np.broadcast_arrays: [(lambda x, y: np.broadcast_arrays(x, y), (3, 1), V)],
    np.atleast_1d: [(lambda x: np.atleast_1d(x), ()), (lambda x, y: np.atleast_1d(x, y), (), A)],
    np.atleast_2d: [(lambda x: np.atleast_2d(x), V)],
    np.atleast_3d: [(lambda x: np.atleast_3d(x), ()), (lambda x: np.atleast_3d(x), V), (lambda x: np.atleast_3d(x), A)],
    np.diagonal: [(lambda x: np.diagonal(x), A), (lambda x: np.diagonal(x, -1, 1, 2), T)],
    np.diag: [(lambda x: np.diag(x), A), (lambda x: np.diag(x, 1), V), (lambda x: np.diag(x, -2), V), (lambda x: np.diag(x, -1), A)],
    np.diagflat: [(lambda x: np.diagflat(x, 1), (2, 2))],
    np.matrix_transpose: [(lambda x: np.matrix_transpose(x), T)],
    np.split: [(lambda x: np.split(x, 2, 1), A), (lambda x: np.split(x, [1, 3], axis=-1), A)],
    np.array_split: [(lambda x: np.array_split(x, 3, 1), A)],
    np.vsplit: [(lambda x: np.vsplit(x, 3), A)],
    np.hsplit: [(lambda x: np.hsplit(x, 2), A), (lambda x: np.hsplit(x, [1]), V)],
    np.dsplit: [(lambda x: np.dsplit(x, 2), T)],
    np.unstack: [(lambda x: np.unstack(x), A), (lambda x: np.unstack(x, axis=1), A)],
    np.concatenate: [
        (lambda x, y: np.concatenate([x, y]), A, (2, 4)), (lambda x, y: np.concatenate((x, y), axis=-1), A, (3, 1)),
        (lambda x, y: np.concatenate((x, y), axis=None), A, V),
    ],
    np.stack: [(lambda x, y: np.stack([x, y]), A, B), (lambda x, y: np.stack([x, y], axis=-1), A, B)],
    np.hstack: [(lambda x, y: np.hstack([x, y]), V, (2,)), (lambda x, y: np.hstack([x, y]), A, B)],
    np.vstack: [(lambda x, y: np.vstack([x, y]), V, A)],
    np.dstack: [(lambda x, y: np.dstack([x, y]), A, B)],
    np.column_stack: [(lambda x, y: np.column_stack([x, y]), (3,), A)],
    np.append: [(lambda x, y: np.append(x, y), A, V), (lambda x, y: np.append(x, y, 0), A, B)],
    np.delete: [(lambda x: np.delete(x, 1, 0), A), (lambda x: np.delete(x, [0, 5]), A)],
    np.resize: [(lambda x: np.resize(x, (3, 5)), A)],
    np.pad: [
        (lambda x: np.pad(x, 1), A), (lambda x: np.pad(x, ((1, 2), (0, 1)), constant_values=3.0), A),
        *[(lambda x, m=m: np.pad(x, ((1, 2), (2, 0)), mode=m), A) for m in ("edge", "reflect", "symmetric", "wrap")],
    ],
    np.repeat: [(lambda x: np.repeat(x, 2), A), (lambda x: np.repeat(x, [1, 0, 3], axis=0), A)],
    np.tile: [(lambda x: np.tile(x, 2), A), (lambda x: np.tile(x, (2, 1, 3)), A)],
    np.roll: [(lambda x: np.roll(x, 2), A), (lambda x: np.roll(x, -1, 1), A), (lambda x: np.roll(x, (1, 2), axis=(0, 1)), A)],
    np.flip: [(lambda x: np.flip(x), A), (lambda x: np.flip(x, 1), A), (lambda x: np.flip(x, (0, -1)), T)],
    np.fliplr: [(lambda x: np.fliplr(x), A)],
    np.flipud: [(lambda x: np.flipud(x), A)],
    np.rot90: [(lambda x, k=k: np.rot90(x, k), A) for k in range(-1, 4)] + [(lambda x: np.rot90(x, 1, (2, 0)), T)],
    np.meshgrid: [(lambda x, y: np.meshgrid(x, y), V, (3,)), (lambda x, y: np.meshgrid(x, y, indexing="ij", sparse=True), V, (3,))],
    np.tril: [(lambda x: np.tril(x), A), (lambda x: np.tril(x, -1), T)],
    np.triu: [(lambda x: np.triu(x, 1), A)],
    np.copy: [(lambda x: np.copy(x), A)],
    np.ediff1d: [(lambda x: np.ediff1d(x), A)],
    np.vander: [(lambda x: np.vander(x), V), (lambda x: np.vander(x, 3, increasing=True), V)],
    # parts
    np.where: [
        (lambda x, y: np.where(MASK, x, y), A, B), (lambda x: np.where(np.greater(x, 0), x, 0), A),
        (lambda x, y: np.where(MASK, x, y), V, ()),
    ],
    np.take: [
        (lambda x: np.take(x, ORDER), A), (lambda x: np.take(x, ORDER, axis=1), A), (lambda x: np.take(x, 2, 0), A),
        (lambda x: np.take(x, [-5, 7], 0, mode="wrap"), A), (lambda x: np.take(x, [-5, 7], 0, mode="clip"), A),
    ],
    np.take_along_axis: [
        (lambda x: np.take_along_axis(x, ORDER, 0), A), (lambda x: np.take_along_axis(x, ORDER.ravel(), None), A),
        (lambda x: np.take_along_axis(x, ORDER.T[:3], axis=1), A),
    ],
    np.clip: [
        (lambda x: np.clip(x, -0.5, 0.5), A), (lambda x: np.clip(x, None, 0.3), A), (lambda x: np.clip(x, 0.1, None), A),
        (lambda x, y: np.clip(x, y, 3.0), A, V), (lambda x: np.clip(x, min=0.2), A),
    ],
    np.diff: [(lambda x: np.diff(x), A), (lambda x: np.diff(x, 2, 0), A), (lambda x, y: np.diff(x, prepend=y, append=1.0), A, (3, 1))],
    np.select: [(lambda x, y: np.select([MASK, ~MASK & (np.arange(4) > 1)], [x, y], 7.0), A, B)],
    np.interp: [
        (lambda x: np.interp(x, [-1.0, 0.0, 0.7], [1.0, 3.0, -2.0]), A), (lambda x, f: np.interp(x, [-1.0, 0.0, 0.3, 0.7], f), A, V),
    ],
    np.compress: [(lambda x: np.compress([True, False, True], x, 0), A)],
    np.extract: [(lambda x: np.extract(MASK, x), A)],
    np.choose: [(lambda x, y: np.choose(np.array([0, 1, 1, 0]), [x, y]), V, W)],
    np.nan_to_num: [(lambda x: np.nan_to_num(x), A), (lambda x: np.nan_to_num(x, nan=1.0), A)],
    np.real: [(lambda x: np.real(x), A)],
    np.imag: [(lambda x: np.imag(x), A)],
    np.round: [(lambda x: np.round(x, 1), A)],
    np.around: [(lambda x: np.around(x), A)],
    np.sinc: [(lambda x: np.sinc(x), A)],
    np.polyval: [(lambda p, x: np.polyval(p, x), V, A)],
    # products
    np.matmul: [(lambda x, y: np.matmul(x, y), A, (4, 2)), (lambda x, y: x @ y, T, V)],
    np.dot: [
        (lambda x, y: np.dot(x, y), A, (4, 2)), (lambda x, y: np.dot(x, y), V, W), (lambda x, y: np.dot(x, y), A, V),
        (lambda x, y: np.dot(x, y), T, (5, 4, 2)), (lambda x, y: np.dot(x, y), (), A),
    ],
    np.inner: [(lambda x, y: np.inner(x, y), A, (2, 4)), (lambda x, y: np.inner(x, y), V, W)],
    np.outer: [(lambda x, y: np.outer(x, y), V, (2, 3))],
    np.vdot: [(lambda x, y: np.vdot(x, y), A, B)],
    np.kron: [(lambda x, y: np.kron(x, y), (2, 2), A)],
    np.tensordot: [
        (lambda x, y: np.tensordot(x, y), T, (3, 4, 2)), (lambda x, y: np.tensordot(x, y, 1), A, (4, 2)),
        (lambda x, y: np.tensordot(x, y, ([0, 2], [1, 0])), T, (4, 2, 5)),
    ],
    np.einsum: [
        (lambda x, y: np.einsum("ij,kj->ik", x, y), A, (2, 4)), (lambda x: np.einsum("ii->i", x), SQUARE),
        (lambda x, y: np.einsum("...j,j", x, y), T, V), (lambda x, y: np.einsum(x, [0, 1], y, [1], [0]), A, V),
        (lambda x, y: np.einsum(x, [0, 1], y, [1, 2]), A, (4, 2)),
    ],
    np.cross: [(lambda x, y: np.cross(x, y), (4, 3), (3,)), (lambda x, y: np.cross(x, y, axis=0), (3, 4), (3, 4))],
    np.convolve: [
        *[(lambda x, y, m=m: np.convolve(x, y, m), (6,), (3,)) for m in ("full", "same", "valid")],
        (lambda x, y: np.convolve(x, y), (2,), (5,)),
    ],
    np.correlate: [(lambda x, y, m=m: np.correlate(x, y, m), (6,), (3,)) for m in ("full", "same", "valid")],
    np.cov: [
        (lambda x: np.cov(x), A), (lambda x: np.cov(x, rowvar=False, ddof=0), A), (lambda x, y: np.cov(x, y), V, W),
        (lambda x, w: np.cov(x, fweights=[1, 2, 1, 3], aweights=np.exp(w)), A, V),
    ],
    np.frexp: [(lambda x: np.frexp(x), A)],
    np.corrcoef: [(lambda x: np.corrcoef(x), A), (lambda x, y: np.corrcoef(x, y, rowvar=False), A, B)],
    np.gradient: [
        (lambda x: np.gradient(x), V), (lambda x: np.gradient(x), T), (lambda x: np.gradient(x, 0.5, axis=1), A),
        (lambda x: np.gradient(x, [0.0, 1.0, 3.0, 4.0], edge_order=2), V), (lambda x: np.gradient(x, 2.0, [0.0, 1.0, 3.0, 4.0]), A),
        (lambda x: np.gradient(x, 0.5, axis=(0, -1)), T),
    ],
    np.bincount: [
        (lambda w: np.bincount([0, 2, 2, 5], w), V), (lambda w: np.bincount(np.array([1, 0, 1, 1]), weights=w, minlength=4), V),
    ],
    np.linalg.norm: [
        (lambda x: np.linalg.norm(x), A), (lambda x: np.linalg.norm(x, axis=1), A), (lambda x: np.linalg.norm(x, 1, 0), A),
        (lambda x: np.linalg.norm(x, np.inf, -1, keepdims=True), A), (lambda x: np.linalg.norm(x, 3, axis=1), A),
        (lambda x: np.linalg.norm(x, "fro"), A), (lambda x: np.linalg.norm(x, 1), A), (lambda x: np.linalg.norm(x, -np.inf), A),
        (lambda x: np.linalg.norm(x, "fro", axis=(0, 2), keepdims=True), T), (lambda x: np.linalg.norm(x), T),
        (lambda x: np.linalg.norm(x, 0, 1), A), (lambda x: np.linalg.norm(x, "nuc"), A), (lambda x: np.linalg.norm(x, -2, (2, 0)), T),
    ],
    np.linalg.solve: [(lambda x, y: np.linalg.solve(x, y), (4, 4), V), (lambda x, y: np.linalg.solve(x, y), (2, 3, 3), (2, 3, 2))],
    np.linalg.qr: [
        (lambda x: np.linalg.qr(x), (2, 4, 3)), (lambda x: np.linalg.qr(x, mode="complete"), (4, 3)), (lambda x: np.linalg.qr(x, "r"), A),
    ],
    np.linalg.svd: [(lambda x: np.linalg.svd(x, full_matrices=False), T), (lambda x: np.linalg.svd(x, compute_uv=False), A)],
    np.linalg.lstsq: [(lambda x, y: np.linalg.lstsq(x, y), (4, 3), (4, 2)), (lambda x, y: np.linalg.lstsq(x, y, 1e-3), A, (3,))],
    np.linalg.vector_norm: [(lambda x: np.linalg.vector_norm(x), A), (lambda x: np.linalg.vector_norm(x, axis=(0, 1), ord=3), T)],
    np.linalg.matrix_norm: [(lambda x: np.linalg.matrix_norm(x), T), (lambda x: np.linalg.matrix_norm(x, ord=2), T)],
    np.linalg.outer: [(lambda x, y: np.linalg.outer(x, y), V, (2,))],
    np.linalg.cross: [(lambda x, y: np.linalg.cross(x, y), (4, 3), (4, 3))],
    np.linalg.matmul: [(lambda x, y: np.linalg.matmul(x, y), A, (4, 2))],
    np.linalg.vecdot: [(lambda x, y: np.linalg.vecdot(x, y), A, V)],
    np.linalg.tensordot: [(lambda x, y: np.linalg.tensordot(x, y, axes=1), A, (4, 2))],
    np.linalg.trace: [(lambda x: np.linalg.trace(x), T)],
    np.linalg.diagonal: [(lambda x: np.linalg.diagonal(x, offset=1), T)],
    np.linalg.matrix_transpose: [(lambda x: np.linalg.matrix_transpose(x), T)],
    np.linalg.multi_dot: [(lambda x, y, z: np.linalg.multi_dot([x, y, z]), A, (4, 2), (2, 5))],
    # ufuncs put together, and what ufuncs are called with
    np.divmod: [(lambda x, y: np.divmod(x, y + 3), A, B)],
    np.modf: [(lambda x: np.modf(x * 3), A)],
    np.cbrt: [(lambda x: np.cbrt(x), A)],
    np.rint: [(lambda x: np.rint(x * 3), A)],
    np.fabs: [(lambda x: np.fabs(x), A)],
    np.float_power: [(lambda x, y: np.float_power(np.exp(x), y), A, V)],
    np.conjugate: [(lambda x: np.conjugate(x), A)],
    np.heaviside: [(lambda x: np.heaviside(x, 0.5), A)],
    np.ldexp: [(lambda x: np.ldexp(x, np.array([1, 2, -1, 0])), A)],
    np.vecdot: [(lambda x, y: np.vecdot(x, y), A, V)],
    np.matvec: [(lambda x, y: np.matvec(x, y), T, V)],
    np.vecmat: [(lambda x, y: np.vecmat(x, y), V, (4, 2))],
    np.add: [
        (lambda x, y: np.add(x, y, dtype=np.float64), A, V), (lambda x, y: np.add.outer(x, y), V, (2, 3)),
        (lambda x: np.add.accumulate(x, 1), A), (lambda x: np.add.reduceat(x, [0, 2, 1], 1), A),
        (lambda x: np.add.reduce(x, axis=None, keepdims=True), A),
    ],
    np.multiply: [
        (lambda x: np.multiply.reduce(x, 1), A), (lambda x: np.multiply.accumulate(x), A), (lambda x, y: np.multiply.outer(x, y), A, V),
    ],
    np.subtract: [(lambda x: np.subtract.reduce(x), A), (lambda x: np.subtract.accumulate(x, axis=1), A)],
    np.maximum: [
        (lambda x: np.maximum.reduce(x, 1, initial=0.1), A), (lambda x: np.maximum.accumulate(x, 1), A),
        (lambda x: np.maximum.reduce(x, axis=None), A),
    ],
    np.minimum: [(lambda x: np.minimum.reduce(x), A)],
    np.logaddexp: [(lambda x: np.logaddexp.reduce(x, 1), A)],
    np.true_divide: [(lambda x, y: x / (y + 3), A, B), (lambda x: 1 / (x + 3), A)],
    # no derivative
    np.argmax: [(lambda x: np.argmax(x), A), (lambda x: np.argmax(x, 1), A)],
    np.argmin: [(lambda x: np.argmin(x, axis=0, keepdims=True), A)],
    np.argsort: [(lambda x: np.argsort(x), A)],
    np.nonzero: [(lambda x: np.nonzero(x), A)],
    np.argwhere: [(lambda x: np.argwhere(x), A)],
    np.flatnonzero: [(lambda x: np.flatnonzero(x), A)],
    np.count_nonzero: [(lambda x: np.count_nonzero(x, axis=0), A), (lambda x: np.count_nonzero(x), A)],
    np.searchsorted: [(lambda x: np.searchsorted([-1.0, 0.0, 1.0], x), A)],
    np.zeros_like: [(lambda x: np.zeros_like(x), A)],
    np.ones_like: [(lambda x: np.ones_like(x, dtype=int), A)],
    np.full_like: [(lambda x: np.full_like(x, 3), A)],
    np.shape: [(lambda x: np.shape(x), A)],
    np.ndim: [(lambda x: np.ndim(x), A)],
    np.size: [(lambda x: np.size(x), A), (lambda x: np.size(x, 1), A)],
    np.all: [(lambda x: np.all(x), A), (lambda x: np.all(np.greater(x, 0), 1), A)],
    np.any: [(lambda x: np.any(np.greater(x, 0), axis=0), A), (lambda x: np.logical_or.reduce(np.greater(x, 0), axis=0), A)],
    np.allclose: [(lambda x, y: np.allclose(x, y), A, B), (lambda x: np.allclose(x, x), A)],
    np.isclose: [(lambda x, y: np.isclose(x, y), A, B)],
    np.array_equal: [(lambda x, y: np.array_equal(x, y), A, B)],
    np.isin: [(lambda x: np.isin(x, [0.0, 1.0]), A)],
    np.equal: [(lambda x, y: np.equal(x, y), A, V), (lambda x: np.equal(x, 0.0), A)],
    np.less: [(lambda x, y: x < y, A, V)],
    np.isnan: [(lambda x: np.isnan(x), A)],
    np.isfinite: [(lambda x: np.isfinite(x), A)],
    np.signbit: [(lambda x: np.signbit(x), A)],
    np.logical_and: [(lambda x, y: np.logical_and(x, y), A, V)],
    np.logical_not: [(lambda x: np.logical_not(x), A)],
    np.iscomplexobj: [(lambda x: np.iscomplexobj(x), A)],
    np.result_type: [(lambda x: np.result_type(x, np.int64), A)],
    np.histogram: [
        (lambda x: np.histogram(x, [-2.0, 0.0, 2.0]), A), (lambda w: np.histogram([0.0, 0.3, 0.5, 1.0], 3, weights=w), V),
        (lambda w: np.histogram([0.0, 0.3, 0.5, 2.0], 3, (0.0, 1.0), weights=w + 2, density=True), V),
    ],
}  # fmt: skip
ROWS = [
    pytest.param(call, shapes, id=f"{function.__name__}-{i}")
    for function, calls in CASES.items() for i, (call, *shapes) in enumerate(calls)
]  # fmt: skip


def arrays(shapes, dtype=np.float64):
    rng = np.random.default_rng(3)
    return [rng.uniform(-1.0, 1.0, shape).astype(dtype) for shape in shapes]


def parts(y):
    return list(y) if isinstance(y, list | tuple) else [y]


def equal(found, expected, dtype=np.float64):
    """The same structure, shapes, dtypes and values (of a computation in dtype); every array a tensor."""
    kinds = [getattr(y, "_fields", type(y)) for y in (found, expected)]  # named tuples of other classes are the same
    assert isinstance(found, Tensor) or kinds[0] == kinds[1], kinds
    found, expected = parts(found), parts(expected)
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        if not isinstance(b, np.ndarray | np.generic):
            assert a == b and type(a) is type(b)  # noqa: PT018
            continue
        assert isinstance(a, Tensor)
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        single = np.float32 in (dtype, b.dtype)
        np.testing.assert_allclose(a.detach().numpy(), b, 3e-5 if single else 1e-11, 1e-5 if single else 1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("call", "shapes"), ROWS)
def test_values(call, shapes, dtype):
    """NumPy's values, whether recorded or not; and no argument is written to."""
    given, untouched = arrays(shapes, dtype), arrays(shapes, dtype)
    expected = call(*given)
    for requires_grad in (False, True):
        equal(call(*(Tensor(a, requires_grad=requires_grad) for a in given)), expected, dtype)
    for a, before in zip(given, untouched, strict=True):
        np.testing.assert_array_equal(a, before)


@pytest.mark.parametrize(("call", "shapes"), ROWS)
def test_derivative(call, shapes):
    def tensors(*xs):
        return [y for y in parts(call(*xs)) if isinstance(y, Tensor)]

    gradcheck(tensors, [Tensor(a, requires_grad=True) for a in arrays(shapes)], fast_mode=True)


def test_every_function_of_the_table_has_a_case():
    assert not [function.__name__ for function in dispatch.TABLE if function not in CASES]


TWINS = [
    pytest.param(function, call.op, sample, id=f"{function.__name__}-{call.op.name}-{i}") for function, call in NUMPY.items()
    if isinstance(function, np.ufunc | type(np.sum)) and function not in dispatch.TABLE for i, sample in enumerate(call.op.samples)
]  # fmt: skip


@pytest.mark.parametrize(("function", "op", "sample"), TWINS)
def test_twins(function, op, sample):
    """NumPy's function of an op, on the op's samples: what NumPy computes, recorded or not."""
    rng = np.random.default_rng(4)
    args = sample.made([nested(lambda shape: rng.uniform(*sample.domain, shape), tuple, arg) for arg in sample.args])
    params = {{"dim": "axis", "keepdim": "keepdims"}.get(name, name): value for name, value in sample.params.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = function(*args, **params)
        equal(function(*(nested(Tensor, np.ndarray, arg) for arg in args), **params), expected)
        recorded = [nested(lambda a: Tensor(a, requires_grad=a.dtype.kind == "f"), np.ndarray, arg) for arg in args]
        equal(function(*recorded, **params), expected)


def nested(function, kind, value):
    """The function applied to what is of a kind, in lists too."""
    if isinstance(value, list):
        return [nested(function, kind, item) for item in value]
    return function(value) if isinstance(value, kind) else value


# ── promotion ──


@pytest.mark.parametrize("pair", ["f4 f8", "f4 i8", "f2 f4", "i4 f4", "b1 f4", "f4 c8", "u1 f2"])
@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.true_divide, np.subtract], ids=lambda f: f.__name__)
def test_mixed_dtypes_promote_as_in_numpy(ufunc, pair):
    a, b = (np.array([[1, 2, 3]], dtype) for dtype in pair.split())
    x, y = (Tensor(v, requires_grad=v.dtype.kind == "f" and "c8" not in pair) for v in (a, b))
    equal(ufunc(x, y), ufunc(a, b))
    equal(ufunc(a, y), ufunc(a, b))
    equal(ufunc(x, b), ufunc(a, b))
    equal(ufunc(x, b[0, 0:1].reshape(())), ufunc(a, b[0, 0:1].reshape(())))


def test_integers_become_float64_where_numpy_says_so():
    x = Tensor(np.arange(1, 4))
    assert np.exp(x).dtype == np.float64
    assert np.mean(x).dtype == np.float64
    assert np.sqrt(x).dtype == np.float64
    assert autograd.exp(x).dtype == np.float32


def test_numpy_scalars_do_not_widen():
    x = Tensor(np.ones(3, np.float32), requires_grad=True)
    two = np.float64(2)
    for y in (two * x, x * two, two / x, x / two, two**x, np.sqrt(2.0) * x, np.where(np.greater(x, 0), x, two)):
        assert y.dtype == np.float32
        assert y.requires_grad


def test_a_list_is_an_array():
    x = Tensor(np.ones(3), requires_grad=True)
    equal(np.add(x, [1, 2, 3]), np.array([2.0, 3.0, 4.0]))


# ── out= and where= ──


def test_out_is_an_in_place_operation():
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    y = Tensor(np.zeros(2))
    assert np.exp(x, out=y) is y
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), np.exp([1.0, 2.0]))


def test_out_may_be_an_argument():
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    y = x * 3
    assert np.multiply(y, y, out=y) is y
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [18.0, 36.0])


def test_out_where():
    x = Tensor(np.array([1.0, 2.0, 3.0]), requires_grad=True)
    y = x * 10
    np.exp(x, out=y, where=np.array([True, False, True]))
    np.testing.assert_allclose(y.detach().numpy(), [np.exp(1), 20, np.exp(3)])
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [np.exp(1), 10, np.exp(3)])


def test_where_without_out():
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    y = np.exp(x, where=np.array([True, False]))
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [np.exp(1), 0])


def test_out_of_a_function():
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    y = Tensor(np.zeros(3))
    assert np.sum(x, axis=0, out=y) is y
    (y * Tensor(np.array([1.0, 2.0, 3.0]))).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [[1, 2, 3], [1, 2, 3]])


def test_out_where_nothing_is_recorded():
    x, y, z = Tensor(np.array([1.0, 2.0])), Tensor(np.zeros(2)), np.zeros(2)
    assert np.exp(x, out=y) is y
    assert np.exp(x, out=z) is z
    assert np.sum(x, out=(w := Tensor(np.zeros(())))) is w
    np.testing.assert_allclose(y.numpy(), z)
    assert w.item() == 3


def test_out_an_array_is_an_error_on_a_graph():
    x = Tensor(np.ones(2), requires_grad=True)
    with pytest.raises(RuntimeError, match=r"out=.*tensor is required.*no_grad"):
        np.exp(x, out=np.zeros(2))


def test_out_is_noticed_by_a_graph_that_needs_the_old_values():
    x = Tensor(np.ones(2), requires_grad=True)
    c = Tensor(np.ones(2))
    y = x * c
    np.exp(Tensor(np.ones(2)), out=c)
    with pytest.raises(RuntimeError, match="overwritten in place"):
        y.sum().backward()


def test_a_leaf_is_no_out():
    x = Tensor(np.ones(2), requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        np.exp(Tensor(np.ones(2)), out=x)
    with autograd.no_grad():
        np.exp(Tensor(np.ones(2)), out=x)
    np.testing.assert_allclose(x.detach().numpy(), np.exp([1.0, 1.0]))


# ── views ──


MADE = {
    "transpose": np.transpose, "reshape": lambda x: np.reshape(x, (-1,)), "squeeze": np.squeeze, "split": lambda x: np.split(x, 2, 1)[1],
    "diagonal": np.diagonal, "atleast_3d": np.atleast_3d, "moveaxis": lambda x: np.moveaxis(x, 0, 1), "ravel": np.ravel,
}  # fmt: skip


@pytest.mark.parametrize("made", MADE)
def test_views_are_views_of_the_tensor(made):
    x = Tensor(np.zeros((2, 4)))
    w = Tensor(np.array(3.0), requires_grad=True)
    MADE[made](x)[...] = w
    x.sum().backward()
    assert w.grad.item() == x.detach().numpy().sum() / 3


def test_copies_are_copies():
    x = Tensor(np.arange(3.0))
    y = np.flip(x)
    y[0] = 9
    assert x.tolist() == [0, 1, 2]


# ── writing ──


def test_copyto():
    x = Tensor(np.array([1.0, 2.0]), requires_grad=True)
    y = Tensor(np.zeros(2))
    np.copyto(y, x * 2, where=np.array([True, False]))
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), [2, 0])


def test_writing_functions():
    x = Tensor(np.zeros((2, 2)))
    np.fill_diagonal(x, 5)
    np.add.at(x, (np.array([0, 0]), np.array([1, 1])), 2.0)
    assert x.tolist() == [[5, 4], [0, 5]]


# ── errors ──


@pytest.mark.parametrize(("call", "text"), [
    (lambda x: np.unwrap(x), "numpy.unwrap.*no derivative.*detach"),
    (lambda x: np.spacing(x), "numpy.spacing.*no derivative.*detach"),
    (lambda x: np.add.at(x, 0, 1.0), "index_add"),
    (lambda x: np.fill_diagonal(x, 1.0), "index_put"),
    (lambda x: np.subtract.reduce(x, axis=None), "one axis is required"),
    (lambda x: np.pad(x, 1, "linear_ramp"), "mode constant"),
    (lambda x: np.asarray(x), "detach"),
    (lambda x: np.reshape(x, -1, order="F"), "order 'C'"),
], ids=["function", "ufunc", "at", "writer", "reduce", "pad", "asarray", "order"])  # fmt: skip
def test_errors_say_what_to_do(call, text):
    x = Tensor(np.ones((2, 2)), requires_grad=True)
    with pytest.raises((TypeError, RuntimeError, ValueError), match=f"(?s){text}.*test_dispatch.py"):
        call(x)


def test_what_has_no_derivative_works_where_nothing_is_recorded():
    x = Tensor(np.eye(2))
    equal(np.unwrap(x), np.unwrap(np.eye(2)))
    with autograd.no_grad():
        equal(np.spacing(Tensor(np.ones(2), requires_grad=True)), np.spacing(np.ones(2)))


def test_other_libraries_get_their_chance():
    class Other:
        __array_ufunc__ = lambda self, ufunc, method, *inputs, **kwargs: "mine"

    assert np.add(Tensor(np.ones(2)), Other()) == "mine"
