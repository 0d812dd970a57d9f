"""The user's object: an array, its gradient, and its place in the graph."""
from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, Container, Sequence
from typing import Any

import numpy as np

from autograd import graph, ops, tracing, writes
from autograd.arrays import as_array
from autograd.attributes import Attributes
from autograd.device import device as Device
from autograd.dispatch import call_function, call_ufunc
from autograd.dtypes import NUMBERS, constants, float32, float64, number, promoted, require_value
from autograd.errors import ArgumentError, AutogradError, DimError, DtypeError, GraphError, ShapeError, message
from autograd.graph import NO_PARAMS, Node, Watch, backpropagate, leading_to, record, topological_order
from autograd.hooks import RemovableHandle
from autograd.indexing import normalized
from autograd.inplace import View, assign, refresh, set_item, view_of
from autograd.kernels.dims import integers
from autograd.methods import Methods
from autograd.modes import recording, set_recording, silent
from autograd.op import Op
from autograd.source import here


def operators(
    function: Callable[..., Any], ufunc: Callable[..., Any] | None = None
) -> tuple[Callable[[Any, Any], Tensor], Callable[[Any, Any], Tensor]]:
    """An op as the pair of methods behind a Python operator: tensor on the left, and on the right.

    A ufunc that is all there is to the kernel saves the call around it: 90 ns.
    """
    op: Op = function.op  # type: ignore[attr-defined]
    kernel: Any = ufunc or op.kernel
    differentiable = op.differentiable

    def forward(self: Tensor, other: Any) -> Tensor:
        # _apply for the commonest case, unrolled: floats of one dtype, neither of them a view. It halves the time of a small op.
        if self._view is None and not tracing.active:
            a = self._array
            dtype = a.dtype
            if type(other) is Tensor and other._view is None:
                b, right = other._array, other._node
            elif (type(other) is float or type(other) is int) and (dtype is float32 or dtype is float64):
                b, right = constants[dtype][other] if other else number(other, a), None
            else:
                return self._apply(op, (self, other), NO_PARAMS)  # type: ignore[no-any-return]
            if (dtype is float32 or dtype is float64) and b.dtype is dtype:
                try:
                    y = kernel(a, b)
                except (TypeError, ValueError):  # which _apply will explain
                    return self._apply(op, (self, other), NO_PARAMS)  # type: ignore[no-any-return]
                tensor = new(Tensor)
                tensor._array = y if type(y) is np.ndarray else np.asarray(y)
                left = self._node
                needs = 0 if left is None else 1
                if right is not None:
                    needs += 2
                if needs and differentiable and recording():
                    tensor._node = record(op, [a, b], (left, right), needs, NO_PARAMS, tensor._array, 2)
                else:
                    tensor._node = None
                tensor._grad = tensor._view = None
                return tensor
        return self._apply(op, (self, other), NO_PARAMS)  # type: ignore[no-any-return]

    def reflected(self: Tensor, other: Any) -> Tensor:
        return self._apply(op, (other, self), NO_PARAMS)  # type: ignore[no-any-return]

    return forward, reflected


def equality(function: Callable[..., Any]) -> Callable[[Any, Any], Any]:
    """``==`` or ``!=``: of what is no number, Python decides (``x == None`` is False)."""
    op: Op = function.op  # type: ignore[attr-defined]

    def compared(self: Tensor, other: Any) -> Any:
        return self._apply(op, (self, other), NO_PARAMS) if type(other) in NUMBERS or hasattr(other, "dtype") else NotImplemented

    return compared


class Tensor(Attributes):
    """An n-dimensional array that knows how it was computed.

    ``Tensor(data)`` wraps an array without copying it (``autograd.tensor`` copies). With ``requires_grad=True`` every operation on it
    is recorded, and ``backward()`` of a result leaves the gradient in ``.grad``.
    """

    __slots__ = ("__weakref__", "_array", "_grad", "_node", "_view")

    _array: Any
    _grad: Tensor | None
    _node: Node | None
    _view: View | None

    def __init__(self, data: Any, requires_grad: bool = False, *, dtype: Any = None) -> None:
        self._array, self._grad, self._node, self._view = as_array(data, dtype), None, None, None
        if requires_grad:
            self.requires_grad_()

    # ── how ops run: the eager hot path ──

    @staticmethod
    def _wrap(array: Any, node: Node | None = None) -> Tensor:
        """A tensor on this very array."""
        tensor = new(Tensor)
        tensor._array = array if type(array) is np.ndarray or not isinstance(array, np.generic) else np.asarray(array)
        tensor._node = node
        tensor._grad = tensor._view = None
        if tracing.active:
            tracing.hold(tensor)
        return tensor

    @staticmethod
    def _apply(op: Op, args: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """Run op on the arrays behind args; record the call if one of them is part of a graph."""
        if tracing.active:
            tracing.enter(args, params)
        arrays: list[Any] = []
        parents: list[Node | None] = []
        needs, bit = 0, 1
        dtype = None
        uniform = True
        for arg in args:
            if isinstance(arg, Tensor):
                node = arg._node if arg._view is None else arg.node
                if node is not None:
                    needs |= bit
                arg = arg._array
                if dtype is None:
                    dtype = arg.dtype
                elif arg.dtype is not dtype:
                    uniform = False
            else:
                node = None
                if dtype is None or getattr(arg, "dtype", None) is not dtype:
                    uniform = False
            arrays.append(arg)
            parents.append(node)
            bit += bit
        if tracing.active:
            arrays = [tracing.shown(arg) for arg in arrays]
        try:
            if op.convert and not (uniform and (dtype is float32 or dtype is float64 or op.convert == "common")):
                arrays = converted(op, arrays)
            y = op.kernel(*arrays, **params) if params else op.kernel(*arrays)
        except Exception as error:
            if not tracing.active:
                raise explained(error, op, args) from (error if isinstance(error, AutogradError) else None)
            y = tracing.opaque(op.kernel, arrays, params, op.name, explained(error, op, args))
        if type(y) is not np.ndarray:
            if type(y) is tuple or isinstance(y, tuple):
                return several(op, y, args, arrays, parents, needs, params)
            if isinstance(y, np.generic):
                y = np.asarray(y)
        tensor = new(Tensor)
        tensor._array = y
        if needs and op.differentiable and recording():
            tensor._node = record(op, arrays, tuple(parents), needs, params or NO_PARAMS, y)
        else:
            tensor._node = None
        tensor._grad = tensor._view = None
        if tracing.active:
            tracing.hold(tensor)
        if op.view:
            source = args[0]
            if isinstance(source, Tensor) and shares(y, source._array):
                tensor._view = view_of(source, (op, args[1:], params))
        return tensor

    # ── the graph ──

    @property
    def node(self) -> Node | None:
        """The node of the graph that computed this tensor; None if nothing is recorded of it."""
        if self._view is not None and self._view.anchor is not self._view.base._node:
            refresh(self)
        return self._node

    @property
    def requires_grad(self) -> bool:
        """Whether operations on this tensor are recorded. Settable on leaves."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for a gradient (or no longer). Only floating-point leaves can have one."""
        if not self.is_leaf:
            if requires_grad:
                return self
            raise GraphError(message("requires_grad_", "a leaf is required to switch it off", "the result of an operation", "use detach()"))
        if not requires_grad:
            self._node = None
        elif self._array.dtype.kind not in "fc":
            raise DtypeError(message(
                "requires_grad_", "only floating-point tensors have gradients", str(self.dtype), "convert first: x.float()",
            ))  # fmt: skip
        elif self._node is None:
            self._node = graph.leaf(self._array, weakref.ref(self))
            if tracing.active:
                tracing.leaf(self)
        return self

    @property
    def is_leaf(self) -> bool:
        """True unless the tensor is the recorded result of an operation."""
        return self.node is None or self.node.op is None

    @property
    def grad_fn(self) -> Node | None:
        """The node of the operation that computed this tensor; None for leaves."""
        return None if self.is_leaf else self.node

    @property
    def grad(self) -> Tensor | None:
        """The gradient accumulated by ``backward()``; None before."""
        if tracing.active:
            tracing.guard(self, "_grad")
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None and (value.shape != self.shape or value.dtype != self.dtype):
            raise ShapeError(message(
                "grad", f"shape {self.shape} and {self.dtype} are required", f"{value.shape} and {value.dtype}",
                "give the gradient the tensor's shape and dtype",
            ))  # fmt: skip
        if tracing.active:
            tracing.assign(self)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self.grad = None

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
        inputs: Tensor | Sequence[Tensor] | None = None,
    ) -> None:  # fmt: skip
        """Add the gradient of this tensor to ``.grad`` of every leaf it depends on (or of ``inputs`` only).

        gradient      dL/d(self), of this shape; left out for a single element, where it is 1
        retain_graph  keep the saved values for another backward pass (default: only with create_graph)
        create_graph  record the pass itself, so that the gradients can be differentiated again
        """
        backward([self], [gradient], retain_graph, create_graph, inputs)

    def detach(self) -> Tensor:
        """This tensor's values, in the same memory, without its history."""
        if tracing.active and self.is_leaf:
            tracing.enter(self)  # a write into what is returned is one into this tensor
        return self._wrap(self._array)

    def detach_(self) -> Tensor:
        """Forget the history of this very tensor: it becomes a leaf."""
        if self._view is not None:
            raise GraphError(message("detach_", "a tensor with memory of its own is required", "a view", "use detach()"))
        self._node = None
        return self

    @property
    def data(self) -> Tensor:
        """The values alone, in the same memory: ``detach()``. A leaf may be given others, of any shape and dtype; the object stays."""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        if isinstance(value, Tensor) and value._array is self._array:  # p.data += step: it is done already
            return
        if not self.is_leaf or self._view is not None:
            raise GraphError(message(
                "data", "a leaf with memory of its own is required", "a view or the result of an operation",
                "use copy_() to write into it",
            ))  # fmt: skip
        self._array, node = as_array(value), self._node
        if node is not None:
            self._node = graph.leaf(self._array, weakref.ref(self))
            self._node.watch = node.watch

    def retain_grad(self) -> None:
        """Keep the gradient of this intermediate result in ``.grad`` too."""
        self._watch().tensor = weakref.ref(self)

    @property
    def retains_grad(self) -> bool:
        """Whether ``retain_grad()`` was called on this intermediate result."""
        node = self.node
        return node is not None and node.op is not None and node.watch is not None and node.watch.tensor is not None

    def register_hook(self, hook: Callable[[Tensor], Tensor | None]) -> RemovableHandle:
        """Call ``hook(grad)`` when this tensor's gradient is complete; what it returns, unless None, takes the gradient's place."""

        def adapted(g: Any) -> Any:
            lifted = isinstance(g, Tensor)
            given = g if lifted else Tensor._wrap(g)
            result = hook(given)
            if result is None:
                return g
            if tuple(result.shape) != tuple(given.shape):
                raise ShapeError(message(
                    "register_hook", f"a gradient of shape {given.shape} is required", f"{tuple(result.shape)}",
                    "return one of the same shape, or None",
                ))  # fmt: skip
            return result if lifted else as_array(result, given.dtype)

        return RemovableHandle(self._watch().before, adapted)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Tensor], None]) -> RemovableHandle:
        """Call ``hook(tensor)`` each time after ``.grad`` of this leaf was written."""
        if not self.is_leaf:
            raise GraphError(message(
                "register_post_accumulate_grad_hook", "a leaf is required", "the result of an operation", "use register_hook",
            ))  # fmt: skip
        return RemovableHandle(self._watch().after, hook)

    def _watch(self) -> Watch:
        node = self.node
        if node is None:
            raise GraphError(message(
                "hook", "a tensor that requires grad is required", "one that does not", "set requires_grad=True first",
            ))  # fmt: skip
        if node.watch is None:
            node.watch = Watch()
        return node.watch

    __hash__ = object.__hash__

    # ── copies ──

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """A copy of the values and, for a recorded result, of the graph behind it: its leaves are copies too."""
        if id(self) in memo:
            return memo[id(self)]  # type: ignore[no-any-return]
        copied = type(self).__new__(type(self))
        memo[id(self)] = copied
        copied._array, copied._grad, copied._view, copied._node = self._array.copy(), None, None, None
        if self._grad is not None:
            copied._grad = copy.deepcopy(self._grad, memo)
        if self.node is not None:
            copied._node = copied_graph(self.node, memo)
            if self.is_leaf and copied._node.watch is not None:
                copied._node.watch.tensor = weakref.ref(copied)
        for name, value in getattr(self, "__dict__", {}).items():
            setattr(copied, name, copy.deepcopy(value, memo))
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        """Pickled are the values, requires_grad and .grad: the graph stays behind, and the copy is a leaf."""
        return rebuilt, (type(self), self._array, self.requires_grad, self._grad, dict(getattr(self, "__dict__", {})))

    # ── operators: the ops, with either side a tensor ──

    def __getitem__(self, index: Any) -> Tensor:
        index, basic = normalized(index)
        return self._apply(GETITEM if basic else GETITEMS, (self,), {"index": index})  # type: ignore[no-any-return]

    def __setitem__(self, index: Any, value: Any) -> None:
        set_item(self, normalized(index)[0], value)

    __add__, __radd__ = operators(ops.add, np.add)
    __sub__, __rsub__ = operators(ops.sub, np.subtract)
    __mul__, __rmul__ = operators(ops.mul, np.multiply)
    __matmul__, __rmatmul__ = operators(ops.matmul)
    __truediv__, __rtruediv__ = operators(ops.true_divide, np.true_divide)
    __floordiv__, __rfloordiv__ = operators(ops.floor_divide)
    __mod__, __rmod__ = operators(ops.remainder)
    __pow__, __rpow__ = operators(ops.pow)
    __and__, __rand__ = operators(ops.bitwise_and)
    __or__, __ror__ = operators(ops.bitwise_or)
    __xor__, __rxor__ = operators(ops.bitwise_xor)
    __lshift__, __rlshift__ = operators(ops.bitwise_left_shift)
    __rshift__, __rrshift__ = operators(ops.bitwise_right_shift)
    __lt__, __gt__ = operators(ops.lt)
    __le__, __ge__ = operators(ops.le)
    __eq__, __ne__ = equality(ops.eq), equality(ops.ne)
    __iadd__, __isub__, __imul__, __itruediv__ = Methods.add_, Methods.sub_, Methods.mul_, Methods.true_divide_
    __ifloordiv__, __imod__, __ipow__ = Methods.floor_divide_, Methods.remainder_, Methods.pow_
    __iand__, __ior__, __ixor__ = Methods.bitwise_and_, Methods.bitwise_or_, Methods.bitwise_xor_
    __ilshift__, __irshift__ = Methods.bitwise_left_shift_, Methods.bitwise_right_shift_
    __neg__, __pos__, __abs__, __invert__ = ops.neg, ops.positive, ops.abs, ops.bitwise_not

    # ── writing: see inplace.py ──

    def copy_(self, src: Any, non_blocking: bool = False) -> Tensor:
        """Write the values of src, which broadcasts to this shape, into this tensor."""
        return assign(self, src if isinstance(src, Tensor) else Tensor(src), "copy_", cast=True)

    def fill_(self, value: Any) -> Tensor:
        """Write one value, a number or a 0-d tensor, into every element."""
        if not isinstance(value, Tensor):
            require_value("fill_", value)
            try:
                value = Tensor(np.asarray(value, self.dtype))
            except TypeError:
                raise DtypeError(message("fill_", f"a value that fits {self.dtype} is required", repr(value))) from None
        if value._array.ndim:
            raise ShapeError(message("fill_", "a number or a 0-d tensor is required", f"shape {value.shape}", "copy_ broadcasts"))
        return assign(self, value, "fill_", cast=True)

    def _receive(self, value: Any, name: str) -> None:
        """Be the ``out=`` of an op: take its result, of this shape, and of a dtype that this one can hold."""
        if recording() and (self.requires_grad or getattr(value, "requires_grad", False)):
            raise GraphError(message(
                f"{name} with out=", "tensors that do not require grad are required, for nothing is recorded of what is written",
                "one that does", "leave out= away, or compute under no_grad()",
            ))  # fmt: skip
        value = as_array(value)
        if not np.can_cast(value.dtype, self.dtype, "same_kind"):
            raise DtypeError(message(
                f"{name} with out=", f"an out that can hold {value.dtype} is required", str(self.dtype), f"make it of dtype {value.dtype}",
            ))  # fmt: skip
        if value.shape != self._array.shape:
            if self._array.size:
                raise ShapeError(message(
                    f"{name} with out=", f"an out of shape {value.shape}, or an empty one, is required", str(self.shape),
                    "give it the shape of the result",
                ))  # fmt: skip
            self.resize_(value.shape)
        self.copy_(value)

    def zero_(self) -> Tensor:
        """Write zero into every element."""
        return self.fill_(0)

    def fill_diagonal_(self, fill_value: Any, wrap: bool = False) -> Tensor:
        """Write one value into the elements whose indices are all equal. wrap: in a matrix with more rows, begin anew every columns + 1."""
        if self.ndim < 2 or (self.ndim > 2 and len(set(self.shape)) > 1):
            raise ShapeError(message("fill_diagonal_", "a matrix, or more dims of one length, is required", f"shape {self.shape}"))
        on = np.zeros(self.shape, bool)
        np.fill_diagonal(on, True, wrap=wrap)
        self.masked_fill_(Tensor(on), fill_value)
        return self

    # ── dtype and memory ──

    def resize_(self, *size: Any) -> Tensor:
        """Give this tensor another shape: its elements in order as far as there is room for them, zeros after them."""
        shape = integers("resize_", size)
        if min(shape, default=0) < 0:
            raise ShapeError(message("resize_", "sizes of 0 or more are required", str(shape)))
        if self.requires_grad or self._view is not None:
            raise GraphError(message(
                "resize_", "a tensor with memory of its own that does not require grad is required", "another", "use reshape or narrow",
            ))  # fmt: skip
        resized = np.zeros(shape, self._array.dtype)
        count = min(resized.size, self._array.size)
        resized.reshape(-1)[:count] = self._array.reshape(-1)[:count]
        self._array = resized
        return self

    def resize_as_(self, other: Tensor) -> Tensor:
        """``resize_`` to the shape of another tensor."""
        return self.resize_(other.shape)

    def to(self, *args: Any, dtype: Any = None, device: Any = None, copy: bool = False, non_blocking: bool = False) -> Tensor:
        """This tensor under another dtype: ``x.to(autograd.float64)``, ``x.to(other)``, ``x.to("cpu")``. Itself if nothing changes."""
        for arg in args:
            if isinstance(arg, Tensor):
                dtype = arg.dtype
            elif isinstance(arg, str):
                device = arg
            elif arg is not None and not isinstance(arg, bool):
                dtype = arg
        flags = [arg for arg in args if isinstance(arg, bool)]  # non_blocking, copy
        copy = copy or flags[1:] == [True]
        if device is not None:
            Device(device)
        dtype = self.dtype if dtype is None else np.dtype(dtype)
        if dtype == self.dtype:
            return self.clone() if copy else self
        if dtype.kind in "fc":
            return ops.cast(self, dtype=dtype)
        if tracing.active:
            tracing.enter(self)
        return Tensor._wrap(self._array.astype(dtype))

    astype = to

    def type(self, dtype: Any = None) -> Any:
        """This tensor under another dtype; without one, the name of its own."""
        return str(self.dtype) if dtype is None else self.to(np.dtype(dtype))

    def type_as(self, other: Tensor) -> Tensor:
        """This tensor under the dtype of another."""
        return self.to(other.dtype)

    def cpu(self) -> Tensor:
        """This tensor: it is there already."""
        return self

    def cuda(self, *args: Any, **kwargs: Any) -> Tensor:
        """Raises: this library computes on the CPU only."""
        return self.to(Device("cuda"))

    # ── NumPy's protocols: np.exp(x), np.concatenate([x, y]) follow NumPy's meaning and stay differentiable ──

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return call_ufunc(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return call_function(function, args, kwargs)


new = Tensor.__new__
GETITEM: Op = ops.getitem.op  # type: ignore[attr-defined]
GETITEMS: Op = ops.getitems.op  # type: ignore[attr-defined]


def converted(op: Op, arrays: list[Any]) -> list[Any]:
    """The arguments of op under one dtype."""
    count = len(arrays) if op.variadic else op.arity
    if count == 2 == len(arrays):  # by far the commonest case: a float tensor and a Python number
        a, b = arrays
        if type(b) is float or type(b) is int:
            if (dtype := getattr(a, "dtype", None)) is float32 or dtype is float64:
                return [a, constants[dtype][b]]
        elif (type(a) is float or type(a) is int) and ((dtype := getattr(b, "dtype", None)) is float32 or dtype is float64):
            return [constants[dtype][a], b]
    for value in arrays[:count]:
        if value is not None and type(value) not in NUMBERS and not hasattr(value, "dtype"):
            raise DtypeError(message(
                op.name, "tensors, arrays or numbers are required", type(value).__name__, "convert it first: autograd.tensor(...)",
            ))  # fmt: skip
    result = promoted(arrays[:count], floating=op.convert == "float")
    if op.convert == "float" and result[0].dtype.kind == "c" and not op.complex:
        raise of_reals(op, result[0].dtype)
    return result + arrays[count:]


def of_reals(op: Op, dtype: Any) -> DtypeError:
    """What is said where complex numbers meet an op for real ones."""
    return DtypeError(message(op.name, "real numbers are required", str(dtype), "compute with their abs(), or their real and imag parts"))


def shares(y: Any, source: Any) -> bool:
    """Whether y is a view of source, or of what source is a view of."""
    return y is source or (y.base is not None and (y.base is source or y.base is source.base))


def several(op: Op, y: Any, args: Any, arrays: list[Any], parents: list[Any], needs: int, params: dict[str, Any]) -> Any:
    """The tensors of an op with several outputs: a tuple, named if the kernel's was."""
    node = record(op, arrays, tuple(parents), needs, params, tuple(y), 4) if needs and op.differentiable and recording() else None
    nodes = [graph.output(node, i) if node is not None and part.dtype.kind in "fc" else None for i, part in enumerate(y)]
    parts = [Tensor._wrap(part, part_node) for part, part_node in zip(y, nodes, strict=True)]
    if op.view and isinstance(args[0], Tensor):
        for part in parts:
            part._view = view_of(args[0], None)
    return type(y)(*parts) if hasattr(y, "_fields") else tuple(parts)


def explained(error: Exception, op: Op, args: Sequence[Any]) -> Exception:
    """What NumPy said, as an error that names the op, what it was given, the user's line, and what to do."""
    if isinstance(error, AutogradError):
        return error
    if not op.complex and (dtypes := [arg.dtype for arg in args if getattr(getattr(arg, "dtype", None), "kind", "") == "c"]):
        return of_reals(op, dtypes[0])
    texts = [f"{arg.shape} {arg.dtype}" if isinstance(arg, Tensor | np.ndarray) else repr(arg)[:60] for arg in args]
    given = " and ".join(texts) or "nothing"
    said = str(error).strip().rstrip(".")
    if isinstance(error, IndexError):
        return DimError(message(op.name, said, given, "choose a dim or an index that the tensor has"))
    if isinstance(error, ValueError) and "broadcast" in said:
        return ShapeError(message(
            op.name, "shapes that broadcast are required: equal or 1 in each dim, counted from the last", given,
            "reshape or unsqueeze one of them",
        ))  # fmt: skip
    if isinstance(error, ValueError):
        return ShapeError(message(op.name, said, given, "check the shapes"))
    if isinstance(error, TypeError):
        return DtypeError(message(op.name, said, given, "check the number and the dtypes of the arguments"))
    error.add_note(f"in {op.name} of {given}, at {here()}")
    return error


def rebuilt(kind: type[Tensor], array: Any, requires_grad: bool, grad: Tensor | None, attributes: dict[str, Any]) -> Tensor:
    """A tensor out of its pickle."""
    tensor = kind.__new__(kind)
    tensor._array, tensor._grad, tensor._view, tensor._node = array, grad, None, None
    if requires_grad:
        tensor._node = graph.leaf(array, weakref.ref(tensor))
    for name, value in attributes.items():
        setattr(tensor, name, value)
    return tensor


def copied_graph(root: Node, memo: dict[int, Any]) -> Node:
    """A copy of the graph behind root. Arrays that ops saved are never written to, and are shared."""
    for node in topological_order(root):
        if id(node) in memo:
            continue
        twin = memo[id(node)] = Node()
        for slot in Node.__slots__:
            if slot != "kept":  # what a picture looks at belongs to the first graph
                setattr(twin, slot, getattr(node, slot))
        twin.number, twin.watch = next(graph.number), None
        twin.parents = tuple(None if parent is None else memo[id(parent)] for parent in node.parents)
        if isinstance(node.args, tuple):
            twin.args = tuple(memo[id(arg)] if isinstance(arg, Node) else arg for arg in node.args)
        if node.op is None:
            twin.watch = Watch()
            tensor = node.watch and node.watch.tensor and node.watch.tensor()
            if tensor is not None:
                twin.watch.tensor = weakref.ref(copy.deepcopy(tensor, memo))
    return memo[id(root)]  # type: ignore[no-any-return]


def backward(
    tensors: Tensor | Sequence[Tensor], grad_tensors: Any = None, retain_graph: bool | None = None, create_graph: bool = False,
    inputs: Tensor | Sequence[Tensor] | None = None,
) -> None:  # fmt: skip
    """Add the gradients of the sum of tensors, each weighted by its entry of grad_tensors, to ``.grad`` of the leaves.

    The other arguments are those of ``Tensor.backward``.
    """
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    grads = [grad_tensors] * len(tensors) if grad_tensors is None or isinstance(grad_tensors, Tensor) else list(grad_tensors)
    seeds = seeded("backward", tensors, grads, create_graph)
    order = topological_order(*seeds)
    if inputs is None:
        receivers = {node: node.watch.tensor for node in order if node.watch is not None and node.watch.tensor is not None}
    else:
        inputs = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        receivers = {input_node("backward", tensor): weakref.ref(tensor) for tensor in inputs}
    needed = None if inputs is None else leading_to(order, receivers)
    found = run_backward(order, seeds, receivers, needed, create_graph, create_graph if retain_graph is None else retain_graph)
    for node, g in found.items():
        if (tensor := receivers[node]()) is None:
            continue
        held = tensor.grad
        if tracing.active:
            tracing.assign(tensor)
        if held is None:
            tensor._grad = g if isinstance(g, Tensor) else Tensor._wrap(g)
        elif create_graph or held.requires_grad:
            tensor._grad = held + g
        else:
            if tracing.active:
                tracing.enter(held)
            np.add(held._array, g, out=held._array)
            writes.record(held._array)
        if node.watch is not None and node.watch.after:
            for hook in tuple(node.watch.after.values()):
                hook(tensor)


def input_node(name: str, tensor: Tensor) -> Node:
    """The node of a tensor that a gradient is asked for."""
    if tensor.node is None:
        raise GraphError(message(
            name, "inputs that require grad are required", "one that does not", "set requires_grad=True before computing with it",
        ))  # fmt: skip
    return tensor.node


def seeded(name: str, tensors: Sequence[Tensor], grads: Sequence[Any], create_graph: bool) -> dict[Node, Any]:
    """What the pass starts from: the gradient of each output, by node."""
    if len(tensors) != len(grads):
        raise ArgumentError(message(name, f"one gradient per output ({len(tensors)}) is required", str(len(grads))))
    seeds: dict[Node, Any] = {}
    for tensor, given in zip(tensors, grads, strict=True):
        node, array = tensor.node, tensor._array
        if node is None:
            raise GraphError(message(
                name, "a tensor computed from one with requires_grad=True is required", "one that no recorded operation led to",
                "set requires_grad=True on the inputs, and compute it outside no_grad() and without detach()",
            ))  # fmt: skip
        if given is None:
            if array.dtype.kind == "c":
                raise DtypeError(message(
                    name, "a real number is required, for what is to be minimised must have an order", f"one of {array.dtype}",
                    "take its abs(), or real part, or pass gradient=",
                ))  # fmt: skip
            if array.size != 1:
                raise ShapeError(message(
                    name, f"a gradient of shape {tensor.shape} is required, for only a single element implies 1", "none",
                    "reduce to one number first, as in loss.mean(), or pass gradient=",
                ))  # fmt: skip
            g: Any = tracing.constant(np.ones(array.shape, array.dtype))
        else:
            g = given if isinstance(given, Tensor) else as_array(given)
            if tuple(g.shape) != tuple(tensor.shape):
                raise ShapeError(message(
                    name, f"a gradient of shape {tensor.shape} is required", f"{tuple(g.shape)}", "pass one of the output's shape",
                ))  # fmt: skip
            g = g if create_graph else (g._array if isinstance(g, Tensor) else g).astype(tensor.dtype, copy=False)
        if create_graph and not isinstance(g, Tensor):
            g = Tensor._wrap(g)
        seeds[node] = seeds[node] + g if node in seeds else g
    return seeds


def run_backward(
    order: Sequence[Node], seeds: dict[Node, Any], wanted: Container[Node], needed: set[Node] | None, create_graph: bool, retain_graph: bool
) -> dict[Node, Any]:
    """The backward pass: recorded with create_graph, else on bare arrays. NumPy's warnings are off: the rules mean their 0/0."""
    before = recording()
    set_recording(create_graph)
    try:
        with silent():
            return backpropagate(order, seeds, wanted, needed=needed, lift=Tensor._wrap if create_graph else None, free=not retain_graph)
    finally:
        set_recording(before)
