"""The array that stands for another one while a function is captured: it does what arrays do, and has every call written down.

NumPy's own protocols bring the calls here, whoever makes them: kernels, derivative rules, optimisers, the user. The values are there
too, for the run is a real one; they are only not shown to Python, whose branches could not be taken again.
"""
from __future__ import annotations

import functools
import operator
import weakref
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from autograd import tracing
from autograd.compile.live import Live
from autograd.compile.program import Slot, mapped
from autograd.dtypes import get_default_dtype
from autograd.errors import CaptureError, message
from autograd.op import Recorder
from autograd.tensor import Tensor
from autograd.tracing import TracedArray

if TYPE_CHECKING:
    from autograd.compile.capture import Capture

# Answered from shapes and dtypes: nothing to record.
METADATA: set[Any] = {
    np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj, np.isrealobj, np.can_cast, np.may_share_memory, np.shares_memory,
    np.common_type, np.min_scalar_type,
}  # fmt: skip
# New memory after the model of an array.
LIKE: set[Any] = {np.empty_like, np.zeros_like, np.ones_like}
# Written to in place: not traced, so that the kernel that does it is recorded whole.
WRITERS = {np.put, np.place, np.putmask, np.put_along_axis, np.fill_diagonal}
# Methods of arrays by the ufunc method they are, which can write into a given buffer.
REDUCTIONS = {
    "sum": np.add.reduce, "prod": np.multiply.reduce, "max": np.maximum.reduce, "min": np.minimum.reduce, "all": np.logical_and.reduce,
    "any": np.logical_or.reduce,
}  # fmt: skip
POWERS = {2: np.square, 0.5: np.sqrt, -1: np.reciprocal, 1: np.positive}  # what ``array ** number`` is short for


def writable_diagonal(*args: Any, **kwargs: Any) -> Any:
    """``np.diagonal``, to be written to as kernels do."""
    view = np.diagonal(*args, **kwargs)
    view.flags.writeable = True
    return view


def refuse(what: str, remedy: str = "") -> NoReturn:
    """Raise for what depends on values that are not known yet."""
    raise CaptureError(message(
        "compile", "values are known only when the compiled function runs", what,
        remedy or "use where() for a branch, autograd.dynamic() for a number from outside, or leave this part out of the compiled function",
    ))  # fmt: skip


class Traced(TracedArray, np.lib.mixins.NDArrayOperatorsMixin):
    """Stands for one array of the program."""

    __slots__ = ("__weakref__", "capture", "holders", "parent", "slot", "value")

    def __init__(self, capture: Capture, slot: Slot, value: np.ndarray[Any, Any], parent: Traced | None = None) -> None:
        self.capture, self.slot, self.value, self.parent = capture, slot, value, parent
        self.holders: tuple[weakref.ref[Tensor], ...] = ()  # tensors that show this array
        slot.memory.live += 1
        capture.traced[slot] = weakref.ref(self)

    def __del__(self) -> None:
        self.slot.memory.live -= 1
        self.capture.traced.pop(self.slot, None)

    def hold(self, tensor: Tensor) -> None:
        """Note a tensor that shows this array."""
        self.holders += (weakref.ref(tensor),)

    # ── what is known ──

    shape = property(lambda self: self.value.shape)
    dtype = property(lambda self: self.value.dtype)
    ndim = property(lambda self: self.value.ndim)
    size = property(lambda self: self.value.size)
    itemsize = property(lambda self: self.value.itemsize)
    nbytes = property(lambda self: self.value.nbytes)
    strides = property(lambda self: self.value.strides)
    flags = property(lambda self: self.value.flags)
    T = property(lambda self: self.transpose())
    real = property(lambda self: self.capture.call(np.real, (self,), {}))
    imag = property(lambda self: self.capture.call(np.imag, (self,), {}))

    @property
    def base(self) -> Any:
        """The array this one is a view of."""
        return self.parent if self.parent is not None else None

    def __len__(self) -> int:
        return len(self.value)

    def __repr__(self) -> str:
        return f"<traced {self.dtype} {self.shape}>"

    # ── what is not ──

    def known(self, what: str) -> np.ndarray[Any, Any]:
        """The values, if they may be shown: those of a constant, or to what is not part of the program."""
        if not self.capture.open and self.slot.array is None:
            raise CaptureError(message(
                "compile", "an array made inside a compiled function ends with it", what,
                "return it, or write it into a tensor with copy_()",
            ))  # fmt: skip
        memory = self.slot.memory
        if tracing.current() is None or (memory.kind == "constant" and not memory.written):
            return self.value
        refuse(what)

    def __bool__(self) -> bool:
        return bool(self.known("a Python branch on one of them"))

    def __float__(self) -> float:
        return float(self.known("float() of one of them"))

    def __int__(self) -> int:
        return int(self.known("int() of one of them"))

    def __index__(self) -> int:
        return operator.index(self.known("one of them as a Python index").item())

    def __complex__(self) -> complex:
        return complex(self.known("complex() of one of them"))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.known("a conversion to a plain array"), dtype=dtype, copy=copy)

    def item(self, *args: Any) -> Any:
        """Refused: a number for Python."""
        return self.known(".item() of one of them").item(*args)

    def tolist(self) -> Any:
        """Refused: numbers for Python."""
        return self.known(".tolist() of some of them").tolist()

    def __contains__(self, value: Any) -> bool:
        return value in self.known("`in` on some of them")

    __hash__ = object.__hash__

    # ── what is recorded ──

    def apart(self, function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        """The result of a call that is not part of the program: in another thread, or in a block that is not traced."""
        self.known(function.__name__)
        return function(*mapped(concrete, args), **mapped(concrete, kwargs))

    def _call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if tracing.current() is not self.capture:
            return self.apart(function, args, kwargs)
        return self.capture.call(function, args, kwargs)

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        for value in inputs:
            if isinstance(value, Recorder):
                return NotImplemented
        if tracing.current() is not self.capture:
            return self.apart(getattr(ufunc, method), inputs, kwargs if out is None else {**kwargs, "out": out})
        if Live in map(type, inputs):
            inputs = numbered(inputs)
        function = ufunc if method == "__call__" else getattr(ufunc, method)
        if method == "at":
            self.capture.untraceable("a write at indices")
        if out is None or all(part is None for part in out):
            return self.capture.call(function, inputs, kwargs)
        if len(out) > 1 or not isinstance(out[0], Traced):
            self.capture.untraceable("a write into a plain array")
        return self.capture.write(out[0], function, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if any(issubclass(kind, Recorder) for kind in types):
            return NotImplemented
        if function in METADATA:
            return function(*mapped(concrete, args), **mapped(concrete, kwargs))
        if tracing.current() is not self.capture:
            return self.apart(function, args, kwargs)
        if function in LIKE:
            return self.capture.constant(function(*mapped(concrete, args), **mapped(concrete, kwargs)))
        if function is np.copyto and isinstance(args[0], Traced):
            return self.capture.write(args[0], np.positive, (args[1],), {name: kwargs[name] for name in ("where",) if name in kwargs})
        if function is np.diagonal:
            function = writable_diagonal
        if function in WRITERS or "out" in kwargs:
            self.capture.untraceable(f"a write by {function.__name__}")
        return self.capture.call(function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        """The methods of arrays."""
        method = getattr(np.ndarray, name, None)
        if method is None or not callable(method) or name.startswith("__"):
            raise AttributeError(name)
        return functools.partial(self._call, method, self)

    def sum(self, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
        """The sum over axis."""
        return np.add.reduce(self, axis, dtype, out, keepdims)  # type: ignore[call-overload]  # it comes back as a call of __array_ufunc__

    def astype(self, dtype: Any, *, copy: bool = True, **kwargs: Any) -> Any:  # noqa: ARG002  order, casting: the layout is NumPy's choice
        """Under another dtype."""
        if not copy and np.dtype(dtype) == self.dtype:
            return self
        return self._call(np.ndarray.astype, self, np.dtype(dtype))

    def view(self, dtype: Any) -> Any:
        """The same bits under another dtype."""
        return self._call(np.ndarray.view, self, np.dtype(dtype))

    def fill(self, value: Any) -> None:
        """Write one value everywhere."""
        self[...] = value

    def __getitem__(self, index: Any) -> Any:
        return self._call(operator.getitem, self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        if tracing.current() is not self.capture:
            self.apart(operator.setitem, (self, index, value), {})
        else:
            self.capture.store(self, index, value)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __pow__(self, exponent: Any) -> Any:
        short = POWERS.get(exponent) if type(exponent) in (int, float) and self.dtype.kind == "f" else None
        return np.power(self, exponent) if short is None else short(self)


for _name, _reduce in REDUCTIONS.items():
    if _name != "sum":

        def _method(self: Traced, axis: Any = None, *, keepdims: bool = False, _reduce: Any = _reduce) -> Any:
            return _reduce(self, axis=axis, keepdims=keepdims)

        setattr(Traced, _name, _method)


def numbered(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Operands with live numbers as arrays of the others' dtype."""
    dtype = next(value.dtype for value in inputs if isinstance(value, Traced | np.ndarray))
    dtype = dtype if dtype.kind in "fc" else get_default_dtype()
    return tuple(value.astype(dtype) if isinstance(value, Live) else value for value in inputs)


def concrete(value: Any) -> Any:
    """An array in place of a traced one."""
    if type(value) is Traced:
        return value.value
    if isinstance(value, slice):
        return slice(*map(concrete, (value.start, value.stop, value.step)))
    return value


def has_mask(index: Any) -> bool:
    """Whether a traced array of booleans is among nested values."""
    if isinstance(index, Traced):
        return bool(index.dtype.kind == "b")
    return isinstance(index, tuple | list) and any(map(has_mask, index))
