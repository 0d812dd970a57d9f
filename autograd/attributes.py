"""What a tensor is: facts about it, and its ways out of the library, to NumPy, to Python's numbers and lists, to text."""
from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from autograd import ops, tracing
from autograd.arrays import as_array
from autograd.device import CPU
from autograd.errors import DimError, DtypeError, GraphError, ShapeError, message
from autograd.formatting import tensor_text
from autograd.methods import Methods
from autograd.modes import recording

if TYPE_CHECKING:
    from autograd.tensor import Tensor


class Attributes(Methods):
    """The part of Tensor that says what it is."""

    __slots__ = ()

    if TYPE_CHECKING:
        _array: np.ndarray[Any, Any]
        node: Any
        requires_grad: bool

    # ── attributes ──

    shape = property(lambda self: self._array.shape, doc="Length along each dim.")
    dtype = property(lambda self: self._array.dtype, doc="NumPy dtype of the elements.")
    ndim = property(lambda self: self._array.ndim, doc="Number of dims.")
    itemsize = property(lambda self: self._array.itemsize, doc="Bytes per element.")
    nbytes = property(lambda self: self._array.nbytes, doc="Bytes of all elements.")
    T = property(lambda self: ops.permute(self, tuple(reversed(range(self._array.ndim)))), doc="The dims in reverse order.")
    mT = property(lambda self: ops.mT(self), doc="The last two dims exchanged.")
    H = property(lambda self: ops.H(self), doc="The conjugate transpose of a matrix.")
    mH = property(lambda self: ops.mH(self), doc="The last two dims exchanged, the numbers conjugated.")
    real = property(lambda self: ops.real(self), lambda self, value: _put(ops.real(self), value), doc="The real parts, as a view.")
    imag = property(lambda self: ops.imag(self), lambda self, value: _put(ops.imag(self), value), doc="The imaginary parts, as a view.")
    is_cuda = is_sparse = is_quantized = property(lambda self: False)
    is_cpu = property(lambda self: True)
    device = property(lambda self: CPU, doc="Always the CPU.")
    output_nr = 0

    def get_device(self) -> int:
        """The number of its GPU: -1, for it is on the CPU."""
        return -1

    def size(self, dim: int | None = None) -> Any:
        """The shape, or its length along dim."""
        if dim is not None and not -self.ndim <= dim < self.ndim:
            raise DimError(message(
                "size", f"a dim of a tensor of shape {self.shape} is required", str(dim), f"choose from {-self.ndim} to {self.ndim - 1}",
            ))  # fmt: skip
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        """Number of elements."""
        return int(self._array.size)

    nelement = numel

    def dim(self) -> int:
        """Number of dims."""
        return int(self._array.ndim)

    ndimension = dim

    def element_size(self) -> int:
        """Bytes per element."""
        return int(self._array.itemsize)

    def stride(self, dim: int | None = None) -> Any:
        """Elements to step over from one to the next along each dim, or along one."""
        strides = tuple(step // self._array.itemsize for step in self._array.strides)
        return strides if dim is None else strides[dim]

    def data_ptr(self) -> int:
        """The address of its first element."""
        return int(self._array.__array_interface__["data"][0])

    def storage_offset(self) -> int:
        """Elements between the beginning of its memory, which it may share with others, and its first one."""
        array = self._array
        while isinstance(array.base, np.ndarray):
            array = array.base
        return (self.data_ptr() - int(array.__array_interface__["data"][0])) // self._array.itemsize

    def is_contiguous(self) -> bool:
        """Whether the elements lie in memory in order."""
        return bool(self._array.flags.c_contiguous)

    def is_floating_point(self) -> bool:
        """Whether the dtype is a floating-point one."""
        return bool(self._array.dtype.kind == "f")

    def is_complex(self) -> bool:
        """Whether the dtype is a complex one."""
        return bool(self._array.dtype.kind == "c")

    def is_signed(self) -> bool:
        """Whether the dtype has negative numbers."""
        return bool(self._array.dtype.kind in "ifc")

    def is_same_size(self, other: Tensor) -> bool:
        """Whether the other tensor has this shape."""
        return bool(self._array.shape == other._array.shape)

    def is_nonzero(self) -> bool:
        """Whether the only element is not zero."""
        return bool(self)

    def is_pinned(self) -> bool:
        """Whether the memory is reserved for copies to a GPU: it never is."""
        return False

    def pin_memory(self) -> Self:
        """This tensor: there is no GPU to copy to."""
        return self

    # ── leaving the library ──

    def numpy(self, *, force: bool = False) -> Any:
        """The values as a NumPy array in the same memory. A tensor that requires grad has to be detached first (or ``force=True``)."""
        if not force and recording() and self.requires_grad:
            raise GraphError(message(
                "numpy", "a tensor that does not require grad is required, for NumPy records nothing", "one that does",
                "use x.detach().numpy()",
            ))  # fmt: skip
        if tracing.active:
            tracing.enter(self)
            return tracing.shown(self._array)
        return self._array

    def __dlpack__(self, **options: Any) -> Any:
        return self.numpy().__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self._array.__dlpack_device__()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

    def item(self) -> Any:
        """The only element as a Python number."""
        if tracing.active:
            tracing.enter(self)
        if self._array.size != 1:
            raise ShapeError(message(
                "item", "a tensor with one element is required", f"shape {self.shape}", "use tolist(), or pick one element first",
            ))  # fmt: skip
        return self._array.item()

    def tolist(self) -> Any:
        """The values as nested lists of Python numbers."""
        if tracing.active:
            tracing.enter(self)
        return self._array.tolist()

    def __bool__(self) -> bool:
        if tracing.active:
            tracing.enter(self)
        if self._array.size != 1:
            raise ShapeError(message(
                "bool", "a tensor with one element is required to decide a condition", f"shape {self.shape}", "use .any() or .all()",
            ))  # fmt: skip
        return bool(self._array)

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self._array.dtype.kind not in "iub":
            raise DtypeError(message(
                "index", "an integer tensor is required as a Python index", str(self.dtype), "convert first: x.long()",
            ))  # fmt: skip
        return int(self.item())

    def __len__(self) -> int:
        if not self.shape:
            raise DtypeError(message("len", "a tensor with at least one dim is required", "a 0-d tensor", "use numel()"))
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Tensor]:
        if not self.shape:
            raise DtypeError(message("iteration", "a tensor with at least one dim is required", "a 0-d tensor", "use item()"))
        return iter(ops.unbind(self, 0))

    def __contains__(self, value: Any) -> bool:
        return bool((self._array == as_array(value)).any())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self._array.size == 1 else str(self)

    def __repr__(self) -> str:
        node = self.node
        return tensor_text(self._array, node.name if node is not None and node.op is not None else None, node is not None)


def _put(part: Tensor, value: Any) -> None:
    """``z.real = value``: write into the view."""
    part.copy_(value)
