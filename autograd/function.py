"""Operations of the user's own: a forward and a backward written in Python."""
from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, cast

import numpy as np

from autograd import graph, tracing, writes
from autograd.errors import DtypeError, GraphError, ShapeError, message
from autograd.graph import Node, record
from autograd.inplace import View, adopt, writable
from autograd.modes import enable_grad, no_grad, recording
from autograd.op import Op
from autograd.tensor import Tensor

SAVED_REMEDY = "save inputs or outputs, or compute it with tensor operations; a constant is kept as an attribute of ctx"


class FunctionCtx:
    """What forward leaves for backward. Any attribute may be set on it; tensors go through ``save_for_backward``."""

    needs_input_grad: tuple[bool, ...] = ()
    _to_save: tuple[Tensor | None, ...] = ()
    _saved: tuple[Tensor | None, ...] | None = None
    _constant: tuple[Tensor, ...] = ()
    _dirty: tuple[Tensor, ...] = ()
    _materialize = True

    def save_for_backward(self, *tensors: Tensor | None) -> None:
        """Keep tensors for backward. An intermediate result keeps its history, so that second derivatives through it are right."""
        for position, value in enumerate(tensors):
            if value is not None and not isinstance(value, Tensor):
                raise DtypeError(message(
                    "save_for_backward", "tensors are required",
                    f"{type(value).__name__} at position {position}", "set it as an attribute: ctx.n = n",
                ))  # fmt: skip
        self._to_save = tensors

    @property
    def saved_tensors(self) -> tuple[Tensor | None, ...]:
        """What was given to ``save_for_backward``."""
        if self._saved is None:
            raise GraphError(message("saved_tensors", "a backward pass that is under way is required", "none", "read it in backward only"))
        return self._saved

    def mark_non_differentiable(self, *tensors: Tensor) -> None:
        """These outputs have no gradient."""
        self._constant = tensors

    def mark_dirty(self, *tensors: Tensor) -> None:
        """These inputs were written in place, and are returned."""
        self._dirty = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default) or None for an output that has no gradient."""
        self._materialize = value


class Function:
    """A custom operation: a subclass with static ``forward(ctx, ...)`` and ``backward(ctx, *grad_outputs)``; ``apply(...)`` calls it.

    backward returns one gradient per argument of forward, None where there is none. In place of ``forward(ctx, ...)`` there may be
    ``forward(...)`` and ``setup_context(ctx, inputs, output)``. Unlike in PyTorch, forward is recorded on the side: what it saves of
    its intermediate results has a history for second derivatives to go through. What came from NumPy has none: a second derivative
    that would need one is an error.
    """

    _op: FunctionOp

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._op = FunctionOp(cls)

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the output: a tensor, or a tuple with tensors in it."""
        raise NotImplementedError("a Function needs a static method forward(ctx, ...)")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Save what backward needs, where forward takes no ctx."""
        raise NotImplementedError

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the arguments, given those of the outputs."""
        raise NotImplementedError("a Function needs a static method backward(ctx, *grad_outputs)")

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Run forward, and record it as one operation that has backward as its derivative."""
        ctx = FunctionCtx()
        parents = tuple(arg.node if isinstance(arg, Tensor) else None for arg in args)
        ctx.needs_input_grad = tuple(parent is not None for parent in parents)
        recorded = recording() and any(ctx.needs_input_grad)
        with enable_grad() if recorded else no_grad():
            if cls.setup_context is Function.setup_context:
                result = cls.forward(ctx, *args)
            else:
                result = cls.forward(*args)
                cls.setup_context(ctx, args, result)
        several = isinstance(result, tuple)
        outputs = result if several else (result,)
        tensors = [out for out in outputs if isinstance(out, Tensor)]
        if not tensors:
            raise DtypeError(message(
                cls.__name__, "a forward that returns a tensor or a tuple with tensors is required",
                type(result).__name__, "return a tensor",
            ))  # fmt: skip
        for dirty in ctx._dirty:
            if place_of(dirty, tensors) is None:
                raise GraphError(message(
                    cls.__name__, "inputs marked dirty have to be returned", "one that is not", "return it from forward",
                ))  # fmt: skip
            writes.record(dirty._array)
        if not recorded:
            return result
        node = recorded_call(cls._op, ctx, args, parents, outputs, several)
        made = iter([finished(cls.__name__, out, graph.output(node, i) if several else node, ctx, args) for i, out in enumerate(tensors)])
        values = [next(made) if isinstance(out, Tensor) else out for out in outputs]
        if not several:
            return values[0]
        return type(result)(*values) if hasattr(result, "_fields") else tuple(values)


class FunctionOp(Op):
    """A Function class as an op: one for all its calls."""

    __slots__ = ()
    fill = False  # set_materialize_grads decides

    def __init__(self, function: type[Function]) -> None:
        super().__init__(
            function.forward, joint=functools.partial(backward_rule, function), array_rule=None, numpy=None, reference=None, convert="",
            elementwise=False, masks=False, view=False, samples=(), saves=("",),
        )  # fmt: skip
        self.name, self.arity, self.variadic = function.__name__, 0, False  # no argument is kept or dropped by its name


class Call:
    """What the node of one call knows beside its arrays. It holds no input and no output as a tensor: these hold the node.

    sources    where each saved tensor is found: ("input", i) and ("output", i) by identity, ("other", i) after the arguments
    histories  the node behind each of the others
    set_on_ctx outputs that were set as attributes of ctx
    """

    def __init__(self, ctx: FunctionCtx, args: tuple[Any, ...], outputs: tuple[Any, ...]) -> None:
        self.ctx = ctx
        self.inputs = [arg.shape if isinstance(arg, Tensor) else None for arg in args]
        self.outputs = [(out.shape, out.dtype) if isinstance(out, Tensor) else None for out in outputs]
        self.sources: list[tuple[str, int] | None] = []
        self.histories: list[Node | None] = []
        self.set_on_ctx: dict[str, int] = {}


def recorded_call(
    op: Op, ctx: FunctionCtx, args: tuple[Any, ...], parents: tuple[Node | None, ...], outputs: tuple[Any, ...], several: bool
) -> Node:
    """The node of a call."""
    call, tensors = Call(ctx, args, outputs), [out for out in outputs if isinstance(out, Tensor)]
    arrays: list[Any] = list(parents)  # a parent stands in for the values that backward does not read
    keep_y = False
    for value in ctx._to_save:
        if value is None:
            call.sources.append(None)
        elif (place := place_of(value, tensors)) is not None:
            call.sources.append(("output", place))
            keep_y = True
        elif (place := place_of(value, args)) is not None:
            call.sources.append(("input", place))
            arrays[place] = value._array
        else:
            call.sources.append(("other", len(call.histories)))
            call.histories.append(value.node)
            arrays.append(value._array)
    for name, value in list(vars(ctx).items()):
        if isinstance(value, Tensor) and (place := place_of(value, tensors)) is not None:
            call.set_on_ctx[name] = place
            delattr(ctx, name)
            keep_y = True
    ctx._to_save = ()
    y = tuple(out._array for out in tensors) if several else tensors[0]._array
    parents = (*parents, *(None for _ in call.histories))
    node = record(op, arrays, parents, sum(1 << i for i, parent in enumerate(parents) if parent is not None), {"call": call}, y, 2)
    node.y = y if keep_y else None
    return node


def finished(name: str, out: Tensor, node: Node, ctx: FunctionCtx, args: tuple[Any, ...]) -> Tensor:
    """An output as the caller gets it: with the Function's node in place of what forward recorded."""
    if place_of(out, ctx._dirty) is not None:
        writable(out, name)
        adopt(out, node)
        return out
    differentiable = out.dtype.kind in "fc" and place_of(out, ctx._constant) is None
    made = Tensor._wrap(out._array, node if differentiable else None)
    base = base_of(out)
    if any(isinstance(arg, Tensor) and base_of(arg) is base for arg in args):
        made._view = View(base, None, base._node)  # in an input's memory: writing into either would go past the Function
    return made


def backward_rule(function: type[Function], g: Any, y: Any, *args: Any, call: Call) -> list[Any]:
    """The derivative of a Function: its backward, run on tensors, and everything it returns checked."""
    name, given = function.__name__, list(g) if isinstance(g, tuple) else [g]
    recorded = any(isinstance(part, Tensor) for part in given)  # with create_graph, the rules run on tensors
    count = len(call.inputs)
    around = [arg if isinstance(arg, Node) else arg.node for arg in args[:count] if isinstance(arg, Node | Tensor)]
    around += [part.node for part in given if isinstance(part, Tensor) and part.node is not None]

    def saved(source: tuple[str, int] | None) -> Tensor | None:
        if source is None:
            return None
        kind, place = source
        if kind == "output":
            return as_tensor(y[place] if isinstance(y, tuple) else y)
        if kind == "input":
            return as_tensor(args[place])
        array, history = args[count + place], call.histories[place]
        if recorded and history is None and array.dtype.kind in "fc":
            return without_history(array, around, name, "a saved tensor that is neither input nor output", SAVED_REMEDY)
        return Tensor._wrap(array, history if recorded else None)

    ctx = copy.copy(call.ctx)
    ctx._saved = tuple(map(saved, call.sources))
    for attribute, place in call.set_on_ctx.items():
        setattr(ctx, attribute, saved(("output", place)))
    incoming, parts = iter(given), []
    for spec in call.outputs:
        part = None if spec is None else next(incoming)
        if part is None and spec is not None and ctx._materialize:
            part = np.zeros(*spec)
        parts.append(None if part is None else guarded(part))
    with enable_grad() if recorded else no_grad():
        terms = checked(name, function.backward(ctx, *parts), call.inputs, ctx.needs_input_grad)
    if not recorded:
        return [None if term is None else term._array for term in terms]
    remedy = "compute it with tensor operations from grad_outputs and saved tensors"
    if hasattr(function.backward, "once"):
        remedy = "leave out once_differentiable, if it does so"
    for position, term in enumerate(terms):
        if term is not None and term.node is None:
            terms[position] = without_history(term._array, around, name, "a gradient that backward returned", remedy)
    return terms


def checked(name: str, result: Any, inputs: Sequence[tuple[int, ...] | None], needs: Sequence[bool]) -> list[Tensor | None]:
    """The gradients that a backward returned, one per argument."""
    given = list(result) if isinstance(result, tuple | list) else [result]
    while len(given) > len(inputs) and given[-1] is None:  # PyTorch allows these
        given.pop()
    if len(given) != len(inputs):
        raise ShapeError(message(
            f"{name}.backward", f"one gradient per argument of forward ({len(inputs)}) is required",
            str(len(given)), "return None for arguments without one",
        ))  # fmt: skip
    terms: list[Tensor | None] = []
    for position, (term, shape, needed) in enumerate(zip(given, inputs, needs, strict=True)):
        what = f"{name}.backward, gradient {position}"
        if term is None:
            terms.append(None)
            continue
        if shape is None:
            raise DtypeError(message(
                what, "None is required, for that argument of forward is not a tensor", type(term).__name__, "return None in its place",
            ))  # fmt: skip
        if not isinstance(term, Tensor | np.ndarray | np.generic):
            raise DtypeError(message(what, "a tensor or None is required", type(term).__name__, "return a tensor of the argument's shape"))
        if term.dtype.kind not in "fc":
            raise DtypeError(message(what, "a floating-point gradient is required", str(term.dtype), "convert it to the argument's dtype"))
        lead = len(term.shape) - len(shape)
        if lead < 0 or any(size not in (1, got) for size, got in zip(shape, term.shape[lead:], strict=True)):
            raise ShapeError(message(
                what, f"the argument's shape {shape} is required", str(tuple(term.shape)), "return a gradient of that shape",
            ))  # fmt: skip
        terms.append(as_tensor(term) if needed else None)
    return terms


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """For a backward that cannot be differentiated itself (it uses NumPy, say): a second derivative through it is an error."""

    @functools.wraps(backward)
    def once(ctx: FunctionCtx, *grad_outputs: Any) -> Any:
        with no_grad():
            return backward(ctx, *(g.detach() if isinstance(g, Tensor) else g for g in grad_outputs))

    once.once = True  # type: ignore[attr-defined]
    return once


def raise_unknown(g: Any, y: Any, *args: Any, reason: str, remedy: str) -> NoReturn:
    """The rule of values whose history is not known."""
    name, _, what = reason.partition(": ")
    raise GraphError(message(name, f"the derivative of {what} is required, which has no history", remedy=remedy))


UNKNOWN = FunctionOp(type("NoHistory", (), {"forward": lambda x: x}))
UNKNOWN.name, UNKNOWN.joint = "no_history", raise_unknown


def without_history(array: Any, parents: Sequence[Node | None], name: str, what: str, remedy: str) -> Tensor:
    """A tensor that may depend on the parents in a way nobody recorded: an error for whoever asks for its derivative."""
    params = {"reason": f"{name}: {what}", "remedy": remedy}
    return Tensor._wrap(array, record(UNKNOWN, list(parents), tuple(parents), (1 << len(parents)) - 1, params, array, 1))


def guarded(g: Any) -> Tensor:
    """A gradient as backward gets it: it may be shared with other rules, so it cannot be written to."""
    array: Any = g._array if isinstance(g, Tensor) else g
    if isinstance(array, tracing.TracedArray):
        array = np.copy(cast("Any", array))
    else:
        array = np.asarray(array).view()
        array.flags.writeable = False
    return Tensor._wrap(array, g.node if isinstance(g, Tensor) else None)


def as_tensor(value: Any) -> Tensor:
    """Value as a tensor, unless it is one."""
    return value if isinstance(value, Tensor) else Tensor._wrap(value)


def base_of(tensor: Tensor) -> Tensor:
    return tensor if tensor._view is None else tensor._view.base


def place_of(tensor: Any, among: Sequence[Any]) -> int | None:
    """The position at which this very object stands."""
    return next((position for position, other in enumerate(among) if other is tensor), None)


__all__ = ["Function", "FunctionCtx", "once_differentiable"]
