"""Writing into tensors, and views that share their memory.

An in-place operation is the operation of the same name: its result is written into the old buffer, and the tensor takes the
result's place in the graph. Writing into a view gives the base a new node too (the base with that part replaced), and every
other view of the base derives its node anew when it is next used.
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import tracing, writes
from autograd.dtypes import number
from autograd.errors import DimError, DtypeError, GraphError, ShapeError, message
from autograd.graph import ARRAYS, Node, record
from autograd.modes import recording
from autograd.op import Array, Op, Recorder, op
from autograd.ops.indexing import setitem

if TYPE_CHECKING:
    from autograd.tensor import Tensor

Step = tuple[Op, Sequence[Any], dict[str, Any]]  # one call that made a view: op, arguments after the first, parameters


class View:
    """What a view remembers: the tensor whose memory it shows, the steps that lead there, and the node these were derived from."""

    __slots__ = ("anchor", "base", "steps")

    def __init__(self, base: Tensor, steps: tuple[Step, ...] | None, anchor: Node | None) -> None:
        self.base, self.steps, self.anchor = base, steps, anchor


def view_of(source: Tensor, step: Step | None) -> View:
    """The record of a view taken of source. No step: one of several outputs, which cannot be derived anew."""
    if (view := source._view) is None:
        return View(source, None if step is None else (step,), source._node)
    return View(view.base, None if step is None or view.steps is None else (*view.steps, step), view.base._node)


def refresh(tensor: Tensor) -> None:
    """Derive the node of a view anew: its base has been written to since."""
    view = tensor._view
    assert view is not None
    if view.steps is None:
        raise GraphError(message(
            "in-place", "a part made by unbind, split or iteration is required to be used before the whole is written to",
            "a part whose whole was written later", "index the whole again: x[i]",
        ))  # fmt: skip
    array, node = view.base._array, view.base._node
    for step_op, rest, params in view.steps:
        y = step_op.kernel(array, *rest, **params)
        if node is not None:
            node = record(step_op, [array, *rest], (node, *(None for _ in rest)), 1, params, y)
        array = y
    tensor._node, view.anchor = node, view.base._node


def look(array: Any, steps: Sequence[Step]) -> Any:
    """The part of an array (or tensor) that the steps of a view show."""
    for step_op, rest, params in steps:
        array = array._apply(step_op, (array, *rest), params) if hasattr(array, "_apply") else step_op.kernel(array, *rest, **params)
    return array


@op(
    (lambda g, y, base, part, steps: write_view(g, np.zeros((), part.dtype), steps=steps), lambda g, y, base, part, steps: look(g, steps)),
    masks=True, complex="own",
)  # fmt: skip
def write_view(base: Array, part: Array, *, steps: Sequence[Step]) -> Array:
    """base with the part that steps show replaced."""
    y = base.copy()
    look(y, steps)[...] = part
    return y


def writable(target: Tensor, name: str) -> None:
    """Raise if writing into target would change what the graph stands on."""
    if tracing.active:
        tracing.enter(target)
    if not recording():
        return
    view = target._view
    owner = target if view is None else view.base
    if owner._node is not None and owner._node.op is None:
        kind = "a leaf" if view is None else "a view of a leaf"
        raise GraphError(message(
            name, "in-place operations need a tensor that is not a leaf requiring grad", f"{kind} with requires_grad=True",
            "do it under autograd.no_grad() to set its values, or use the operation that returns a new tensor",
        ))  # fmt: skip


def store(target: Tensor, value: Any, name: str) -> None:
    """Write an array of values into the target's buffer."""
    try:
        target._array[...] = value
    except ValueError as error:
        if not target._array.flags.writeable:
            raise GraphError(message(
                name, "memory that may be written is required", "an expanded or read-only tensor", "use clone() first",
            )) from None  # fmt: skip
        raise ShapeError(message(name, f"values that broadcast to {target.shape} are required", f"{np.shape(value)}", str(error))) from None
    writes.record(target._array)


def adopt(target: Tensor, node: Node | None) -> None:
    """Give target its new place in the graph; a view passes it on to its base."""
    view = target._view
    if not recording() or (node is None and target._node is None and (view is None or view.base._node is None)):
        return
    if view is None:
        target._node = node
        return
    if view.steps is None:
        raise GraphError(message(
            "in-place", "the whole tensor, or an indexed part of it, is required", "a part made by unbind, split or iteration",
            "write x[i] = ... instead",
        ))  # fmt: skip
    base = view.base
    parents = base._node, node
    needs = (base._node is not None) + 2 * (node is not None)
    base._node = record(write_view.op, [base._array, target._array], parents, needs, {"steps": view.steps}, base._array)  # type: ignore[attr-defined]
    refresh(target)


def assign(target: Tensor, value: Tensor, name: str, *, cast: bool = False) -> Tensor:
    """Write value, the result of an operation, into target, which takes over its place in the graph."""
    writable(target, name)
    if not cast and not np.can_cast(value.dtype, target.dtype, "same_kind"):
        raise DtypeError(message(
            name, f"a result that fits {target.dtype} is required", f"{value.dtype}",
            "convert the tensor first, or use the operation that returns a new one",
        ))  # fmt: skip
    store(target, value._array, name)
    if value._node is not None and value.shape != target.shape:
        value = value.expand(target.shape)
    if value._node is not None and value.dtype != target.dtype:
        value = value.to(target.dtype)
    adopt(target, value._node)
    return target


def in_place(function: Callable[..., Any]) -> Callable[..., Any]:
    """The method that writes the result of an op into its first argument: ``x.add_(y)`` from ``add``."""
    spec: Op = function.op  # type: ignore[attr-defined]
    name = spec.name + "_"
    ufunc = spec.numpy if isinstance(spec.numpy, np.ufunc) and spec.numpy.nout == 1 and spec.elementwise else None

    @functools.wraps(function)
    def method(self: Tensor, *args: Any, **params: Any) -> Tensor:
        writable(self, name)
        if tracing.active:
            tracing.enter(args)
        source = self
        if recording() and needed(self, args):
            if spec.derived or spec.names[0] in " ".join(spec.saves).split():
                source = self._wrap(self._array.copy(), self.node)  # a rule may read the values that are about to go
        elif ufunc is not None and not params and (operands := fitting(self, args)) is not None:
            ufunc(self._array, *operands, out=self._array)
            writes.record(self._array)
            return self
        return assign(self, function(source, *args, **params), name)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"In-place version of ``{spec.name}``."
    return method


def needed(target: Tensor, args: Sequence[Any]) -> bool:
    """Whether an operation on target and args has to be recorded."""
    if target.node is not None:
        return True
    for arg in args:  # noqa: SIM110  any() with a generator takes 0.4 us more
        if isinstance(arg, Recorder) and arg.requires_grad:
            return True
    return False


def fitting(target: Tensor, args: Sequence[Any]) -> list[Any] | None:
    """What a ufunc needs beside target to write straight into it: floats of its dtype, no larger in shape. None where others are."""
    array = target._array
    if array.dtype.kind != "f" or not array.flags.writeable:
        return None
    operands = []
    for arg in args:
        if type(arg) is float or type(arg) is int:
            operands.append(number(arg, array))
            continue
        other = arg._array if isinstance(arg, Recorder) else arg
        if not isinstance(other, ARRAYS) or other.dtype != array.dtype or (other.shape != array.shape and other.ndim):
            return None
        operands.append(other)
    return operands


def set_item(target: Tensor, index: Any, value: Any) -> None:
    """``target[index] = value`` with index already in NumPy's terms."""
    writable(target, "setitem")
    if tracing.active:
        tracing.enter(value)
    array, node = getattr(value, "_array", value), getattr(value, "node", None)
    try:
        target._array[index] = array
    except (ValueError, IndexError) as error:
        kind = ShapeError if isinstance(error, ValueError) else DimError
        raise kind(message(
            "setitem", f"an index of a tensor of shape {target.shape}, and values that broadcast to that part of it, are required",
            f"values of shape {np.shape(array)}: {error}", "check the index and the shape of the values",
        )) from None  # fmt: skip
    writes.record(target._array)
    before = target.node
    if recording() and (node is not None or before is not None):
        needs = (before is not None) + 2 * (node is not None)
        args = [target._array, array if isinstance(array, ARRAYS) else np.asarray(array)]
        new = record(setitem.op, args, (before, node), needs, {"index": index}, target._array)  # type: ignore[attr-defined]
        adopt(target, new)


