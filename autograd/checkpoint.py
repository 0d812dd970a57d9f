"""Memory for time: the values that a part of the computation saved are dropped, and computed again when backward asks for them."""
from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np

from autograd import random, writes
from autograd.errors import GraphError, message
from autograd.graph import Node, Recompute, Spec, check_unwritten, saved_arrays, topological_order
from autograd.modes import enable_grad, recording
from autograd.source import here
from autograd.tensor import Tensor
from autograd.transforms import leaves


def checkpoint(
    function: Callable[..., Any], *inputs: Any, preserve_rng_state: bool = True, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """function(*inputs, **kwargs), keeping only the inputs for the backward pass, which calls the function a second time.

    The second run must do what the first did: random numbers are drawn again from the same state (unless preserve_rng_state is
    False), and a run that differs, or an input overwritten in between, is an error. Parameters used by the function, ``grad`` and
    ``create_graph`` work as ever. ``use_reentrant`` is accepted for the sake of PyTorch's programs and means nothing.
    """
    if not recording():
        return function(*inputs, **kwargs)
    segment = Segment(function, inputs, kwargs, preserve_rng_state)
    result = function(*inputs, **kwargs)
    for index, node in enumerate(segment.close(result)):
        if saves_something(node):
            node.args, node.y = Dropped(segment, index), None
    return result


class Dropped(Recompute):
    """Stands for the saved values of node number ``index`` of a segment."""

    __slots__ = ("index", "segment")

    def __init__(self, segment: Segment, index: int) -> None:
        self.segment, self.index = segment, index

    def restore(self, node: Node) -> None:
        args, y = self.segment.saved(self.index)
        if isinstance(args, list):  # not those of a checkpoint inside this one
            args = [parent if isinstance(arg, Node) else arg for arg, parent in zip(args, node.parents, strict=True)]
        node.args, node.y = settled(args, node.number), settled(y, node.number)


class Segment:
    """A part of the computation that can be run again. It knows its nodes by their order only, lest it keep the graph alive."""

    def __init__(self, function: Callable[..., Any], inputs: tuple[Any, ...], kwargs: dict[str, Any], preserve_rng_state: bool) -> None:
        self.function, self.inputs, self.kwargs, self.site = function, inputs, kwargs, here()
        self.tensors = [leaf for leaf in leaves((inputs, kwargs)) if isinstance(leaf, Tensor)]
        for tensor in self.tensors:
            tensor.requires_grad  # noqa: B018  a view whose base was written derives its node now, and not while the function runs
        self.rng_state = random.get_rng_state() if preserve_rng_state else None
        self.stash: dict[int, tuple[Any, Any]] = {}  # what the second run saved, until its node asks for it
        self.start = next(writes.number)

    def close(self, result: Any) -> list[Node]:
        """Note what the first run did, and return its nodes in the order in which they were made."""
        self.end = next(writes.number)
        nodes = made_since(self.start, result)
        self.trace, self.checksums = [signature(node) for node in nodes], checksums(result)
        outside = {parent for node in nodes for parent in node.parents if parent is not None and parent.number < self.start}
        self.leaves = [node.watch.tensor for node in outside if node.watch is not None and node.watch.tensor is not None]
        return nodes

    def saved(self, index: int) -> tuple[Any, Any]:
        """The saved arguments and output of a node."""
        if index not in self.stash:
            self.run_again()
        return self.stash.pop(index)

    def run_again(self) -> None:
        """Fill the stash."""
        written = {id(array): array for array in writes.since(self.end)}
        for tensor in (*self.tensors, *(tensor() for tensor in self.leaves)):
            if tensor is not None:
                self.check_same(tensor._array, written)
        start = next(writes.number)
        with enable_grad(), random.fork_rng() if self.rng_state is not None else nullcontext():
            if self.rng_state is not None:
                random.set_rng_state(self.rng_state)
            result = self.function(*self.inputs, **self.kwargs)
        nodes = made_since(start, result)
        trace = [signature(node) for node in nodes]
        if trace != self.trace:
            raise self.differs(f"{len(self.trace)} operations at first, {len(trace)} then, or others of other shapes")
        if not all(math.isclose(new, old, rel_tol=1e-3) for new, old in zip(checksums(result), self.checksums, strict=True)):
            raise self.differs("the same operations with other values")
        for index, node in enumerate(nodes):
            for array in saved_arrays(node):
                self.check_same(array, written)
            check_unwritten(node)
            self.stash[index] = node.args, node.y

    def check_same(self, array: Any, written: dict[int, Any]) -> None:
        """Raise if an array that the function reads has been written since the first run."""
        if id(writes.owner(array)) in written:
            raise GraphError(message(
                "checkpoint", "what the function reads has to stay as it was until the backward pass",
                f"a value of shape {array.shape} overwritten in place at {writes.after(self.end, array)}",
                "call backward() before, or write into a clone()", site=self.site,
            ))  # fmt: skip

    def differs(self, how: str) -> GraphError:
        return GraphError(message(
            "checkpoint", "a function that does the same when it is run again is required", how,
            "let it depend on its inputs and on random numbers of autograd only", site=self.site,
        ))  # fmt: skip


def made_since(start: int, result: Any) -> list[Node]:
    """The nodes behind a result that are younger than start, oldest first."""
    roots = [leaf.node for leaf in leaves(result) if isinstance(leaf, Tensor) and leaf.node is not None]

    def parents(node: Node) -> list[Node]:
        return [parent for parent in node.parents if parent is not None and parent.number > start]

    order = topological_order(*roots, parents=parents)
    return sorted((node for node in order if node.number > start), key=lambda node: node.number)


def saves_something(node: Node) -> bool:
    """Whether the node keeps values, and not only shapes and dtypes."""
    args = node.args
    return node.y is not None or isinstance(args, Recompute) or any(not isinstance(arg, Node | Spec) for arg in args or ())


def settled(value: Any, time: int) -> Any:
    """Saved values. What the function wrote while it ran again is copied: younger than the node, it would pass for overwritten."""
    if isinstance(value, np.ndarray):
        return value.copy() if writes.after(time, value) else value
    return type(value)(settled(part, time) for part in value) if type(value) in (list, tuple) else value


def signature(node: Node) -> tuple[Any, ...]:
    """What two runs have in common."""
    return node.op, node.shape, node.dtype


def checksums(result: Any) -> list[float]:
    """A number or two per result: enough to notice random numbers that were not drawn anew. NaN and infinity count as 0."""
    arrays = [np.nan_to_num(leaf._array, posinf=0, neginf=0) for leaf in leaves(result) if isinstance(leaf, Tensor)]
    return [float(np.abs(part).sum(dtype=np.float64)) for array in arrays for part in (array, array[..., :1])]


__all__ = ["checkpoint"]
