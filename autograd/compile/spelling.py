"""How a call is written in the generated function: the fastest spelling that gives the same numbers.

Measured on (100, 16) float32, in ns: ``np.dot(a, b, out)`` 1000, ``np.matmul(a, b, out)`` 1390; a column sum as ``np.dot(ones, a)`` 640,
as ``a.sum(0)`` 3100; a sum of a few numbers as ``np.dot(ones, a)`` 520, as ``np.add.reduce`` 1140.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd.compile.passes import COPIES, SHORT
from autograd.compile.program import Instruction, Slot

if TYPE_CHECKING:
    from autograd.compile.emit import Replay

BY_KEYWORD = {np.maximum, np.minimum}  # NumPy 2.4 has deprecated a third positional argument of these
Spelling = Callable[["Replay", Instruction, Sequence[Any], Slot | None], str | None]


def spelled(replay: Replay, instruction: Instruction, args: Sequence[Any], out: Slot | None) -> str:
    """The call as text; with out, the result goes there."""
    function = instruction.function
    for special in SPELLINGS.get(function, ()):
        if (text := special(replay, instruction, args, out)) is not None:
            return text
    named = [f"{key}={replay.operand(value)}" for key, value in instruction.kwargs.items()]
    parts = list(map(replay.operand, args))
    if out is not None:
        if isinstance(function, np.ufunc) and not named and function not in BY_KEYWORD:
            parts.append(replay.operand(out))
        else:
            named.append(f"out={replay.operand(out)}")
    return f"{replay.name(function, 'f')}({', '.join([*parts, *named])})"


def product(replay: Replay, instruction: Instruction, args: Sequence[Any], out: Slot | None) -> str | None:
    """A product of matrices or vectors by ``np.dot``."""
    a, b = args
    if instruction.kwargs or not all(isinstance(x, Slot) and len(x.shape) in (1, 2) and x.size for x in args):
        return None
    if a.dtype != b.dtype or a.dtype.kind != "f" or a.dtype.itemsize < 4 or (len(a.shape) == 1 and len(b.shape) == 1):
        return None
    if out is None:
        return f"{replay.name(np.dot, 'f')}({replay.operand(a)}, {replay.operand(b)})"
    place = replay.fixed[out]
    if not place.flags.c_contiguous or out.dtype != a.dtype or shares(replay, out, (a, b)):
        return None
    return f"{replay.name(np.dot, 'f')}({replay.operand(a)}, {replay.operand(b)}, {replay.operand(out)})"


def shares(replay: Replay, out: Slot, others: Sequence[Slot]) -> bool:
    """Whether a result would lie in the memory of an operand."""
    return any(x not in replay.fixed or np.may_share_memory(replay.fixed[out], replay.fixed[x]) for x in others if x.memory is out.memory)


def total(replay: Replay, instruction: Instruction, args: Sequence[Any], out: Slot | None) -> str | None:
    """A sum over the rows of a matrix, or of a few numbers, as a product with ones."""
    given = dict(zip(("array", "axis", "dtype", "out", "keepdims"), args, strict=False)) | instruction.kwargs
    x = given.pop("array")
    if given.pop("dtype", None) is not None or given.pop("out", None) is not None or out is None or not isinstance(x, Slot):
        return None
    axis = given.pop("axis", 0)
    given.pop("keepdims", None)
    if given or x.dtype.kind != "f" or x.dtype.itemsize < 4 or x.dtype != out.dtype or not x.size or x not in replay.fixed:
        return None
    array, place = replay.fixed[x], replay.fixed[out]
    dims = tuple(range(array.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
    dims = tuple(sorted(d % array.ndim for d in dims)) if array.ndim else ()
    leading = dims and dims == tuple(range(len(dims)))
    if not leading or not array.flags.c_contiguous or not place.flags.c_contiguous:
        return None
    rows = int(np.prod(array.shape[: len(dims)]))
    ones = np.ones(rows, x.dtype)
    if len(dims) == array.ndim:
        if rows > SHORT:
            return None
        vector, number = replay.name(array.reshape(-1), "b"), replay.name(place.reshape(()), "b")
        return f"{replay.name(np.dot, 'f')}({vector}, {replay.name(ones)}, {number})"
    matrix = array.reshape(rows, -1)
    if matrix.shape[1] > 4096 or rows > 65536:
        return None
    return f"{replay.name(np.dot, 'f')}({replay.name(ones)}, {replay.name(matrix, 'b')}, {replay.name(place.reshape(-1), 'b')})"


def copied(replay: Replay, instruction: Instruction, args: Sequence[Any], out: Slot | None) -> str | None:
    """A copy or a conversion into a place."""
    if out is None:
        return None
    casting = ", casting='unsafe'" if instruction.function is np.ndarray.astype else ""
    where = f", where={replay.operand(instruction.kwargs['where'])}" if "where" in instruction.kwargs else ""
    return f"{replay.name(np.copyto, 'f')}({replay.operand(out)}, {replay.operand(args[0])}{casting}{where})"


SPELLINGS: dict[Any, tuple[Spelling, ...]] = {
    np.matmul: (product,), np.add.reduce: (total,), np.ndarray.astype: (copied,), **dict.fromkeys(COPIES, (copied,)),
}  # fmt: skip
