"""The same numbers under another shape: views, joins, splits, repeats, flips."""
from __future__ import annotations

import math

import numpy as np

from autograd.errors import ArgumentError, ShapeError, message
from autograd.kernels.dims import dim_of, dims_of, inferred, integers
from autograd.kernels.repeat import repeated
from autograd.kernels.windows import added_windows, pad_positions, windows
from autograd.op import Array, Sample, derived, op
from autograd.ops import reduction
from autograd.ops.elementwise import clone
from autograd.ops.indexing import getitem, index_select

__all__ = [
    "contiguous", "reshape", "view", "view_as", "reshape_as", "flatten", "ravel", "unflatten", "squeeze", "unsqueeze",
    "permute", "transpose", "swapaxes", "swapdims", "t", "mT", "reverse_dims", "movedim", "moveaxis",
    "expand", "expand_as", "broadcast_to", "broadcast_tensors", "broadcast_shapes", "atleast_1d", "atleast_2d", "atleast_3d", "meshgrid",
    "cat", "concat", "concatenate", "stack", "hstack", "vstack", "row_stack", "dstack", "column_stack",
    "split", "split_with_sizes", "chunk", "tensor_split", "unbind", "hsplit", "vsplit", "dsplit",
    "flip", "fliplr", "flipud", "roll", "rot90", "pad", "constant_pad_nd", "repeat", "tile", "repeat_interleave",
    "tril", "triu", "diagonal", "diag", "diagflat", "diag_embed", "diagonal_scatter", "trace", "unfold",
]  # fmt: skip

# ── the same elements in the same order ──


@op(lambda g, y, x: g, view=True, numpy=np.ascontiguousarray, samples=[Sample((3, 4))])
def contiguous(x: Array):
    """x with its elements in row-major order: x itself if they are."""
    return x if x.flags.c_contiguous else x.copy()


@op(
    lambda g, y, x, *shape: g.reshape(x.shape), view=True, numpy=np.reshape,
    samples=[Sample((3, 4), shape=(2, -1)), Sample((3, 1), shape=(3,)), Sample((1, 1), shape=())],
)  # fmt: skip
def reshape(x: Array, *shape):
    """The elements of x, in order, under another shape; -1 is what follows from the rest. A view where the strides allow it."""
    try:
        return x.reshape(*shape)
    except (ValueError, TypeError):
        return x.reshape(inferred("reshape", integers("reshape", shape), x.size))


@op(lambda g, y, x, *shape: g.reshape(x.shape), view=True, samples=[Sample((3, 4), shape=(2, -1))])
def view(x: Array, *shape):
    """``reshape`` that never copies: the result shares x's memory."""
    y = x.reshape(inferred("view", integers("view", shape), x.size))
    if y.base is not x and x.size and not np.may_share_memory(x, y):
        raise ShapeError(message(
            "view", "a shape that x's memory layout allows is required", f"{x.shape} with strides {x.strides} as {y.shape}",
            "use reshape(), which copies where it must",
        ))  # fmt: skip
    return y


@derived(samples=[Sample((3, 4), (2, 6))])
def view_as(x: Array, other: Array):
    """x viewed under the shape of other."""
    return view(x, other.shape)


@derived(samples=[Sample((3, 4), (2, 6))])
def reshape_as(x: Array, other: Array):
    """x under the shape of other."""
    return reshape(x, other.shape)


@derived(samples=[Sample((2, 3, 4)), Sample((2, 3, 4), start_dim=1), Sample(())])
def flatten(x: Array, start_dim=0, end_dim=-1):
    """The dims from start_dim to end_dim as one: (a, b, c) -> (a, b * c) with start_dim=1."""
    start, end = dim_of("flatten", start_dim, x.ndim), dim_of("flatten", end_dim, x.ndim)
    if start > end:
        raise ShapeError(message("flatten", "start_dim before end_dim is required", f"{start_dim} and {end_dim}", "exchange them"))
    return reshape(x, (*x.shape[:start], math.prod(x.shape[start : end + 1]), *x.shape[end + 1 :]))


@derived(numpy=np.ravel, samples=[Sample((3, 4))])
def ravel(x: Array):
    """All elements along one dim."""
    return reshape(x, (math.prod(x.shape),))


@derived(samples=[Sample((2, 12), dim=-1, sizes=(3, -1))])
def unflatten(x: Array, dim, sizes):
    """One dim split into several: (n, 12) -> (n, 3, 4) with dim=1, sizes=(3, 4)."""
    dim = dim_of("unflatten", dim, x.ndim)
    return reshape(x, (*x.shape[:dim], *inferred("unflatten", integers("unflatten", (sizes,)), x.shape[dim]), *x.shape[dim + 1 :]))


@op(
    lambda g, y, x, dim=None: g.reshape(x.shape), view=True, numpy=np.squeeze,
    samples=[Sample((1, 3, 1)), Sample((1, 3, 1), dim=-1), Sample((1, 3, 1), dim=(0, 2))],
)  # fmt: skip
def squeeze(x: Array, dim=None):
    """x without its dims of size 1: all of them, or those among dim."""
    dims = dims_of("squeeze", dim, x.ndim)
    return x.reshape([n for i, n in enumerate(x.shape) if n != 1 or i not in dims])


@op(
    lambda g, y, x, dim: g.reshape(x.shape), view=True, numpy=np.expand_dims,
    samples=[Sample((3, 4), dim=1), Sample((3, 4), dim=-1), Sample((), dim=0)],
)  # fmt: skip
def unsqueeze(x: Array, dim):
    """x with a dim of size 1 put in before dim: (n, m) -> (n, 1, m) with dim=1."""
    return np.expand_dims(x, dim_of("unsqueeze", dim, x.ndim + 1))


# ── the dims in another order ──


def inverse(dims):
    """The order that undoes this order of dims, if there is one in it."""
    dims = integers("permute", dims)
    return tuple(np.argsort([dim % max(len(dims), 1) for dim in dims]).tolist())


@op(lambda g, y, x, *dims: permute(g, inverse(dims)), view=True, samples=[Sample((2, 3, 4), dims=(2, 0, -2)), Sample((), dims=())])
def permute(x: Array, *dims):
    """x with its dims in the given order: (a, b, c) -> (c, a, b) with dims=(2, 0, 1)."""
    order = dims_of("permute", integers("permute", dims), x.ndim)
    if len(order) != x.ndim:
        raise ShapeError(message("permute", f"an order of all {x.ndim} dims is required", str(order), "name each dim once"))
    return x.transpose(order)


@op(lambda g, y, x, dim0, dim1: transpose(g, dim0, dim1), view=True, numpy=np.swapaxes, samples=[Sample((2, 3, 4), 0, -1)])
def transpose(x: Array, dim0, dim1):
    """x with two dims exchanged: (a, b, c) -> (c, b, a) with dims 0 and 2."""
    try:
        return x.swapaxes(dim0, dim1)
    except (ValueError, TypeError):
        dims = dim_of("transpose", dim0, x.ndim), dim_of("transpose", dim1, x.ndim)
        return x.swapaxes(*dims) if x.ndim else x[...]


swapaxes = swapdims = transpose


@derived(samples=[Sample((2, 3, 4))])
def mT(x: Array):
    """Each matrix transposed: (..., n, m) -> (..., m, n)."""
    return x.swapaxes(-1, -2)


@derived(samples=[Sample((3, 4)), Sample((3,))])
def t(x: Array):
    """A matrix transposed, (n, m) -> (m, n); a vector as it is."""
    if x.ndim > 2:
        raise ShapeError(message("t", "at most two dims are required", f"shape {x.shape}", "use mT or transpose(dim0, dim1)"))
    return transpose(x, 0, -1)


@derived(numpy=np.transpose, samples=[Sample((2, 3, 4))])
def reverse_dims(x: Array, axes=None):
    """x with its dims in reverse, (a, b, c) -> (c, b, a), or in the order of axes: NumPy's transpose."""
    return permute(x, tuple(range(x.ndim))[::-1] if axes is None else axes)


@derived(numpy=np.moveaxis, samples=[Sample((2, 3, 4), source=0, destination=-1), Sample((2, 3, 4), source=(0, 1), destination=(-1, 0))])
def movedim(x: Array, source, destination):
    """x with the dims of source moved to the positions of destination, the others in order."""
    source, destination = dims_of("movedim", source, x.ndim), dims_of("movedim", destination, x.ndim)
    if len(source) != len(destination):
        raise ShapeError(message(
            "movedim", "one destination per source is required", f"{len(source)} sources and {len(destination)} destinations",
        ))  # fmt: skip
    if not x.ndim:
        return permute(x, ())
    order = [dim for dim in range(x.ndim) if dim not in source]
    for to, dim in sorted(zip(destination, source, strict=True)):
        order.insert(to, dim)
    return permute(x, order)


moveaxis = movedim

# ── broadcasting ──


@op(lambda g, y, x, *size: g, view=True, samples=[Sample((3, 1), size=(2, -1, 4)), Sample((), size=(2,))])
def expand(x: Array, *size):
    """x with its dims of size 1 repeated up to size, without copying; -1 leaves a dim as it is."""
    size = integers("expand", size)
    lead = len(size) - x.ndim
    shape = tuple(x.shape[i - lead] if n == -1 and i >= lead >= 0 else n for i, n in enumerate(size))
    if lead < 0 or any(n < 0 or (i >= lead and x.shape[i - lead] not in (1, n)) for i, n in enumerate(shape)):
        raise ShapeError(message(
            "expand", "sizes that equal x's or take the place of a 1 are required, counted from the last dim", f"{x.shape} to {size}",
            "unsqueeze x, or use repeat()",
        ))  # fmt: skip
    return x[...] if shape == x.shape else repeated(x, shape)


@derived(numpy=np.broadcast_to, samples=[Sample((3, 1), [2, 3, 4])])
def broadcast_to(x: Array, size):
    """x with its dims of size 1 repeated up to size, without copying."""
    return expand(x, size)


@derived(samples=[Sample((3, 1), (2, 3, 4))])
def expand_as(x: Array, other: Array):
    """x expanded to the shape of other."""
    return expand(x, other.shape)


def broadcast_shapes(*shapes):
    """The shape that arrays of these shapes have together."""
    shapes = tuple((shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes)
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        raise ShapeError(message(
            "broadcast_shapes", "sizes that are equal or 1 are required in each dim, counted from the last", " and ".join(map(str, shapes)),
        )) from None  # fmt: skip


@derived(numpy=np.broadcast_arrays, samples=[Sample((3, 1), (4,))])
def broadcast_tensors(*tensors: Array):
    """All tensors expanded to their common shape."""
    tensors = unpacked(tensors)
    shape = broadcast_shapes(*[x.shape for x in tensors])
    return tuple(expand(x, shape) for x in tensors)


def unpacked(tensors):
    """The tensors of ``f(x, y)`` or ``f([x, y])``."""
    return tensors[0] if len(tensors) == 1 and isinstance(tensors[0], tuple | list) else tensors


def at_least(to_shape):
    """A function of one tensor, or of several, that gives each the shape to_shape(shape)."""

    def apply(tensors):
        shaped = tuple(reshape(x, to_shape(x.shape)) for x in unpacked(tensors))
        return shaped[0] if len(tensors) == 1 and not isinstance(tensors[0], tuple | list) else shaped

    return apply


lift_1d = at_least(lambda shape: shape or (1,))
lift_2d = at_least(lambda shape: shape if len(shape) > 1 else (1, *(shape or (1,))))
lift_3d = at_least(lambda shape: shape if len(shape) > 2 else (1, *(shape or (1,)), 1)[len(shape) == 2 :])


@derived(numpy=np.atleast_1d, samples=[Sample(()), Sample((3,))])
def atleast_1d(*tensors: Array):
    """() -> (1,); others as they are."""
    return lift_1d(tensors)


@derived(numpy=np.atleast_2d, samples=[Sample(()), Sample((3,)), Sample((3, 4))])
def atleast_2d(*tensors: Array):
    """() -> (1, 1), (n,) -> (1, n); others as they are."""
    return lift_2d(tensors)


@derived(numpy=np.atleast_3d, samples=[Sample(()), Sample((3,)), Sample((3, 4))])
def atleast_3d(*tensors: Array):
    """() -> (1, 1, 1), (n,) -> (1, n, 1), (n, m) -> (n, m, 1); others as they are."""
    return lift_3d(tensors)


@derived(samples=[Sample((3,), (4,)), Sample((3,), (4,), indexing="xy")])
def meshgrid(*tensors: Array, indexing="ij"):
    """A grid of coordinates: (n,), (m,) -> two (n, m), the first constant along rows; indexing "xy" gives (m, n)."""
    tensors = unpacked(tensors)
    if indexing not in ("ij", "xy"):
        raise ArgumentError(message("meshgrid", 'indexing "ij" or "xy" is required', repr(indexing)))
    if (wrong := next((x for x in tensors if x.ndim > 1), None)) is not None:
        raise ShapeError(message("meshgrid", "tensors of one dim are required", f"shape {wrong.shape}", "pass one tensor per axis"))
    shape = tuple(math.prod(x.shape) for x in tensors)
    grids = [expand(reshape(x, [1] * i + [-1] + [1] * (len(shape) - 1 - i)), shape) for i, x in enumerate(tensors)]
    return tuple(transpose(grid, 0, 1) if indexing == "xy" and len(shape) > 1 else grid for grid in grids)


# ── many into one: join and its adjoint cut, pile and its adjoint unbind ──


@op(
    joint=lambda g, y, *xs, dim: cut(g, sizes=tuple(x.shape[dim] for x in xs), dim=dim), convert="common",
    samples=[Sample((2, 3), (1, 3), dim=0), Sample((2, 3), (2, 2), (2, 1), dim=-1)],
)  # fmt: skip
def join(*xs: Array, dim):
    """The tensors one after the other along dim."""
    return np.concatenate(xs, axis=dim)


@op(joint=lambda g, y, *xs, dim: unbind(g, dim), convert="common", samples=[Sample((2, 3), (2, 3), dim=0), Sample((2, 3), (2, 3), dim=-1)])
def pile(*xs: Array, dim):
    """The tensors one after the other along a new dim."""
    return np.stack(xs, axis=dim)


@op(
    lambda g, y, x, sizes, dim: join(*g, dim=dim), masks=True, view=True,
    samples=[Sample((5, 3), sizes=(2, 1, 2), dim=0), Sample((5, 3), sizes=(1, 2), dim=-1)],
)  # fmt: skip
def cut(x: Array, *, sizes, dim):
    """Parts of these sizes along dim, one after the other: views."""
    before, parts, start = (slice(None),) * dim_of("split", dim, x.ndim), [], 0
    for size in sizes:
        parts.append(x[(*before, slice(start, start + size))])
        start += size
    return tuple(parts)


@op(lambda g, y, x, dim=0: pile(*g, dim=dim), masks=True, view=True, samples=[Sample((2, 3)), Sample((2, 3), dim=-1), Sample((3,))])
def unbind(x: Array, dim=0):
    """The slices of x along dim, without that dim: views."""
    if not x.ndim:
        raise ShapeError(message("unbind", "a tensor with at least one dim is required", "a 0-d tensor", "use item()"))
    before = (slice(None),) * dim_of("unbind", dim, x.ndim)
    return tuple([x[(*before, i, ...)] for i in range(x.shape[len(before)])])


def checked(name, tensors):
    """The tensors of a list that is not empty."""
    if not isinstance(tensors, tuple | list):
        tensors = unbind(tensors) if hasattr(tensors, "ndim") else tuple(tensors)
    if not tensors:
        raise ShapeError(message(name, "at least one tensor is required", "an empty list"))
    return tensors


@derived(numpy=np.concatenate, samples=[Sample([(2, 3), (1, 3)]), Sample([(2, 3), (2, 1)], dim=-1)])
def cat(tensors, dim=0):
    """The tensors one after the other along dim; all other sizes are equal. An empty tensor of shape (0,) fits any."""
    tensors = checked("cat", tensors)
    if dim is None:  # NumPy's: everything along one dim
        return join(*[ravel(x) for x in tensors], dim=0)
    tensors = list(tensors)
    first = next((x.shape for x in tensors if x.shape != (0,)), (0,))
    if not first:
        raise ShapeError(message("cat", "tensors with at least one dim are required", "a 0-d tensor", "use stack()"))
    dim = dim_of("cat", dim, len(first))
    for position, x in enumerate(tensors):
        if x.shape == first:
            continue
        if x.shape == (0,):  # its dtype counts
            tensors[position] = reshape(x, (*first[:dim], 0, *first[dim + 1 :]))
            continue
        if x.ndim != len(first):
            raise ShapeError(message(
                "cat", f"tensors with the same number of dims ({len(first)}) are required", f"{x.shape} at position {position}",
                "reshape or unsqueeze it",
            ))  # fmt: skip
        for i, (expected, size) in enumerate(zip(first, x.shape, strict=True)):
            if expected != size and i != dim:
                raise ShapeError(message(
                    "cat", f"equal sizes in every dim but {dim} are required",
                    f"size {size} instead of {expected} in dim {i} of the tensor at position {position}",
                    "check the shapes, or join along another dim",
                ))  # fmt: skip
    return join(*tensors, dim=dim)


concat = concatenate = cat


@derived(numpy=np.stack, samples=[Sample([(2, 3), (2, 3)]), Sample([(2, 3), (2, 3)], dim=-1), Sample([(), ()])])
def stack(tensors, dim=0):
    """Tensors of one shape along a new dim."""
    tensors = checked("stack", tensors)
    first = tensors[0].shape
    for position, x in enumerate(tensors):
        if x.shape != first:
            raise ShapeError(message(
                "stack", f"tensors of one shape, {first}, are required", f"{x.shape} at position {position}",
                "use cat() to join along a dim that exists",
            ))  # fmt: skip
    return pile(*tensors, dim=dim_of("stack", dim, len(first) + 1))


@derived(numpy=np.hstack, samples=[Sample([(2, 3), (2, 1)]), Sample([(2,), (3,)])])
def hstack(tensors):
    """The tensors side by side: along dim 1, vectors along dim 0."""
    tensors = [atleast_1d(x) for x in tensors]
    return cat(tensors, 0 if tensors and tensors[0].ndim == 1 else 1)


@derived(numpy=np.vstack, samples=[Sample([(2, 3), (1, 3)]), Sample([(3,), (3,)])])
def vstack(tensors):
    """The tensors one below the other: along dim 0, vectors as rows."""
    return cat([atleast_2d(x) for x in tensors], 0)


row_stack = vstack


@derived(numpy=np.dstack, samples=[Sample([(2, 3), (2, 3)])])
def dstack(tensors):
    """The tensors one behind the other, along dim 2."""
    return cat([atleast_3d(x) for x in tensors], 2)


@derived(numpy=np.column_stack, samples=[Sample([(3,), (3, 2), (3,)])])
def column_stack(tensors):
    """The tensors side by side, vectors as columns."""
    return cat([x if x.ndim > 1 else reshape(x, (-1, 1)) for x in tensors], 1)


# ── one into many ──


@derived(samples=[Sample((5, 3), 2), Sample((5, 3), [1, 2], dim=-1)])
def split(x: Array, split_size_or_sections, dim=0):
    """Parts along dim: of a given size, the last one smaller, or of a list of sizes. Views."""
    dim = dim_of("split", dim, x.ndim)
    size = x.shape[dim]
    if isinstance(split_size_or_sections, tuple | list):
        sizes = integers("split", (split_size_or_sections,))
        if sum(sizes) != size or any(n < 0 for n in sizes):
            raise ShapeError(message(
                "split", f"sizes that add up to {size}, the size of dim {dim}, are required",
                f"{list(sizes)}, which add up to {sum(sizes)}",
            ))  # fmt: skip
        return cut(x, sizes=sizes, dim=dim)
    (step,) = integers("split", (split_size_or_sections,))
    if step < 0 or (step == 0 and size):
        raise ShapeError(message("split", "a positive size is required", str(step)))
    return cut(x, sizes=tuple(min(step, size - start) for start in range(0, size, step)) if size else (0,), dim=dim)


split_with_sizes = split


@derived(samples=[Sample((5, 3), 2), Sample((5, 3), 4, dim=-1)])
def chunk(x: Array, chunks, dim=0):
    """At most this many parts along dim, of equal size but for the last. Views."""
    if chunks < 1:
        raise ArgumentError(message("chunk", "at least one chunk is required", str(chunks)))
    size = x.shape[dim_of("chunk", dim, x.ndim)]
    return split(x, -(-size // chunks), dim) if size else split(x, [0] * chunks, dim)


@derived(numpy=np.array_split, samples=[Sample((5, 3), 2), Sample((5, 3), [1, 2], dim=-1)])
def tensor_split(x: Array, indices_or_sections, dim=0):
    """Parts along dim: a number of them, sizes differing by one at most, or cut at a list of indices. Views."""
    dim = dim_of("tensor_split", dim, x.ndim)
    size = x.shape[dim]
    if hasattr(indices_or_sections, "tolist"):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, tuple | list):
        bounds = [range(size)[:i].stop for i in integers("tensor_split", (indices_or_sections,))]
        parts = [max(end - start, 0) for start, end in zip([0, *bounds], [*bounds, size], strict=True)]
        if parts and sum(parts) == size:
            return cut(x, sizes=tuple(parts), dim=dim)
        return tuple(
            getitem(x, index=(slice(None),) * dim + (slice(start, end),)) for start, end in zip([0, *bounds], [*bounds, size], strict=True)
        )  # fmt: skip
    if indices_or_sections < 1:
        raise ArgumentError(message("tensor_split", "at least one section is required", str(indices_or_sections)))
    least, more = divmod(size, indices_or_sections)
    return cut(x, sizes=(least + 1,) * more + (least,) * (indices_or_sections - more), dim=dim)


def even_split(name, x, indices_or_sections, dim):
    """tensor_split along dim, into parts of equal size if their number is given."""
    if x.ndim <= dim:
        raise ShapeError(message(name, f"a tensor with at least {dim + 1} dims is required", f"shape {x.shape}"))
    if isinstance(indices_or_sections, int) and (indices_or_sections < 1 or x.shape[dim] % indices_or_sections):
        raise ShapeError(message(
            name, f"a number of sections that divides {x.shape[dim]}, the size of dim {dim}, is required", str(indices_or_sections),
            "use tensor_split for unequal parts",
        ))  # fmt: skip
    return tensor_split(x, indices_or_sections, dim)


@derived(numpy=np.hsplit, samples=[Sample((2, 4), 2), Sample((4,), 2)])
def hsplit(x: Array, indices_or_sections):
    """Parts side by side: along dim 1, of a vector along dim 0."""
    return even_split("hsplit", x, indices_or_sections, int(x.ndim != 1))


@derived(numpy=np.vsplit, samples=[Sample((4, 2), 2)])
def vsplit(x: Array, indices_or_sections):
    """Parts one below the other: along dim 0."""
    if x.ndim < 2:
        raise ShapeError(message("vsplit", "a tensor with at least 2 dims is required", f"shape {x.shape}"))
    return even_split("vsplit", x, indices_or_sections, 0)


@derived(numpy=np.dsplit, samples=[Sample((1, 2, 4), [1, 3])])
def dsplit(x: Array, indices_or_sections):
    """Parts one behind the other: along dim 2."""
    return even_split("dsplit", x, indices_or_sections, 2)


# ── flips, rolls, repeats: copies, as in PyTorch ──


@op(lambda g, y, x, *dims: flip(g, *dims), numpy=np.flip, samples=[Sample((3, 4), [0, -1]), Sample((3, 4), 1)])
def flip(x: Array, *dims):
    """x in reverse along dims."""
    dims = dims_of("flip", None if dims == (None,) else integers("flip", dims) if dims else None, x.ndim)
    return x[tuple(slice(None, None, -1) if i in dims else slice(None) for i in range(x.ndim))].copy()


@derived(numpy=np.fliplr, samples=[Sample((3, 4))])
def fliplr(x: Array):
    """x in reverse along dim 1."""
    return flip(x, 1)


@derived(numpy=np.flipud, samples=[Sample((3, 4))])
def flipud(x: Array):
    """x in reverse along dim 0."""
    return flip(x, 0)


def negated(shifts):
    return tuple(-shift for shift in shifts) if isinstance(shifts, tuple | list) else -shifts


@op(
    lambda g, y, x, shifts, dims=None: roll(g, negated(shifts), dims), numpy=np.roll,
    samples=[Sample((3, 4), 2), Sample((3, 4), -1, -1), Sample((3, 4), [1, 2], [0, 1])],
)  # fmt: skip
def roll(x: Array, shifts, dims=None):
    """x moved along by shifts, what falls off coming back at the other end; without dims, as if it were flat."""
    shifts = integers("roll", (shifts,))
    if dims is None:
        return np.roll(x, shifts)
    dims = dims if isinstance(dims, tuple | list) else (dims,)
    if len(shifts) != len(dims):
        raise ShapeError(message("roll", "one shift per dim is required", f"{len(shifts)} shifts and {len(dims)} dims"))
    return np.roll(x, shifts, tuple(dim_of("roll", dim, x.ndim) for dim in dims)) if x.ndim else x.copy()


@derived(numpy=np.rot90, samples=[Sample((2, 3)), Sample((2, 3), k=2), Sample((2, 3, 4), -1, [-1, 0])])
def rot90(x: Array, k=1, dims=(0, 1)):
    """x turned by k quarters from the first towards the second of dims."""
    if len(dims) != 2:
        raise ShapeError(message("rot90", "two dims are required", str(dims)))
    first, second = dims_of("rot90", tuple(dims), x.ndim)
    turns = (
        clone, lambda x: transpose(flip(x, second), first, second), lambda x: flip(x, first, second),
        lambda x: flip(transpose(x, first, second), second),
    )  # fmt: skip
    return contiguous(turns[k % 4](x))


@op(
    lambda g, y, x, widths, value=0: g[tuple(slice(before, before + size) for (before, _), size in zip(widths, x.shape, strict=True))],
    samples=[Sample((2, 3), widths=((1, 0), (2, 1))), Sample((2, 3), widths=((0, 0), (0, 2)), value=1.5)],
)  # fmt: skip
def pad_constant(x: Array, widths, value=0):
    """x in a frame of value, as wide as widths says before and after in each dim."""
    y = np.full([before + size + after for (before, after), size in zip(widths, x.shape, strict=True)], value, x.dtype)
    y[tuple(slice(before, before + size) for (before, _), size in zip(widths, x.shape, strict=True))] = x
    return y


@derived(
    samples=[
        Sample((2, 3), pad=(1, 2)), Sample((4, 5), pad=(1, 2, -1, 1), value=2.0), Sample((1, 4, 5), pad=(2, 1), mode="reflect"),
        Sample((1, 4, 5), pad=(6, 0), mode="replicate"), Sample((1, 4, 5), pad=(2, 3), mode="circular"),
    ],
)  # fmt: skip
def pad(x: Array, pad, mode="constant", value=None):
    """x with more at its ends (less where negative): pairs (before, after) for the last dim, then for the one before it, ...

    mode  "constant" fills with value (0); "reflect" mirrors without the edge, "replicate" repeats the edge, "circular" wraps around
    """
    pad = integers("pad", (pad,))
    if len(pad) % 2 or len(pad) > 2 * x.ndim:
        raise ShapeError(message(
            "pad", f"pairs of widths for at most {x.ndim} dims, the last dim first, are required", str(pad),
            "pass (left, right, top, bottom, ...)",
        ))  # fmt: skip
    if mode not in ("constant", "reflect", "replicate", "circular"):
        raise ArgumentError(message("pad", 'mode "constant", "reflect", "replicate" or "circular" is required', repr(mode)))
    if mode != "constant" and value:
        raise ArgumentError(message(
            "pad", "a value is required only with mode constant", f"mode {mode!r} and value {value}", "leave the value out",
        ))  # fmt: skip
    widths = [(0, 0)] * (x.ndim - len(pad) // 2) + [(pad[i], pad[i + 1]) for i in range(len(pad) - 2, -1, -2)]
    for (before, after), size in zip(widths, x.shape, strict=True):
        if before + size + after < 0:
            raise ShapeError(message("pad", "widths that leave a size of at least 0 are required", f"{before} and {after} for size {size}"))
    if mode != "constant":
        for dim, ((before, after), size) in enumerate(zip(widths, x.shape, strict=True)):
            if before or after:
                x = index_select(x, dim, pad_positions(size, before, after, mode))
        return x
    if any(n < 0 for n in pad):
        x = getitem(
            x, index=tuple(slice(max(-before, 0), size + min(after, 0)) for (before, after), size in zip(widths, x.shape, strict=True)),
        )  # fmt: skip
        widths = [(max(before, 0), max(after, 0)) for before, after in widths]
    return pad_constant(x, tuple(widths), 0 if value is None else value)


@derived(samples=[Sample((2, 3), [1, 2]), Sample((4, 5), pad=(1, 2, -1, 1), value=2.0)])
def constant_pad_nd(x: Array, pad, value=0):
    """``pad`` in mode "constant"."""
    return padding(x, pad, "constant", value)


padding = pad


def over_copies(g, shape, sizes):
    """The sum of g over the copies that repeat made of each element."""
    sizes = integers("repeat", sizes)
    shape = (1,) * (len(sizes) - len(shape)) + tuple(shape)
    paired = [n for pair in zip(sizes, shape, strict=True) for n in pair]
    return reduction.sum(g.reshape(paired), dim=tuple(range(0, 2 * len(sizes), 2)))


@op(
    lambda g, y, x, *repeats: over_copies(g, x.shape, repeats),
    samples=[Sample((2, 3), repeats=(2, 1, 3)), Sample((), repeats=(2,)), Sample((2, 3), repeats=(1, 1))],
)  # fmt: skip
def repeat(x: Array, *repeats):
    """Copies of x side by side, repeats of them in each dim: (n,) -> (2, 3 * n) with repeats=(2, 3)."""
    repeats = integers("repeat", repeats)
    if len(repeats) < x.ndim or any(n < 0 for n in repeats):
        raise ShapeError(message(
            "repeat", f"a number of copies, not negative, for each of the {x.ndim} dims is required", str(repeats),
            "use tile(), which adds 1s in front",
        ))  # fmt: skip
    return np.tile(x, repeats)


@derived(numpy=np.tile, samples=[Sample((2, 3), 2), Sample((2, 3), [2, 1, 2])])
def tile(x: Array, *dims):
    """``repeat`` with 1s put in front of too few numbers of copies."""
    dims = integers("tile", dims)
    return repeat(x, (1,) * (x.ndim - len(dims)) + dims)


@derived(numpy=np.repeat, samples=[Sample((2, 3), 2), Sample((2, 3), 2, dim=-1), Sample((2, 3), np.array([2, 0, 1]), dim=1)])
def repeat_interleave(x: Array, repeats, dim=None, *, output_size=None):
    """Each element along dim repeated in place: [a, b] -> [a, a, b, b]. repeats is one number, or one for each."""
    if dim is None:
        x, dim = ravel(x), 0
    dim = dim_of("repeat_interleave", dim, x.ndim)
    repeats = np.asarray(getattr(repeats, "_array", repeats))
    if repeats.dtype.kind not in "iu" or repeats.ndim > 1 or repeats.size not in (1, x.shape[dim]) or (repeats < 0).any():
        raise ShapeError(message(
            "repeat_interleave", f"one count, or {x.shape[dim]} for dim {dim}, not negative, is required",
            f"{repeats.dtype} of shape {repeats.shape}",
        ))  # fmt: skip
    return index_select(x, dim, np.repeat(np.arange(x.shape[dim]), repeats))


# ── matrices by their diagonals ──


@op(lambda g, y, x, diagonal=0: tril(g, diagonal), masks=True, numpy=np.tril, samples=[Sample((3, 4)), Sample((2, 3, 3), -1)])
def tril(x: Array, diagonal=0):
    """The lower triangle of each matrix, zeros above the given diagonal."""
    return np.tril(matrices("tril", x), diagonal)


@op(lambda g, y, x, diagonal=0: triu(g, diagonal), masks=True, numpy=np.triu, samples=[Sample((3, 4)), Sample((2, 3, 3), 1)])
def triu(x: Array, diagonal=0):
    """The upper triangle of each matrix, zeros below the given diagonal."""
    return np.triu(matrices("triu", x), diagonal)


def matrices(name, x):
    if x.ndim < 2:
        raise ShapeError(message(name, "a tensor with at least 2 dims is required", f"shape {x.shape}"))
    return x


@op(
    lambda g, y, x, offset=0, dim1=0, dim2=1: on_diagonal(g, shape=x.shape, offset=offset, dim1=dim1, dim2=dim2), masks=True, view=True,
    numpy=np.diagonal,
    samples=[Sample((3, 4)), Sample((2, 3, 3), -1, -1, 0), Sample((2, 2), 3)],
)  # fmt: skip
def diagonal(x: Array, offset=0, dim1=0, dim2=1):
    """The diagonal through two dims, as the last dim: a view. (..., n, m) -> (..., min(n, m)) for offset 0."""
    dim1, dim2 = dims_of("diagonal", (dim1, dim2), matrices("diagonal", x).ndim)
    y = np.diagonal(x, offset, dim1, dim2)
    y.flags.writeable = x.flags.writeable  # NumPy hands it out read-only
    return y


@op(
    lambda g, y, x, shape, offset=0, dim1=0, dim2=1: diagonal(g, offset, dim1, dim2), masks=True,
    samples=[Sample((3,), shape=(3, 4)), Sample((3, 2), shape=(2, 3, 3), offset=-1, dim1=-1, dim2=0)],
)  # fmt: skip
def on_diagonal(x: Array, *, shape, offset=0, dim1=0, dim2=1):
    """Zeros of the given shape, with x on a diagonal."""
    y = np.zeros(shape, x.dtype)
    diagonal(y, offset, dim1, dim2)[...] = x
    return y


@derived(samples=[Sample((2, 3)), Sample((2, 3), offset=-1, dim1=0, dim2=-1)])
def diag_embed(x: Array, offset=0, dim1=-2, dim2=-1):
    """Matrices of zeros with x's last dim on their diagonal: (..., n) -> (..., n, n)."""
    if not x.ndim:
        raise ShapeError(message("diag_embed", "a tensor with at least one dim is required", "a 0-d tensor"))
    dims = dims_of("diag_embed", (dim1, dim2), x.ndim + 1)
    shape = list(x.shape[:-1])
    for dim in sorted(dims):
        shape.insert(dim, x.shape[-1] + abs(offset))
    return on_diagonal(x, shape=tuple(shape), offset=offset, dim1=dims[0], dim2=dims[1])


@derived(numpy=np.diag, samples=[Sample((3,), 1), Sample((3, 4), -1)])
def diag(x: Array, diagonal=0):
    """A vector as a diagonal matrix, (n,) -> (n, n); of a matrix, its diagonal."""
    if x.ndim not in (1, 2):
        raise ShapeError(message("diag", "a vector or a matrix is required", f"shape {x.shape}", "use diagonal() or diag_embed()"))
    return diag_embed(x, diagonal) if x.ndim == 1 else clone(diagonal_of(x, diagonal))


diagonal_of = diagonal  # the function, where an argument has its name


@derived(numpy=np.diagflat, samples=[Sample((2, 2))])
def diagflat(x: Array, offset=0):
    """The elements of x, in order, as a diagonal matrix."""
    return diag_embed(ravel(x), offset)


@op(
    (
        lambda g, y, x, src, offset=0, dim1=0, dim2=1: diagonal_scatter(g, np.zeros((), g.dtype), offset, dim1, dim2),
        lambda g, y, x, src, offset=0, dim1=0, dim2=1: diagonal(g, offset, dim1, dim2),
    ),
    masks=True, samples=[Sample((3, 4), (3,)), Sample((2, 3, 3), (3, 2), offset=-1, dim1=-1, dim2=0)],
)  # fmt: skip
def diagonal_scatter(x: Array, src: Array, offset=0, dim1=0, dim2=1):
    """x with a diagonal replaced by src."""
    y = x.copy()
    diagonal(y, offset, dim1, dim2)[...] = src
    return y


@derived(samples=[Sample((3, 4))])
def trace(x: Array):
    """The sum of a matrix's diagonal."""
    if x.ndim != 2:
        raise ShapeError(message("trace", "a matrix is required", f"shape {x.shape}", "use diagonal(dim1=-2, dim2=-1).sum(-1) for a batch"))
    return reduction.sum(diagonal(x))


# ── windows ──


@op(
    lambda g, y, x, dimension, size, step: add_windows(g, dimension % x.ndim, step, x.shape[dimension]), masks=True,
    samples=[
        Sample((7, 2), dimension=0, size=3, step=2), Sample((2, 5), dimension=-1, size=2, step=1),
        Sample((7,), dimension=0, size=2, step=3),
    ],
)  # fmt: skip
def unfold(x: Array, dimension, size, step):
    """All windows of a size along a dim, a step apart, the window as last dim: (n,) -> ((n - size) // step + 1, size).

    A copy, where PyTorch gives a view.
    """
    dim = dim_of("unfold", dimension, x.ndim)
    if not x.ndim or not 0 < size <= x.shape[dim] or step < 1:
        raise ShapeError(message(
            "unfold", "a size from 1 to that of the dim, and a positive step, are required", f"size {size} and step {step} for {x.shape}",
        ))  # fmt: skip
    return windows(x, dim, size, step)


@op(
    lambda g, y, x, dim, step, length: unfold(g, dim, x.shape[-1], step), masks=True,
    samples=[Sample((3, 2, 3), dim=0, step=2, length=7), Sample((2, 4, 2), dim=1, step=1, length=5)],
)  # fmt: skip
def add_windows(x: Array, dim, step, length):
    """The adjoint of unfold: windows, the last dim of x, added up where they lie along dim."""
    return added_windows(x, dim, step, length)
