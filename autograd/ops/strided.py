"""Other shapes over the same memory by strides, as few programs need them; and tensors put together of blocks and of combinations."""
from __future__ import annotations

import itertools
import math

import numpy as np

from autograd.errors import ArgumentError, ShapeError, message
from autograd.kernels.dims import integers
from autograd.kernels.scatter import add_at
from autograd.op import Array, Sample, derived, op
from autograd.ops import reduction
from autograd.ops.indexing import getitems, setitem
from autograd.ops.shape import cat, meshgrid, pad_constant, ravel, reshape, stack

__all__ = ["as_strided", "as_strided_scatter", "block_diag", "cartesian_prod", "combinations", "sum_to_size"]


def places(name, x, size, stride, offset):
    """The places in memory, counted in elements, that such a view shows; within those of x."""
    size, stride = integers(name, (size,)), integers(name, (stride,))
    if len(size) != len(stride) or min((*size, *stride), default=0) < 0 or (offset or 0) < 0:
        given = f"size {size}, stride {stride}, offset {offset}"
        raise ShapeError(message(name, "as many strides as sizes, none negative, are required", given))
    last = (offset or 0) + sum((n - 1) * s for n, s in zip(size, stride, strict=True))
    if math.prod(size) and last >= math.prod(x.shape):
        required = f"places among the {math.prod(x.shape)} elements are required"
        raise ShapeError(message(name, required, f"a last one of {last}", "use smaller sizes"))
    found = np.asarray(offset or 0)
    for n, s in zip(size, stride, strict=True):
        found = found[..., None] + np.arange(n) * s
    return found


def strided_rule(g, y, x, size, stride, storage_offset=None):
    return strided_sum(g, shape=x.shape, size=size, stride=stride, storage_offset=storage_offset)


@op(
    strided_rule, view=True, samples=[
        Sample((3, 4), size=(2, 2), stride=(1, 4)), Sample((6,), size=(4, 3), stride=(1, 1)), Sample((3, 4), [2], [3], 2),
    ],
)  # fmt: skip
def as_strided(x: Array, size, stride, storage_offset=None):
    """A view of the memory of x, which lies in one piece: [i, j] is the element at storage_offset + i * stride[0] + j * stride[1].

    Places may be shown twice; their gradients add up.
    """
    places("as_strided", x, size, stride, storage_offset)
    if not x.flags.c_contiguous:
        raise ArgumentError(message("as_strided", "a tensor in one piece is required", "a strided one", "use x.contiguous(), or an index"))
    flat = x.reshape(-1)[storage_offset or 0 :]
    steps = [s * x.itemsize for s in integers("as_strided", (stride,))]
    return np.lib.stride_tricks.as_strided(flat, integers("as_strided", (size,)), steps)


@op(
    lambda g, y, x, shape, size, stride, storage_offset=None: as_strided(g + np.zeros((), g.dtype), size, stride, storage_offset),
    samples=[Sample((4, 3), shape=(6,), size=(4, 3), stride=(1, 1))],
)  # fmt: skip
def strided_sum(x: Array, *, shape, size, stride, storage_offset=None):
    """The transpose of as_strided: each element added at its place in zeros of this shape."""
    zeros = np.empty(math.prod(shape), x.dtype)
    return add_at(zeros.shape, (places("as_strided", zeros, size, stride, storage_offset),), x).reshape(shape)


@derived(samples=[Sample((3, 4), (2, 2), size=(2, 2), stride=(1, 4))])
def as_strided_scatter(x: Array, src: Array, size, stride, storage_offset=None):
    """x with the part that as_strided shows replaced by src."""
    where = places("as_strided_scatter", x, size, stride, storage_offset)
    if tuple(src.shape) != where.shape:
        required = f"a src of the shape of the view, {where.shape}, is required"
        raise ShapeError(message("as_strided_scatter", required, str(tuple(src.shape))))
    return reshape(setitem(ravel(x), src, index=(where,)), x.shape)


@derived(samples=[Sample((2, 3), (1, 2)), Sample((3,), (), (2, 1))])
def block_diag(*tensors: Array):
    """The matrices one after the other along the diagonal, zeros elsewhere; vectors count as rows, numbers as (1, 1)."""
    blocks = [reshape(x, (1,) * (2 - x.ndim) + tuple(x.shape)) if x.ndim < 2 else x for x in tensors]
    if wide := next((x for x in blocks if x.ndim > 2), None):
        remedy = "give the matrices one by one"
        raise ShapeError(message("block_diag", "tensors of at most two dims are required", f"{wide.ndim} dims", remedy))
    width, rows, left = sum(x.shape[1] for x in blocks), [], 0
    for x in blocks:
        rows.append(pad_constant(x, ((0, 0), (left, width - left - x.shape[1]))))
        left += x.shape[1]
    return cat(rows, 0) if rows else np.zeros((1, 0), np.float32)


@derived(samples=[Sample((2,), (3,)), Sample((3,))])
def cartesian_prod(*tensors: Array):
    """Every combination of an element of each vector, as rows in order: (n,), (m,) -> (n m, 2); of one vector, the vector."""
    if any(x.ndim != 1 for x in tensors):
        raise ShapeError(message("cartesian_prod", "vectors are required", ", ".join(str(tuple(x.shape)) for x in tensors), "ravel them"))
    if len(tensors) == 1:
        return tensors[0]
    return stack([ravel(part) for part in meshgrid(*tensors, indexing="ij")], 1)


@derived(samples=[Sample((4,)), Sample((4,), 3), Sample((3,), 2, with_replacement=True)])
def combinations(x: Array, r=2, with_replacement=False):
    """Every choice of r elements of a vector, each in order, as rows: (n,) -> (choices, r)."""
    if x.ndim != 1:
        raise ShapeError(message("combinations", "a vector is required", str(tuple(x.shape)), "ravel it"))
    if r < 1:
        if r < 0:
            raise ArgumentError(message("combinations", "r of 0 or more elements is required", str(r)))
        return x[:0]
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    chosen = np.array(list(choose(range(x.shape[0]), r)), np.int64).reshape(-1, r)
    return getitems(x, index=(chosen,))


@derived(samples=[Sample((3, 4), 4), Sample((2, 3, 4), [3, 1])])
def sum_to_size(x: Array, *size):
    """x summed over the dims that broadcasting would add or repeat, to get from size to its shape."""
    size = integers("sum_to_size", size)
    lead = x.ndim - len(size)
    fits = lead >= 0 and all(n in (1, m) for n, m in zip(size, x.shape[lead:], strict=True))
    if not fits:
        raise ShapeError(message("sum_to_size", f"a size that broadcasts to {tuple(x.shape)} is required", str(size)))
    y = reduction.sum(x, tuple(range(lead))) if lead else x
    dims = tuple(i for i, n in enumerate(size) if n == 1 and y.shape[i] != 1)
    return reduction.sum(y, dims, keepdim=True) if dims else y
