"""Parts of a tensor: reading and writing by index, gathering and scattering. Each reader stands beside its adjoint writer.

Four primitives do it all. What PyTorch has beside ``x[index]`` is an index built for them: ``gather`` reads ``x[grid]``,
``scatter_add`` adds ``place(src, grid)``, ``embedding`` reads ``weight[indices]``.
"""
from __future__ import annotations

import math

import numpy as np

from autograd import tracing
from autograd.errors import ArgumentError, DimError, DtypeError, ShapeError, message
from autograd.indexing import array_index
from autograd.kernels.dims import dim_of
from autograd.kernels.scatter import add_at, check_rows, read_at
from autograd.op import Array, Sample, derived, op

__all__ = [
    "getitem", "getitems", "place", "setitem",
    "select", "narrow", "index_select", "take", "gather", "take_along_dim", "masked_select", "embedding", "nonzero", "argwhere",
    "scatter", "scatter_add", "put", "index_add", "index_copy", "index_fill", "index_put", "masked_scatter", "select_scatter",
    "slice_scatter", "unravel_index",
]  # fmt: skip

ROWS = (np.array([2, 0, 2]),)
PAIRS = (np.array([[0, 1], [2, 1]]), slice(None), np.array([[3, 3], [0, 3]]))
MASK = (np.array([[True, False, True], [False, False, True]]),)

# ── the primitives ──


def add_at_part(held, g, index):
    held[index] += g


@op(
    lambda g, y, x, index: place(g, shape=x.shape, index=index), add_to=add_at_part, masks=True, view=True,
    samples=[Sample((3, 4), index=(1, ...)), Sample((3, 4), index=(slice(None, None, 2), None, slice(-1, 0, -2)))],
)  # fmt: skip
def getitem(x: Array, *, index):
    """x[index] for a basic index of integers, slices, None and ...: a view."""
    return x[index]


@op(
    lambda g, y, x, index: place(g, shape=x.shape, index=index), masks=True,
    samples=[Sample((3, 4), index=ROWS), Sample((3, 2, 4), index=PAIRS), Sample((2, 3), index=MASK)],
)  # fmt: skip
def getitems(x: Array, *, index):
    """x[index] for an index with arrays in it, of integers or booleans: a copy."""
    return read_at(x, index)


def read(g, index):
    """g[index], for any index."""
    return getitems(g, index=index) if any(isinstance(part, np.ndarray) for part in index) else g[index]


@op(
    lambda g, y, x, shape, index: read(g, index), masks=True,
    samples=[
        Sample((2, 4), shape=(3, 4), index=(slice(1, 3),)), Sample((3, 4), shape=(3, 4), index=ROWS),
        Sample((2, 2, 2), shape=(3, 2, 4), index=PAIRS),
    ],
)  # fmt: skip
def place(x: Array, *, shape, index):
    """Zeros of the given shape, with x added at index; repeated positions add up."""
    if any(getattr(part, "ndim", None) is not None and part.dtype.kind != "b" for part in index):
        return add_at(shape, index, x)
    y = np.zeros(shape, x.dtype)
    y[index] = x
    return y


@op(
    (lambda g, y, x, value, index: setitem(g, np.zeros((), g.dtype), index=index), lambda g, y, x, value, index: g[index]), masks=True,
    samples=[Sample((3, 4), (4,), index=(1,)), Sample((3, 4), (3, 2), index=(slice(None), slice(None, None, 2)))],
)  # fmt: skip
def setitem(x: Array, value: Array, *, index):
    """x with x[index] replaced by value, which broadcasts to that part."""
    y = x.copy()
    y[index] = value
    return y


# ── building the index ──


def integer_index(name, index, size=None, ndim=None):
    """An index tensor, array or list as an array of integers, each within a dim of the given size."""
    index = array_index(index)
    if index.dtype.kind not in "iu":
        raise DtypeError(message(name, "an index of integers is required", str(index.dtype), "convert it: index.long()"))
    if ndim is not None and index.ndim > ndim:
        raise ShapeError(message(name, f"an index of at most {ndim} dim is required", f"shape {index.shape}", "flatten it"))
    if size is not None:
        tracing.check(check_rows, name, index, size)
    return index


def at_dim(dim, part):
    """The index that applies part to dim and takes all others whole."""
    return (slice(None),) * dim + (part,)


def grid(name, x, dim, index):
    """The index of x[i, j, index[i, j, k]], here for dim 2: what gather reads and scatter writes."""
    index = integer_index(name, index)
    dim = dim_of(name, dim, x.ndim)
    if index.ndim != x.ndim and index.size:
        raise ShapeError(message(
            name, f"an index with as many dims as the tensor ({x.ndim}) is required", f"shape {index.shape}", "unsqueeze or expand it",
        ))  # fmt: skip
    if not x.ndim or not index.size:
        return (index,) * x.ndim or (...,)
    for i, (n, limit) in enumerate(zip(index.shape, x.shape, strict=True)):
        if i != dim and n > limit:
            raise ShapeError(message(
                name, f"an index no larger than the tensor is required in every dim but {dim}", f"{index.shape} for {x.shape}",
                f"it is too large in dim {i}",
            ))  # fmt: skip
    integer_index(name, index, x.shape[dim])
    return tuple(
        index if i == dim else np.arange(n).reshape([-1 if j == i else 1 for j in range(x.ndim)]) for i, n in enumerate(index.shape)
    )  # fmt: skip


def like(name, x, src):
    """Check that values written into x have its dtype."""
    if src.dtype != x.dtype:
        raise DtypeError(message(
            name, f"values of the tensor's dtype {x.dtype} are required", str(src.dtype), "convert them: src.to(x.dtype)",
        ))  # fmt: skip
    return src


# ── readers ──


@derived(samples=[Sample((3, 4), dim=-1, index=1)])
def select(x: Array, dim, index):
    """The slice of x at an index along dim, without that dim: a view."""
    dim = dim_of("select", dim, x.ndim)
    if not x.ndim or not -x.shape[dim] <= index < x.shape[dim]:
        raise DimError(message("select", f"an index within dim {dim} of shape {x.shape} is required", str(index)))
    return getitem(x, index=(*at_dim(dim, int(index)), ...))


@derived(samples=[Sample((3, 4), dim=-1, start=1, length=2)])
def narrow(x: Array, dim, start, length):
    """The part of x that begins at start and has this length along dim: a view."""
    dim, start = dim_of("narrow", dim, x.ndim), int(start)
    size = x.shape[dim] if x.ndim else 0
    begin = start + size if start < 0 else start
    if not (x.ndim and length >= 0 and 0 <= begin <= size and begin + length <= size):
        raise DimError(message(
            "narrow", f"a start and a length within {size}, the size of dim {dim}, are required", f"start {start} and length {length}",
        ))  # fmt: skip
    return getitem(x, index=at_dim(dim, slice(begin, begin + length)))


@derived(samples=[Sample((3, 4), dim=1, index=np.array([3, 0, 0])), Sample((3, 4), dim=0, index=np.array([-1, 1]))])
def index_select(x: Array, dim, index):
    """The slices of x at the indices along dim: (n, m) -> (len(index), m) with dim=0."""
    dim = dim_of("index_select", dim, x.ndim)
    index = integer_index("index_select", index, x.shape[dim] if x.ndim else 1, ndim=1).reshape(-1)
    return getitems(x, index=at_dim(dim, index)) if x.ndim else getitem(x, index=(...,))


@derived(samples=[Sample((3, 4), np.array([[11, 0], [0, -1]])), Sample((3, 4), np.array([2, 0]), dim=0)])
def take(x: Array, index, dim=None):
    """The elements of x, counted as if it were flat, at the indices; with dim, the slices along it as in NumPy's take."""
    if dim is not None:
        dim = dim_of("take", dim, x.ndim)
        return getitems(x, index=at_dim(dim, integer_index("take", index, x.shape[dim])))
    index = integer_index("take", index, math.prod(x.shape))
    x = x if x.ndim else getitem(x, index=(None,))
    return getitems(x, index=np.unravel_index(index % max(math.prod(x.shape), 1), x.shape))


@derived(samples=[Sample((3, 4), dim=1, index=np.array([[0, 0], [3, -1]])), Sample((3, 4), dim=-2, index=np.array([[2, 0, 1, 1]]))])
def gather(x: Array, dim, index, *, sparse_grad=False):
    """y[i, j] = x[i, index[i, j]] for dim 1, and so for any dim: y has the shape of index."""
    return getitems(x, index=grid("gather", x, dim, index))


@derived(
    numpy=np.take_along_axis,
    samples=[
        Sample((3, 4), np.array([[0], [3], [3]]), dim=1), Sample((3, 4), np.array([[2, 0, 1, 1]]), dim=0), Sample((4,), np.array([3, 0])),
    ],
)  # fmt: skip
def take_along_dim(x: Array, indices, dim=None):
    """``gather`` whose index broadcasts against x in every dim but dim: what argsort and argmax(keepdim=True) give.

    Without dim, x is flat.
    """
    if dim is None:
        return take(x, np.ravel(array_index(indices)))
    dim, indices = dim_of("take_along_dim", dim, x.ndim), integer_index("take_along_dim", indices)
    if indices.ndim != x.ndim:
        raise ShapeError(message(
            "take_along_dim", f"indices with as many dims as the tensor ({x.ndim}) are required", f"shape {indices.shape}",
        ))  # fmt: skip
    if not x.ndim:
        return getitems(x, index=grid("take_along_dim", x, 0, indices))
    integer_index("take_along_dim", indices, x.shape[dim])
    others = (np.arange(n).reshape([-1 if j == i else 1 for j in range(x.ndim)]) for i, n in enumerate(x.shape))
    return getitems(x, index=tuple(indices if i == dim else other for i, other in enumerate(others)))


def mask_of(name, mask):
    """A boolean mask as an array."""
    mask = array_index(mask)
    if mask.dtype.kind != "b":
        raise DtypeError(message(name, "a boolean mask is required", str(mask.dtype), "compare first: x > 0, or mask.bool()"))
    return mask


@derived(samples=[Sample((2, 3), MASK[0]), Sample((3,), MASK[0])])
def masked_select(x: Array, mask):
    """The elements of x where mask is True, along one dim. Both broadcast."""
    mask = mask_of("masked_select", mask)
    shape = np.broadcast_shapes(x.shape, mask.shape)
    if x.shape == shape:
        return getitems(x, index=(np.broadcast_to(mask, shape),))
    x = x if x.ndim else getitem(x, index=(None,))
    where = np.broadcast_to(mask, shape).nonzero()[-x.ndim :]
    return getitems(x, index=tuple(part if n != 1 else part * 0 for part, n in zip(where, x.shape, strict=True)))


def unpadded(g, indices, padding_idx):
    """The gradient of looked-up rows, zero where the padding row was looked up."""
    return g if padding_idx is None else np.where(np.equal(indices, padding_idx)[..., None], np.zeros((), g.dtype), g)


@op(
    (lambda g, y, weight, indices, padding_idx=None: place(unpadded(g, indices, padding_idx), shape=weight.shape, index=(indices,)), None),
    saves="indices", masks=True, samples=[Sample((5, 3), np.array([[4, 0], [4, 4]]))],
)  # fmt: skip
def embedding(weight: Array, indices: Array, padding_idx=None):
    """weight[indices]: a row of weight for each index, (n, d) and (...) -> (..., d). The row padding_idx gets no gradient."""
    index = integer_index("embedding", indices)
    try:
        return read_at(weight, (index,))
    except IndexError:
        integer_index("embedding", index, weight.shape[0])  # says which of them it was
        raise


@op(samples=[Sample((3, 4))])
def nonzero(x: Array, *, as_tuple=False):
    """The positions of elements that are not zero, (count, ndim); or, as_tuple, one index array per dim."""
    return np.atleast_1d(x).nonzero() if as_tuple else np.argwhere(x)


@derived(numpy=np.argwhere, samples=[Sample((3, 4))])
def argwhere(x: Array):
    """The positions of elements that are not zero: (count, ndim)."""
    return nonzero(x)


# ── writers ──


def source(name, x, index, src):
    """What scatter takes of src: the part as large as index."""
    shape = array_index(index).shape
    if src.ndim != x.ndim or any(n > limit for n, limit in zip(shape, src.shape, strict=True)):
        raise ShapeError(message(name, "src at least as large as index in every dim is required", f"src {src.shape} and index {shape}"))
    return getitem(like(name, x, src), index=(*(slice(0, n) for n in shape), ...))


@derived(samples=[Sample((3, 4), 1, np.array([[0, 2], [3, 1]]), np.ones((2, 3))), Sample((3, 4), 0, np.array([[2]]), value=1.5)])
def scatter(x: Array, dim, index, src=None, *, value=None, reduce=None):
    """x with y[i, index[i, j]] = src[i, j] for dim 1, and so for any dim. src may be a number, given as value too.

    Where the index repeats a position, one of the values stays, and the gradients with respect to all of them are those of a plain read.
    reduce="add" is ``scatter_add``.
    """
    src = value if src is None else src
    where = grid("scatter", x, dim, index)
    values = np.full(array_index(index).shape, src, x.dtype) if isinstance(src, int | float | complex) else source("scatter", x, index, src)
    if reduce == "add":
        return x + place(values, shape=x.shape, index=where)
    if reduce is not None:
        raise ArgumentError(message("scatter", 'reduce None or "add" is required', repr(reduce), "use scatter_reduce"))
    return setitem(x, values, index=where)


@derived(samples=[Sample((3, 4), 1, np.array([[0, 0], [3, 1]]), np.ones((2, 3)))])
def scatter_add(x: Array, dim, index, src):
    """x with src[i, j] added to x[i, index[i, j]] for dim 1, and so for any dim; repeated positions add up."""
    return x + place(source("scatter_add", x, index, src), shape=x.shape, index=grid("scatter_add", x, dim, index))


def slices_at(name, x, dim, index, src):
    """The index of whole slices along dim, and src checked to be as many slices of x."""
    dim = dim_of(name, dim, x.ndim)
    index = integer_index(name, index, x.shape[dim] if x.ndim else 1, ndim=1).reshape(-1)
    if src is not None:
        expected = (*x.shape[:dim], index.size, *x.shape[dim + 1 :])
        if tuple(src.shape) != expected and x.ndim:
            raise ShapeError(message(name, f"a source of shape {expected}, one slice per index, is required", f"{src.shape}"))
        like(name, x, src)
    return at_dim(dim, index) if x.ndim else (...,)


@derived(samples=[Sample((3, 4), 0, np.array([0, 2, 0]), np.ones((3, 4))), Sample((3, 4), -1, np.array([1]), np.ones((3, 1)), alpha=2)])
def index_add(x: Array, dim, index, source, *, alpha=1):
    """x with the slices of source, times alpha, added to its slices at the indices along dim; repeated indices add up."""
    placed = place(source, shape=x.shape, index=slices_at("index_add", x, dim, index, source))
    return x + (placed if alpha == 1 else placed * alpha)


@derived(samples=[Sample((3, 4), 0, np.array([2, 0]), np.ones((2, 4)))])
def index_copy(x: Array, dim, index, source):
    """x with its slices at the indices along dim replaced by those of source."""
    return setitem(x, source, index=slices_at("index_copy", x, dim, index, source))


def as_value(x, value):
    """A number as an array of x's dtype; a tensor or an array as it is."""
    return value if hasattr(value, "dtype") else np.asarray(value, x.dtype)


@derived(samples=[Sample((3, 4), 1, np.array([3, 0]), 1.5)])
def index_fill(x: Array, dim, index, value):
    """x with its slices at the indices along dim filled with a number."""
    return setitem(x, as_value(x, value), index=slices_at("index_fill", x, dim, index, None))


@derived(
    samples=[
        Sample((3, 4), (np.array([2, 0]),), np.ones((2, 4))),
        Sample((3, 4), (np.array([1, 1]), np.array([0, 0])), np.ones(2), accumulate=True),
    ],
)  # fmt: skip
def index_put(x: Array, indices, values, accumulate=False):
    """x with x[indices] replaced by values, or with values added there; then repeated positions add up."""
    index, values = tuple(slice(None) if part is None else array_index(part) for part in indices), as_value(x, values)
    if not accumulate:
        return setitem(x, values, index=index)
    return x + place(values + np.zeros(np.broadcast_to(False, x.shape)[index].shape, x.dtype), shape=x.shape, index=index)


@derived(samples=[Sample((3, 4), np.array([[0, 11], [-1, 2]]), (2, 2), accumulate=True), Sample((3, 4), np.array([3, 0]), np.ones(2))])
def put(x: Array, index, source: Array, accumulate=False):
    """x with the elements at the indices, counted as if it were flat, replaced by those of source, or added to."""
    index = integer_index("put", index, math.prod(x.shape))
    if math.prod(index.shape) != math.prod(source.shape):
        given = f"{math.prod(index.shape)} and {math.prod(source.shape)}"
        raise ShapeError(message("put", "as many values as indices are required", given, "make them the same"))
    flat = np.ravel(x)
    values = np.reshape(like("put", x, source), -1)
    where = (index.reshape(-1) % max(math.prod(x.shape), 1),)
    y = flat + place(values, shape=flat.shape, index=where) if accumulate else setitem(flat, values, index=where)
    return np.reshape(y, x.shape)


@op(samples=[Sample(np.array([5, 0, 11]), shape=(3, 4))])
def unravel_index(indices: Array, shape):
    """The index in each dim of an array of this shape, for indices counted as if it were flat: one tensor per dim."""
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    if indices.dtype.kind not in "iu":
        raise DtypeError(message("unravel_index", "integers are required", str(indices.dtype), "convert first: indices.long()"))
    integer_index("unravel_index", indices, math.prod(shape))
    return tuple(part.astype(np.int64) for part in np.unravel_index(indices % max(math.prod(shape), 1), shape))


@derived(samples=[Sample((2, 3), MASK[0], np.arange(4.0))])
def masked_scatter(x: Array, mask, source):
    """x with its elements where mask is True replaced by the first elements of source, in order."""
    mask = mask_of("masked_scatter", mask)
    shape = np.broadcast_shapes(x.shape, mask.shape)
    x, mask = np.broadcast_to(x, shape), np.broadcast_to(mask, shape)
    count = int(mask.sum())
    if math.prod(source.shape) < count:
        raise ShapeError(message(
            "masked_scatter", f"a source with at least the mask's {count} elements is required", str(math.prod(source.shape)),
        ))  # fmt: skip
    return setitem(x, take(like("masked_scatter", x, source), np.arange(count)), index=(mask,))


@derived(samples=[Sample((3, 4), (3,), dim=1, index=-1)])
def select_scatter(x: Array, src: Array, dim, index):
    """x with the slice at an index along dim replaced by src."""
    return setitem(x, src, index=at_dim(dim_of("select_scatter", dim, x.ndim), index))


@derived(samples=[Sample((3, 4), (3, 2), dim=1, start=1, step=2)])
def slice_scatter(x: Array, src: Array, dim=0, start=None, end=None, step=1):
    """x with x[start:end:step] along dim replaced by src."""
    return setitem(x, src, index=at_dim(dim_of("slice_scatter", dim, x.ndim), slice(start, end, step)))
