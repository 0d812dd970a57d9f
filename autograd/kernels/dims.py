"""Dims and sizes as users give them, checked and brought to one form."""
from __future__ import annotations

import math
from operator import index
from typing import Any

from autograd.errors import DimError, DtypeError, ShapeError, message


def dim_of(name, dim, ndim):
    """A dim counted from the front. A 0-d tensor takes 0 and -1, as if it had one."""
    limit = ndim or 1
    try:
        dim = index(dim)
    except TypeError:
        raise DtypeError(message(name, "an integer dim is required", repr(dim), "pass one dim as an int")) from None
    if not -limit <= dim < limit:
        raise DimError(message(
            name, f"a dim from {-limit} to {limit - 1} is required for {ndim} dims", str(dim), "count from 0, or from -1 backwards",
        ))  # fmt: skip
    return dim + limit if dim < 0 else dim


def dims_of(name, dims, ndim):
    """Dims counted from the front, each once: an int, or a tuple of them. None means all."""
    if dims is None:
        return tuple(range(ndim))
    found = tuple(dim_of(name, dim, ndim) for dim in (dims if isinstance(dims, tuple | list) else (dims,)))
    if len(set(found)) < len(found):
        raise ShapeError(message(name, "each dim once is required", str(tuple(dims)), "leave out the repeated one"))
    return found


def integers(name: str, given: Any) -> tuple[int, ...]:
    """Sizes or dims from ``f(x, 2, 3)`` or ``f(x, (2, 3))``."""
    if len(given) == 1 and isinstance(given[0], tuple | list):
        (given,) = given
    try:
        return tuple([index(size) for size in given])
    except TypeError:
        raise DtypeError(message(
            name, "integers are required", ", ".join(map(repr, given)), "pass them one by one, or as one tuple",
        )) from None  # fmt: skip


def inferred(name, sizes, count):
    """Sizes for count elements, with a -1 among them replaced by what is left over."""
    if -1 in sizes:
        rest = -math.prod(sizes)
        if min(sizes) < -1 or sizes.count(-1) > 1 or rest < 0:
            raise ShapeError(message(
                name, "sizes of at least 0, and -1 at most once, are required", str(sizes), "give all sizes but one",
            ))  # fmt: skip
        if rest == 0 or count % rest:
            raise ShapeError(message(
                name, f"sizes that divide the {count} elements are required beside -1",
                f"{sizes}: {count} elements do not fill rows of {rest}", "check the sizes against the tensor's shape",
            ))  # fmt: skip
        return tuple([count // rest if size == -1 else size for size in sizes])
    if any(size < 0 for size in sizes):
        raise ShapeError(message(name, "sizes of at least 0, and -1 at most once, are required", str(sizes)))
    if math.prod(sizes) != count:
        raise ShapeError(message(
            name, f"a shape with the tensor's {count} elements is required", f"{sizes}, which has {math.prod(sizes)}",
            "check the sizes; -1 stands for the one that follows from the others",
        ))  # fmt: skip
    return sizes
