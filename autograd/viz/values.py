"""What is known of the values in a graph: those that it keeps for the backward pass, and what follows from them. Nothing is changed."""
from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from autograd import writes
from autograd.graph import OUTPUT, Node, Spec, record, saved_arrays
from autograd.op import REGISTRY
from autograd.tensor import Tensor

FEW = 6  # values of arrays of up to so many elements are shown one by one


class Stats(NamedTuple):
    """An array in a few numbers. NaN and infinite elements are counted, and left out of the others."""

    shape: tuple[int, ...]
    dtype: str
    mean: float
    std: float
    min: float
    max: float
    norm: float
    nan: int
    inf: int
    elements: tuple[Any, ...]  # all of them, where they are few

    @property
    def flag(self) -> str:
        """What is not finite: "NaN ×3, Inf ×1"; "" where all is well."""
        return ", ".join(f"{name} ×{count}" for name, count in (("NaN", self.nan), ("Inf", self.inf)) if count)

    def __str__(self) -> str:
        if self.elements or not math.prod(self.shape):
            text = "[" + ", ".join(map(short, self.elements)) + "]" if self.shape else short(self.elements[0])
        elif math.isnan(self.mean):
            text = "no finite element"
        else:
            text = f"{short(self.mean)} ± {short(self.std)}, {short(self.min)} … {short(self.max)}"
        return f"{text} ({self.flag})" if self.flag else text


def short(x: Any) -> str:
    """A number in four significant digits."""
    return f"{x:.4g}".replace("e-0", "e-").replace("e+0", "e+") if not isinstance(x, bool | np.bool_) else str(x)


def stats(array: Any) -> Stats:
    """The few numbers that stand for an array."""
    array = np.asarray(array)
    nan = inf = 0
    numbers = np.abs(array) if array.dtype.kind == "c" else array
    if array.dtype.kind in "fc":
        nan, inf = int(np.isnan(numbers).sum()), int(np.isinf(numbers).sum())
        numbers = numbers[np.isfinite(numbers)] if nan or inf else numbers
    elements = tuple(array.reshape(-1).tolist()) if array.size <= FEW else ()
    if not numbers.size:
        return Stats(array.shape, str(array.dtype), math.nan, math.nan, math.nan, math.nan, math.nan, nan, inf, elements)
    wide = numbers.astype(np.float64, copy=False)
    mean, std, low, high, norm = map(float, (wide.mean(), wide.std(), wide.min(), wide.max(), np.sqrt((wide * wide).sum())))
    return Stats(array.shape, str(array.dtype), mean, std, low, high, norm, nan, inf, elements)


# ── what the graph keeps ──


@contextmanager
def keep() -> Iterator[None]:
    """Keep the value of every result that is recorded in this block, for pictures of it. The graph itself keeps what backward needs.

    >>> x = autograd.tensor([3.0], requires_grad=True)
    >>> with autograd.viz.keep():
    ...     y = x + 1
    >>> print(autograd.viz.graph(y + 1, show="value"))
    x    leaf  1  value [3]
    y    x     1  value [4]
    add  y     1  value [5]
    """

    def keeping(op: Any, args: list[Any], parents: Any, needs: int, params: Any, y: Any, depth: int = 3) -> Node:
        given = list(args)
        node = record(op, args, parents, needs, params, y, depth + 1)
        node.kept = given, y
        return node

    engine: Any = sys.modules[Tensor.__module__]  # the hot path looks ``record`` up by its name there: nothing is paid outside the block
    before, engine.record = engine.record, keeping
    try:
        yield
    finally:
        engine.record = before


def freed(node: Node) -> bool:
    """Whether a backward pass has freed what this node kept."""
    return node.op is not None and node.op is not OUTPUT and node.args is None


def nbytes(node: Node) -> int:
    """The bytes that a node keeps for the backward pass; what leaves hold anyway is not counted."""
    leaves = {id(tensor_of(parent)._array) for parent in node.parents if parent is not None and tensor_of(parent) is not None}
    return sum(array.nbytes for array in unique(saved_arrays(node)) if id(array) not in leaves)


def unique(arrays: Iterable[Any]) -> list[Any]:
    """Each array once."""
    return list({id(array): array for array in arrays}.values())


def tensor_of(node: Node) -> Any:
    """The living tensor of a leaf."""
    return node.watch.tensor() if node.op is None and node.watch is not None and node.watch.tensor is not None else None


class Values:
    """The values of the nodes of a graph, as far as they are kept or can be computed from what is kept."""

    def __init__(self, order: list[Node], known: dict[Node, Any]) -> None:
        self.known: dict[Node, Any] = {}
        for node, value in known.items():
            self.known[node] = value
        for node in order:
            self._kept(node)
        for node in order:
            if node not in self.known and node.op is not None:
                self._compute(node)

    def __getitem__(self, node: Node) -> Any:
        """An array, a tuple of them, or None."""
        return self.known.get(node)

    def _kept(self, node: Node) -> None:
        """What a node says of its own value and of its parents'."""
        if (leaf := tensor_of(node)) is not None:
            self.known[node] = leaf._array
        if node.op is None:
            return
        given, y = getattr(node, "kept", (node.args, node.y))
        if y is not None and not (isinstance(y, tuple) and y[0] is None):  # all that it computed, not a part
            self._put(node, y, node)
        for arg, parent in zip(given or (), node.parents, strict=False) if isinstance(given, tuple | list) else ():
            if parent is not None and isinstance(arg, np.ndarray):
                self._put(parent, arg, node)

    def _put(self, node: Node, value: Any, keeper: Node) -> None:
        """Unless it has been overwritten since, or is of another shape: an op may save something made of its argument."""
        arrays = value if isinstance(value, tuple) else (value,)
        fits = isinstance(node.dtype, tuple) or (arrays[0].shape == node.shape and arrays[0].dtype == node.dtype)
        if node not in self.known and fits and not any(writes.after(keeper.number, a) for a in arrays if isinstance(a, np.ndarray)):
            self.known[node] = value

    def _compute(self, node: Node) -> None:
        """The value of a node all of whose arguments are known: its kernel is run once more."""
        args = self.arguments(node)
        if node.op is OUTPUT:
            (parent,) = node.parents
            if parent in self.known:
                self.known[node] = self.known[parent][node.params["index"]]
        elif args is not None:
            with np.errstate(all="ignore"):
                value = node.op.kernel(*args, **node.params)  # type: ignore[union-attr]
            self.known[node] = value if isinstance(value, tuple) else np.asarray(value)

    def arguments(self, node: Node) -> list[Any] | None:
        """What the kernel of a node got, if all of it is known."""
        if node.op is None or node.op.name not in REGISTRY:  # not the user's own functions: they may do more than compute
            return None
        given = getattr(node, "kept", (node.args,))[0]
        if not isinstance(given, tuple | list):
            return None
        args = []
        for i, arg in enumerate(given):
            parent = node.parents[i] if i < len(node.parents) else None
            if parent is not None and (isinstance(arg, Node) or parent in self.known):
                arg = self.known.get(parent)
            if (arg is None and parent is not None) or isinstance(arg, Spec | Node):
                return None
            args.append(arg)
        return args

    def seconds(self, node: Node) -> float | None:
        """The time of the kernel, run three more times on the same arguments: the fastest."""
        args = self.arguments(node)
        if args is None:
            return None
        best = math.inf
        with np.errstate(all="ignore"):
            for _ in range(3):
                start = time.perf_counter()
                node.op.kernel(*args, **node.params)  # type: ignore[union-attr]
                best = min(best, time.perf_counter() - start)
        return best
