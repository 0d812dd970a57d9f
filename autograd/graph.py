"""The recorded computation: nodes, their order, and the chain rule run through them."""
from __future__ import annotations

import sys
import threading
import weakref
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from types import CodeType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from autograd import tracing, writes
from autograd.dtypes import float32, float64
from autograd.errors import GraphError, message
from autograd.kernels.sums import columns, suits, whole
from autograd.op import for_complex
from autograd.source import INTERNAL, Site, here, outside

if TYPE_CHECKING:
    from autograd.op import Op, Rule

N = TypeVar("N")
Lift = Callable[[Any, "Node | None"], Any]

ARRAYS: tuple[type[Any], ...] = (np.ndarray, tracing.TracedArray)


class Spec:
    """What is left of an array whose values no derivative reads."""

    __slots__ = ("dtype", "ndim", "shape")
    __array_ufunc__ = None  # a rule that reads the values all the same fails, and is not silently wrong

    def __init__(self, array: Any) -> None:
        self.shape, self.dtype, self.ndim = array.shape, array.dtype, array.ndim


class Numbers(dict[Any, Spec]):
    """What is left of a 0-d array, by dtype: one for all of them, for each ``x + 1.0`` leaves one."""

    def __missing__(self, dtype: Any) -> Spec:
        self[dtype] = Spec(np.empty((), dtype))
        return self[dtype]


NUMBER = Numbers()


def spec(value: Any) -> Any:
    """A constant argument that no rule reads: an array leaves its shape and dtype."""
    if not isinstance(value, ARRAYS):
        return value
    return Spec(value) if value.ndim else NUMBER[value.dtype]


class Node:
    """One recorded call: the op, the nodes its arguments came from, and the values its rules read. A leaf has no op.

    number   when it was made: every node is younger than its parents
    parents  one entry per argument of the kernel; None where it is not part of the graph
    args     the arguments as the kernel got them. Where no rule reads the values, the parent node stands in, which knows shape
             and dtype. None once freed.
    y        the output, if a rule reads it
    watch    who wants to see the gradient that arrives here: the leaf tensor, hooks; None for most
    call     the call of a module in which it was made, if in any
    kept     all arguments and the output, where somebody wants to see them (viz.keep)
    """

    __slots__ = ("args", "call", "code", "dtype", "kept", "number", "offset", "op", "params", "parents", "shape", "watch", "y")

    op: Op | None
    parents: Sequence[Node | None]
    args: tuple[Any, ...] | Recompute | None
    params: Mapping[str, Any]
    y: Any
    shape: Any
    dtype: Any
    number: int
    code: CodeType
    offset: int
    watch: Watch | None
    call: Call | None
    kept: tuple[list[Any], Any]

    __array_ufunc__ = None  # as for Spec
    ndim = property(lambda self: len(self.shape))

    @property
    def site(self) -> Site:
        """Where the user wrote the call."""
        return Site(self.code, self.offset)

    @property
    def name(self) -> str:
        """Name of the op; "leaf" for a leaf."""
        return "leaf" if self.op is None else self.op.name

    def __repr__(self) -> str:
        return f"<{self.name} {self.number}: {self.shape} {self.dtype}>"


# A call of a module: a weak reference to it; the call around it; and where the user wrote it, if until the next call of a module nothing
# of the user's runs: then all that is recorded was written there. (None, 0) otherwise: look at the frames.
Call = tuple[weakref.ref[Any], Any, Any, int]


class Calling(threading.local):
    """The call of a module that is running in this thread; None outside of all."""

    call: Call | None = None


calling = Calling()

NO_PARAMS: dict[str, Any] = {}  # shared by all calls without parameters
number = writes.number  # one clock for nodes and writes: it tells which came first


class Watch:
    """Who is told about the gradient of a node: the tensor that keeps it in .grad, and hooks by handle number."""

    __slots__ = ("after", "before", "tensor")

    def __init__(self, tensor: Callable[[], Any] | None = None) -> None:
        self.tensor = tensor  # a weak reference: a graph does not keep its leaves alive for their own sake
        self.before: dict[int, Callable[[Any], Any]] = {}  # hooks that may replace the gradient
        self.after: dict[int, Callable[[Any], Any]] = {}  # hooks run once .grad is written


class Recompute:
    """Stands for saved values that were dropped to save memory; ``restore(node)`` puts them back (see checkpoint.py)."""

    __slots__ = ()

    def restore(self, node: Node) -> None:
        """Put the saved values of the node back."""
        raise NotImplementedError


class Output:
    """The op of a node that stands for output ``index`` of a node with several outputs."""

    name, joint, array_rule, rules, masks, elementwise, view = "output", None, None, (), False, False, False


OUTPUT: Any = Output()


def output(node: Node, index: int) -> Node:
    """The node of one output of a node that has several."""
    part = Node()
    part.op, part.parents, part.args, part.params, part.y = OUTPUT, (node,), (), {"index": index}, None
    part.shape, part.dtype, part.number = node.shape[index], node.dtype[index], next(number)
    part.code, part.offset, part.call, part.watch = node.code, node.offset, node.call, None
    return part


def record(
    op: Op, args: list[Any], parents: tuple[Node | None, ...], needs: int, params: Mapping[str, Any], y: Any, depth: int = 3
) -> Node:
    """The node of a call that has just been computed. Keeps of args and y what the rules will read, drops the rest."""
    drop, keep_y = op._kept.get(needs) or op.kept(needs, len(args))
    if len(drop) == len(args) and needs == (1 << len(args)) - 1:
        kept = parents
    else:
        for i in drop:
            if i < len(args):
                args[i] = parents[i] or spec(args[i])
        kept = tuple(args)
    call = calling.call
    if call is not None and call[2] is not None:
        _, _, code, offset = call
    else:
        frame = sys._getframe(depth)
        code = frame.f_code
        if INTERNAL[code.co_filename]:
            frame = outside(frame)
            code = frame.f_code
        offset = frame.f_lasti
    node = Node()  # no __init__ with ten arguments: this is the eager hot path
    shape: Any
    dtype: Any
    if type(y) is tuple:
        shape, dtype = tuple([part.shape for part in y]), tuple([part.dtype for part in y])
        if keep_y and "y[1:]" in op.saves[0]:
            y = (None, *y[1:])
    else:
        shape, dtype = y.shape, y.dtype
    if dtype is not float32 and dtype is not float64 and has_complex(dtype):
        op = for_complex(op)
    node.op = op
    node.parents = parents
    node.args = kept  # a tuple: the garbage collector forgets one that holds arrays only, which in deep graphs saves 0.5 us
    node.params = params
    node.y = y if keep_y else None
    node.shape = shape
    node.dtype = dtype
    node.number = next(number)
    node.code = code
    node.offset = offset
    node.call = call
    node.watch = None
    return node


def has_complex(dtype: Any) -> bool:
    """Whether a dtype, or one of several, is complex."""
    return any(part.kind == "c" for part in dtype) if type(dtype) is tuple else bool(dtype.kind == "c")


def leaf(array: Any, tensor: Callable[[], Any] | None = None) -> Node:
    """The node of a tensor that nothing recorded led to; its gradient goes to the tensor (given as a weak reference)."""
    node = Node()
    node.op, node.parents, node.args, node.params, node.y = None, (), (), NO_PARAMS, None
    node.shape, node.dtype, node.number, node.watch = array.shape, array.dtype, next(number), Watch(tensor)
    node.code, node.offset = here()
    node.call = None
    return node


def saved_arrays(node: Node) -> Iterator[np.ndarray[Any, Any]]:
    """Every array the node keeps for its rules."""
    stack = [node.args, node.y, list(node.params.values())]
    while stack:
        value = stack.pop()
        if isinstance(value, ARRAYS):
            yield value
        elif isinstance(value, list | tuple):
            stack.extend(value)


def restored(node: Node) -> tuple[Any, ...]:
    """The saved arguments of a node that keeps no tuple of them: recomputed after a checkpoint, or gone after a backward pass."""
    while isinstance(node.args, Recompute):  # inside another checkpoint, the first answer is to recompute
        node.args.restore(node)
    if not isinstance(node.args, tuple):
        raise GraphError(message(
            f"backward through {node.name}", "the values saved for it are required, and an earlier backward pass has freed them",
            remedy="pass retain_graph=True to the earlier call, or compute the loss anew", site=node.site,
        ))  # fmt: skip
    return node.args


def check_unwritten(node: Node) -> None:
    """Raise if something the node saved has been overwritten since."""
    for array in saved_arrays(node):
        if site := writes.after(node.number, array):
            raise GraphError(message(
                f"backward through {node.name}", f"a value of shape {array.shape} saved at {node.site}",
                f"it overwritten in place at {site}",
                "write into a clone(), use the operation that returns a new tensor, or call backward() before", site=site,
            ))  # fmt: skip


def lifted(node: Node, g: Any, lift: Lift) -> tuple[Any, tuple[Any, ...], Any]:
    """(y, args, g) of a node as tensors that know their place in the graph."""
    y = node.y
    if type(y) is tuple:
        y = tuple(None if part is None else lift(part, output(node, i)) for i, part in enumerate(y))
        g = tuple(lift(part, None) if isinstance(part, ARRAYS) else part for part in g)
    elif y is not None:
        y = lift(y, node)
    given: Any = node.args
    pairs = zip(given, node.parents, strict=True)
    return y, tuple([arg if parent is None or isinstance(arg, Node) else lift(arg, parent) for arg, parent in pairs]), g


def topological_order(*roots: N, parents: Callable[[N], Iterable[N | None]] = attrgetter("parents")) -> list[N]:
    """Everything the roots depend on, each after its parents. The stack is explicit, so depth is unlimited."""
    order: list[N] = []
    seen: set[N] = set()
    stack: list[N | None] = list(reversed(roots))
    ahead: list[N] = []  # nodes whose parents are being placed; a None on the stack says that they are
    while stack:
        node = stack.pop()
        if node is None:
            order.append(ahead.pop())
        elif node not in seen:
            seen.add(node)
            ahead.append(node)
            stack.append(None)
            for parent in parents(node):
                if parent is not None and parent not in seen:
                    stack.append(parent)  # noqa: PERF401  a comprehension is a call: slower for two parents
    return order


def sum_to_shape(g: Any, shape: tuple[int, ...]) -> Any:
    """Undo broadcasting: the gradient of a repeated element is the sum over its copies."""
    lead = g.ndim - len(shape)
    if not shape and suits(g):
        return whole(g)
    if lead == 1 and g.ndim == 2:
        g = columns(g)
    elif lead:
        g = np.add.reduce(g, axis=tuple(range(lead)))  # np.sum is this and 1.5 us more
    if g.shape == shape:
        return g
    return np.add.reduce(g, axis=tuple([i for i, n in enumerate(shape) if n != g.shape[i]]), keepdims=True)


def zero_where_masked(term: Any, g: Any) -> Any:
    """An element that was masked out contributes exactly zero: where g is 0, 0 * inf does not make a NaN of it."""
    if isinstance(term, tracing.TracedArray):
        return tracing.settle(term, g)
    if type(term) is np.ndarray:
        flat = term.ravel("K")  # in the order of memory: in any other, a convolution's gradient would be copied
        probe = np.dot(flat, flat)  # NaN if there is one: 0.5 us, where np.sum takes 2
    else:
        probe = np.sum(term)
    if probe != probe:  # noqa: PLR0124  np.isnan takes 0.5 us
        return np.where(np.logical_and(np.equal(g, 0), np.isnan(term)), np.zeros((), g.dtype), term)
    return term


def leading_to(order: Sequence[Node], wanted: Iterable[Node]) -> set[Node]:
    """The nodes of order that depend on a wanted node, the wanted ones included."""
    needed = set(wanted)
    for node in order:
        if not needed.isdisjoint(node.parents):
            needed.add(node)
    return needed


def joint_rules(node: Node, inputs: tuple[Any, ...], needed: set[Node] | None, lift: Lift | None) -> list[Rule | None]:
    """A rule that answers for all arguments at once, as one rule per argument: each takes its part of the answer."""
    op = node.op
    assert op is not None
    assert op.joint is not None
    if lift is None and op.array_rule is not None:
        needs = tuple(parent is not None and (needed is None or parent in needed) for parent in node.parents)
        terms = tracing.ask(op.array_rule, op.name, inputs, {"needs": needs, **node.params})
    else:
        terms = tracing.ask(op.joint, op.name, inputs, node.params)
    return [None if term is None else answer(term) for term in terms]


def answer(term: Any) -> Rule:
    """A rule whose answer is known already."""
    return lambda *_, **__: term


def backpropagate(
    order: Sequence[Node], seeds: Mapping[Node, Any], wanted: Container[Node], *,
    needed: set[Node] | None = None, lift: Lift | None = None, free: bool = False,
) -> dict[Node, Any]:  # fmt: skip
    """The chain rule: gradients for the wanted nodes, given those of the outputs (seeds).

    Nodes are visited from the last to the first; ``needed`` limits the visit. Rules run on arrays; with ``lift(array, node)``
    -> tensor they run on tensors, and the pass is itself recorded. With ``free``, saved values go as soon as they are used.
    Without ``needed``, every wanted node has a watch.
    """
    gradients = dict(seeds)
    result: dict[Node, Any] = {}
    owned: set[Node] = set()  # nodes whose gradient is an array of our own, free to be added to in place
    masked: set[Node] = set()  # nodes below an op that masks
    for node in reversed(order):
        g = gradients.pop(node, None)
        if g is None or (needed is not None and node not in needed):
            continue
        if node.watch is not None or needed is not None:
            if node.watch is not None and node.watch.before:
                owned.discard(node)
                for hook in tuple(node.watch.before.values()):
                    g = hook(g)
            if node in wanted:
                result[node] = g if lift or node in owned else g.copy()
        op, args = node.op, node.args
        if op is None:
            continue
        if op is OUTPUT:  # the gradient of a node with several outputs is collected in a list
            collect(gradients, node, g)
            continue
        if type(args) is not tuple:
            args = restored(node)
        if node.number < writes.last:
            check_unwritten(node)
        if type(g) is list:
            g = tuple(np.zeros(s, d) if part is None and op.fill else part for part, s, d in zip(g, node.shape, node.dtype, strict=True))
        y: Any = node.y
        params = node.params
        if lift is not None:
            y, args, g = lifted(node, g, lift)
        masking = op.masks
        checking = False
        if masked and node in masked:
            masking, checking = True, op.elementwise and any(op.saves)  # a slope that is read from no value is finite
        inputs = (g, y) + args  # noqa: RUF005  100 ns less than (g, y, *args), and 60 less than to pass them one by one
        try:
            rules = op.rules if op.joint is None else joint_rules(node, inputs, needed, lift)
            for parent, rule in zip(node.parents, rules):  # noqa: B905  parameters have parents (None) and no rules
                if parent is None or rule is None or (needed is not None and parent not in needed):
                    continue
                held = gradients.get(parent)
                if masking:
                    masked.add(parent)
                if held is not None and op.add_to is not None and lift is None and parent in owned and not tracing.active:
                    op.add_to(held, g, **params)
                    continue
                if tracing.active:
                    term = tracing.ask(rule, op.name, inputs, params)
                else:
                    term = rule(*inputs, **params) if params else rule(*inputs)
                if checking and term is not g:
                    term = zero_where_masked(term, g)
                if term.shape != parent.shape:
                    term = sum_to_shape(term, parent.shape)
                if term.dtype is not parent.dtype and term.dtype != parent.dtype:
                    term = (term.real if term.dtype.kind == "c" != parent.dtype.kind else term).astype(parent.dtype)
                if held is None:
                    gradients[parent] = term
                    if parent.op is None and lift is None and op.joint is None and is_new(term, g):
                        owned.add(parent)  # a leaf may keep it without a copy
                elif parent in owned and type(term) is np.ndarray is type(held):  # a 0-d sum may be a scalar, which `+=` leaves as it is
                    held += term
                else:
                    gradients[parent] = held = held + term
                    if lift is None and type(held) is np.ndarray:
                        owned.add(parent)
        except Exception as error:
            if not getattr(error, "__notes__", None):
                error.add_note(f"in the backward pass of {op.name}, recorded at {node.site}")
            raise
        if free:
            node.args = node.y = None
    return result


def is_new(term: Any, g: Any) -> bool:
    """Whether a rule has made this array itself: being linear in g, it is no saved array, so it is new if neither g nor a view."""
    return term is not g and type(term) is np.ndarray and term.base is None


def collect(gradients: dict[Node, Any], part: Node, g: Any) -> None:
    """Add the gradient of one output to the list that its node waits for."""
    (node,) = part.parents
    assert node is not None
    parts = gradients.setdefault(node, [None] * len(node.shape))
    index = part.params["index"]
    parts[index] = g if parts[index] is None else parts[index] + g
