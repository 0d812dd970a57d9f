"""Convolution and its two adjoints in any number of dims, as matrix products of tiles.

Everything is worked on with the batch innermost, (C, D, H, W, N). An output row o then needs the columns (k, c, l; w, n) of the K
input rows o * stride + k, where l runs over the kernel's other dims. Let a buffer hold, for one input row after the other, its copies
shifted by each l: the columns of an output row are then K neighbouring rows of the buffer, a matrix without a copy of its own. So
a 3x3 kernel costs 3 copies of the input, not 9, long contiguous ones, and what a tile needs stays in the second-level cache. Outputs
have the same layout: the next convolution reads them as they are, and flatten(1) is a view.

The bias is one more weight, of a row of ones that each input row has beside its copies: added afterwards, it took as long as a small
kernel's product itself (0.7 ms became 1.4 for 64 x 1 x 28 x 28 -> 32).
"""
from __future__ import annotations

import itertools
import math
from typing import NamedTuple

import numpy as np

from autograd.kernels.windows import batch_first, batch_last, channel_blocks, reach

TILE = 4 << 20  # bytes of columns made at a time
NARROW = 128  # columns of a product: fewer than that leave BLAS idle, and several rows are taken as one
COPY, ADD, MULTIPLY = 0.35, 0.4, 0.01  # ns to copy an element into columns, to add one up from them, for a step of a matrix product


class Geometry(NamedTuple):
    """Sizes per spatial dim. ``before`` is the padding in front; what is behind follows from out."""

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    out: tuple[int, ...]
    stride: tuple[int, ...]
    before: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int

    def lines(self):
        """With one more dim of size 1 in front, which makes a single row of the whole output."""
        size, kernel, out, stride, before, dilation, groups = self
        return Geometry((1, *size), (1, *kernel), (1, *out), (1, *stride), (0, *before), (1, *dilation), groups)

    def positions(self):
        """For every position in the kernel: (the position, slices of the windows that have it within the input, slices of the input)."""
        for k in itertools.product(*map(range, self.kernel)):
            offsets = (i * d - b for i, d, b in zip(k, self.dilation, self.before, strict=True))
            parts = [reach(o, s, n, m) for o, s, n, m in zip(offsets, self.stride, self.size, self.out, strict=True)]
            yield k, tuple(part[0] for part in parts), tuple(part[1] for part in parts)

    @property
    def pointwise(self):
        """A kernel of one element that visits every element, or every stride-th."""
        return set(self.kernel) == {1} and not any(self.before)


# ── the columns of one output row after the other ──


class Tiles:
    """A buffer of columns that moves along the input: a block of output rows at a time, of a part of their width."""

    def __init__(self, geometry, channels, n, dtype, biased=False):
        self.geometry, self.n, self.dtype, self.groups = geometry, n, dtype, geometry.groups
        self.per_group = channels // geometry.groups
        self.inner = math.prod(geometry.out[2:]) * n  # columns for each step along dim 1
        self.depth = self.per_group * math.prod(geometry.kernel[1:])  # rows of the buffer for each row of the input
        self.lines = self.depth + biased  # and a row of ones for the bias: one more weight in the product
        itemsize = dtype.itemsize * self.lines * self.groups
        self.width = max(1, min(geometry.out[1], TILE // max(itemsize * self.inner, 1)))
        row = itemsize * self.inner * self.width
        span = (geometry.kernel[0] - 1) * geometry.dilation[0] + 1
        self.height = max(1, min(geometry.out[0], max(4, (TILE // max(row, 1) - span) // geometry.stride[0] + 1)))

    def blocks(self):
        """(Part of the width, part of the rows) of the output, in the order that the buffer goes through them."""
        rows, width = self.geometry.out[:2]
        for m in range(0, width, self.width):
            for a in range(0, rows, self.height):
                yield slice(m, min(m + self.width, width)), slice(a, min(a + self.height, rows))

    def slots(self, count):
        """How many rows of the input count rows of the output need, for each residue of the dilation."""
        g = self.geometry
        return -(-((count - 1) * g.stride[0] + (g.kernel[0] - 1) * g.dilation[0] + 1) // g.dilation[0])

    def buffer(self, width, rows):
        """Room for the columns of so many rows of a width: (groups, rows of the input, lines, columns)."""
        slots = self.geometry.dilation[0] * self.slots(rows)
        buffer = np.empty((self.groups, slots, self.lines, width * self.inner), self.dtype)
        buffer[:, :, self.depth :] = 1
        return buffer

    def matrix(self, buffer):
        """The buffer as a matrix for each group."""
        return buffer.reshape(self.groups, buffer.shape[1] * self.lines, buffer.shape[3])

    def row(self, index, count):
        """Where in that matrix the columns of the index-th of count rows lie."""
        position = index * self.geometry.stride[0]
        dilation = self.geometry.dilation[0]
        start = (position % dilation * self.slots(count) + position // dilation) * self.lines
        return slice(start, start + self.geometry.kernel[0] * self.lines)

    def parts(self, buffer, x, width, rows, skip=0):
        """Pairs (part of the buffer, part of x) of what corresponds; the first skip slots are left out. Zeros what has no counterpart.

        x is (groups, C / groups, *size, N).
        """
        g = self.geometry
        slots = self.slots(rows.stop - rows.start)
        shape = *buffer.shape[:2], self.per_group, *g.kernel[1:], width.stop - width.start, *g.out[2:], self.n
        buffer = buffer[:, :, : self.depth].reshape(shape)  # splits dims, and is a view
        rest = [self.reaches(i, width) for i in range(1, len(g.out))]
        for residue in range(g.dilation[0]):
            offset = residue + rows.start * g.stride[0] - g.before[0] + skip
            there, here = reach(offset, g.dilation[0], g.size[0], slots - skip)
            part = buffer[:, residue * slots + skip : (residue + 1) * slots]
            part[:, : there.start] = 0
            part[:, there.stop :] = 0
            if there.stop == there.start:
                continue
            part, source = part[:, there], x[:, :, here].swapaxes(1, 2)
            for k in itertools.product(*map(range, g.kernel[1:])):
                target = part[(slice(None),) * 3 + k]
                edges = [rest[i][k[i]] for i in range(len(k))]
                for i, (outs, _) in enumerate(edges):
                    before = (slice(None),) * (3 + i)
                    if outs.start:
                        target[(*before, slice(outs.start))] = 0
                    if outs.stop < target.shape[3 + i]:
                        target[(*before, slice(outs.stop, None))] = 0
                whole = (slice(None),) * 3
                yield target[(*whole, *(outs for outs, _ in edges))], source[(*whole, *(ins for _, ins in edges))]

    def reaches(self, dim, width):
        """For each position along one dim of the kernel, what it reaches there."""
        g = self.geometry
        start, stop, _ = width.indices(g.out[1]) if dim == 1 else (0, g.out[dim], 1)
        first = start * g.stride[dim] - g.before[dim]
        return [reach(first + k * g.dilation[dim], g.stride[dim], g.size[dim], stop - start) for k in range(g.kernel[dim])]

    def columns(self, x):
        """For every row of the output, in parts: (row, part of its columns, the matrix of columns of each group)."""
        x = x.reshape(self.groups, self.per_group, *x.shape[1:])
        buffer = None
        stride, overlap = self.geometry.stride[0], max(0, self.geometry.kernel[0] - self.geometry.stride[0])
        for width, rows in self.blocks():
            count = rows.stop - rows.start
            if rows.start == 0 or buffer is None:
                buffer = self.buffer(width.stop - width.start, count)
            skip = overlap if rows.start and self.geometry.dilation[0] == 1 else 0
            if skip:  # the last block's last rows are this one's first
                buffer[:, :skip] = buffer[:, self.height * stride : self.height * stride + skip]
            for target, source in self.parts(buffer, x, width, rows, skip):
                target[...] = source
            matrix, part = self.matrix(buffer), slice(width.start * self.inner, width.stop * self.inner)
            for i in range(count):
                yield rows.start + i, part, matrix[:, self.row(i, count)]

    def add_columns(self, x, product):
        """The adjoint of columns: x added to by product(row, part of its columns, matrix to write to) for every row of the output."""
        view = x.reshape(self.groups, self.per_group, *x.shape[1:])
        kernel, buffer = self.geometry.kernel[0], None
        for width, rows in self.blocks():
            count = rows.stop - rows.start
            if rows.start == 0 or buffer is None:
                buffer = self.buffer(width.stop - width.start, count)
            matrix, part = self.matrix(buffer), slice(width.start * self.inner, width.stop * self.inner)
            if kernel == 1 and count * self.lines == matrix.shape[1]:  # nothing overlaps
                for i in range(count):
                    product(rows.start + i, part, matrix[:, self.row(i, count)])
            else:
                buffer[...] = 0
                term = np.empty((self.groups, kernel * self.depth, matrix.shape[2]), x.dtype)
                for i in range(count):
                    product(rows.start + i, part, term)
                    matrix[:, self.row(i, count)] += term
            for source, target in self.parts(buffer, view, width, rows):
                target += source


def arranged(geometry, x, w, n):
    """The geometry, the input and the weight with at least two dims, and rows wide enough for matrix products."""
    if len(geometry.out) == 1 or math.prod(geometry.out[1:]) * n < NARROW:
        return geometry.lines(), x[:, None], w[:, :, None]
    return geometry, x, w


def weight_matrix(w, groups, bias=None):
    """(O, C / groups, K, *L) as (groups, O / groups, K * C / groups * L), the order of the columns; bias with the first ones."""
    w = w.reshape(groups, w.shape[0] // groups, *w.shape[1:]).swapaxes(2, 3)
    if bias is None:
        return np.ascontiguousarray(w).reshape(*w.shape[:2], math.prod(w.shape[2:]))
    matrix = np.zeros((*w.shape[:3], math.prod(w.shape[3:]) + 1), w.dtype)
    matrix[..., :-1] = w.reshape(*w.shape[:3], -1)
    matrix[:, :, 0, -1] = bias.reshape(w.shape[:2])
    return matrix.reshape(*w.shape[:2], -1)


def strided(x, geometry):
    """The elements that a kernel of one element visits."""
    every = (slice(None, (m - 1) * s + 1, s) for m, s in zip(geometry.out, geometry.stride, strict=True))
    return x[(slice(None), *every)]


def flat_groups(x, groups):
    """(C, ..., N) as (groups, C / groups, everything else)."""
    return np.ascontiguousarray(x).reshape(groups, x.shape[0] // groups, math.prod(x.shape[1:]))


# ── the three products; g has the shape of the output ──


def convolve(x, w, bias, geometry):
    """y[n, o, p] = sum over c and k of x[n, c, p * stride + k * dilation - before] * w[o, c, k], + bias[o]."""
    n, groups = x.shape[0], geometry.groups
    y = np.empty((w.shape[0], *geometry.out, n), x.dtype)
    if not (x.size and w.size and y.size):
        y[...] = 0
    elif w.shape[1] == 1 < groups:
        depthwise(y, batch_last(x), w, geometry)
    elif geometry.pointwise:
        columns = flat_groups(strided(batch_last(x), geometry), groups)
        np.matmul(weight_matrix(w, groups), columns, out=y.reshape(groups, -1, columns.shape[2]))
    else:
        return batch_first(convolve_tiles(y, batch_last(x), w, bias, geometry))
    if bias is not None:
        y += bias.reshape((-1,) + (1,) * (y.ndim - 1))
    return batch_first(y)


def convolve_tiles(y, x, w, bias, geometry):
    """Fill y, row by row."""
    n = x.shape[-1]
    geometry, x, w = arranged(geometry, x, w, n)
    tiles = Tiles(geometry, x.shape[0], n, x.dtype, bias is not None)
    matrix = weight_matrix(w, geometry.groups, bias)
    rows = y.reshape(*matrix.shape[:2], geometry.out[0], math.prod(geometry.out[1:]) * n)
    for o, part, columns in tiles.columns(x):
        np.matmul(matrix, columns, out=rows[:, :, o, part])
    return y


def convolve_weight(x, g, geometry):
    """The gradient of w: dw[o, c, k] = sum over n and p of g[n, o, p] * x[n, c, p * stride + k * dilation - before]."""
    n, groups, outs = x.shape[0], geometry.groups, g.shape[1]
    shape = outs, x.shape[1] // groups, *geometry.kernel
    if not (x.size and g.size):
        return np.zeros(shape, x.dtype)
    x, g = batch_last(x), flat_groups(batch_last(g), groups)
    if shape[1] == 1 < groups:
        return depthwise_weight(np.empty(shape, x.dtype), x, g, geometry)
    if geometry.pointwise:
        return np.matmul(g, flat_groups(strided(x, geometry), groups).swapaxes(1, 2)).reshape(shape)
    geometry, x, w = arranged(geometry, x, np.empty(shape, x.dtype), n)
    tiles = Tiles(geometry, x.shape[0], n, x.dtype)
    g = g.reshape(groups, outs // groups, geometry.out[0], -1)
    total = np.zeros((groups, w[0].size, outs // groups), x.dtype)  # transposed: BLAS is a third faster at it
    term = np.empty_like(total)
    for o, part, columns in tiles.columns(x):
        np.matmul(columns, g[:, :, o, part].swapaxes(1, 2), out=term)
        total += term
    total = total.swapaxes(1, 2).reshape(outs, geometry.kernel[0], shape[1], *geometry.kernel[1:]).swapaxes(1, 2)
    return np.ascontiguousarray(total).reshape(shape)


def convolve_input(g, w, geometry):
    """The gradient of x, which is the transposed convolution of g: each g[n, o, p] * w[o, c, k] added where x[n, c] was read."""
    n, groups = g.shape[0], geometry.groups
    channels = w.shape[1] * groups
    if not (g.size and w.size and math.prod(geometry.size)):
        return np.zeros((n, channels, *geometry.size), g.dtype)
    if w.shape[1] == 1 < groups:
        x = np.zeros((channels, *geometry.size, n), g.dtype)
        return batch_first(depthwise_input(x, flat_groups(batch_last(g), groups), w, geometry))
    if geometry.pointwise:
        columns = np.matmul(weight_matrix(w, groups).swapaxes(1, 2), flat_groups(batch_last(g), groups))
        columns = columns.reshape(channels, *geometry.out, n)
        if geometry.out == geometry.size:
            return batch_first(columns)
        x = np.zeros((channels, *geometry.size, n), g.dtype)
        strided(x, geometry)[...] = columns
        return batch_first(x)
    if direct_is_faster(w, geometry):
        return convolve(g, turned(w, groups), None, mirrored(geometry))
    x = np.zeros((channels, *geometry.size, n), g.dtype)
    geometry, lines, w = arranged(geometry, x, w, n)
    matrix = weight_matrix(w, groups).swapaxes(1, 2)
    rows = flat_groups(batch_last(g), groups).reshape(groups, matrix.shape[2], geometry.out[0], -1)
    Tiles(geometry, channels, n, g.dtype).add_columns(lines, lambda o, part, out: np.matmul(matrix, rows[:, :, o, part], out=out))
    return batch_first(x)


def direct_is_faster(w, geometry):
    """Whether the gradient of x is better computed as a convolution than by adding up columns. Both in ns per sample and group."""
    if set(geometry.stride) != {1}:
        return False
    size, out, k = math.prod(geometry.size), math.prod(geometry.out), math.prod(geometry.kernel)
    inputs, outputs = w.shape[1], w.shape[0] // geometry.groups
    more = max(size - out, 0) * outputs * inputs * k * MULTIPLY
    return outputs * k / geometry.kernel[0] * size * COPY + more < inputs * k * out * ADD


def mirrored(geometry):
    """The geometry of the convolution, of stride 1, that takes the gradient of the output to that of the input."""
    before = tuple((k - 1) * d - b for k, d, b in zip(geometry.kernel, geometry.dilation, geometry.before, strict=True))
    return Geometry(geometry.out, geometry.kernel, geometry.size, geometry.stride, before, geometry.dilation, geometry.groups)


def turned(w, groups):
    """The weight of that convolution: mirrored in space, inputs and outputs exchanged within each group."""
    w = w[(slice(None), slice(None), *(slice(None, None, -1),) * (w.ndim - 2))]
    w = w.reshape(groups, w.shape[0] // groups, *w.shape[1:]).swapaxes(1, 2)
    return w.reshape(-1, *w.shape[2:])


# ── one channel per group: too little for matrix products ──


def depthwise(y, x, w, geometry):
    """Fill y, (groups * m, *out, N): each group's channel times one number per position of the kernel, added up."""
    y[...] = 0
    view = y.reshape(geometry.groups, -1, *y.shape[1:])
    w = w.reshape(*view.shape[:2], *geometry.kernel, *(1,) * len(geometry.out), 1)
    for block in channel_blocks(geometry.groups, view[0].nbytes):
        for k, outs, ins in geometry.positions():
            target = view[(block, slice(None), *outs)]
            target += x[(block, None, *ins)] * w[(block, slice(None), *k)]


def depthwise_weight(w, x, g, geometry):
    """Fill w, (groups * m, 1, *kernel)."""
    g = g.reshape(geometry.groups, g.shape[1], *geometry.out, x.shape[-1])
    view = w.reshape(geometry.groups, -1, *geometry.kernel)
    axes = tuple(range(2, g.ndim))
    for block in channel_blocks(geometry.groups, g[0].nbytes):
        for k, outs, ins in geometry.positions():
            view[(block, slice(None), *k)] = np.add.reduce(g[(block, slice(None), *outs)] * x[(block, None, *ins)], axis=axes)
    return w


def depthwise_input(x, g, w, geometry):
    """Add to x, (groups, *size, N)."""
    g = g.reshape(geometry.groups, g.shape[1], *geometry.out, x.shape[-1])
    w = w.reshape(*g.shape[:2], *geometry.kernel, *(1,) * len(geometry.out), 1)
    for block in channel_blocks(geometry.groups, g[0].nbytes):
        for k, outs, ins in geometry.positions():
            target = x[(block, *ins)]
            for m in range(g.shape[1]):
                target += g[(block, m, *outs)] * w[(block, m, *k)]
    return x
