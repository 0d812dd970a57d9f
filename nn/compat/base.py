"""``torch`` itself, where it differs from ``autograd``: types that construct, dtypes that NumPy lacks, switches, ``compile``."""
from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd as ag
from autograd.dtypes import result_dtype
from autograd.errors import ArgumentError, DtypeError, message
from nn.compat.amp import GradScaler, autocast
from nn.compat.machine import false, nothing

# ── types ──


class TensorType(type):
    """The type of ``torch.Tensor`` and ``torch.LongTensor``: they make tensors of ``autograd``, and those are their instances.

    A program's own subclass of them is an ordinary one.
    """

    kind: Any

    def __call__(cls, *data: Any, **kwargs: Any) -> Any:
        if "kind" not in cls.__dict__:
            return super().__call__(*data, **kwargs)
        dtype = cls.kind or ag.get_default_dtype()
        requires_grad = kwargs.pop("requires_grad", False)
        ag.device(kwargs.pop("device", "cpu"))
        if kwargs:
            raise ArgumentError(message(
                f"torch.{cls.__name__}", "no other named arguments than device are taken", ", ".join(kwargs), "use torch.tensor(...)",
            ))
        if all(isinstance(size, int) for size in data):
            return ag.empty(data or (0,), dtype=dtype, requires_grad=requires_grad)
        if cls.kind is None and isinstance(data[0], ag.Tensor):
            return data[0].detach().requires_grad_() if requires_grad else data[0]
        return ag.tensor(data[0], dtype=dtype, requires_grad=requires_grad)

    def __instancecheck__(cls, value: Any) -> bool:
        if "kind" not in cls.__dict__:
            return super().__instancecheck__(value)
        return isinstance(value, ag.Tensor) and (cls.kind is None or value.dtype == cls.kind)


class Tensor(ag.Tensor, metaclass=TensorType):
    """``Tensor([1, 2])``: data as floats; ``Tensor(2, 3)``: a tensor of that shape, its values arbitrary. Any tensor is an instance."""

    __slots__ = ()
    kind = None


def typed(name: str, dtype: Any) -> Any:
    """The type of the tensors of one dtype. ``x.type(torch.LongTensor)`` reads its ``dtype``."""
    return TensorType(name, (Tensor,), {"__slots__": (), "kind": dtype, "dtype": dtype, "__doc__": f"Tensors of {dtype}."})


FloatTensor, DoubleTensor, HalfTensor = typed("FloatTensor", ag.float32), typed("DoubleTensor", ag.float64), typed("HalfTensor", ag.float16)
LongTensor, IntTensor, ShortTensor = typed("LongTensor", ag.int64), typed("IntTensor", ag.int32), typed("ShortTensor", ag.int16)
CharTensor, ByteTensor, BoolTensor = typed("CharTensor", ag.int8), typed("ByteTensor", ag.uint8), typed("BoolTensor", ag.bool)

dtype, Size, finfo, iinfo = np.dtype, tuple, np.finfo, np.iinfo
e, pi, inf, nan, newaxis = math.e, math.pi, math.inf, math.nan, None


class MissingDtype:
    """A dtype that NumPy does not have. It has a name, so that programs may speak of it; asked for, it raises."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    @property
    def dtype(self) -> Any:
        """What NumPy asks an object for that stands for a dtype."""
        raise DtypeError(message(f"torch.{self.name}", "a dtype that NumPy has is required", self.name, "use torch.float32"))


bfloat16 = MissingDtype("bfloat16")
contiguous_format, preserve_format = "contiguous_format", "preserve_format"


def is_tensor(obj: Any) -> bool:
    """Whether this is a tensor."""
    return isinstance(obj, ag.Tensor)


def result_type(tensor1: Any, tensor2: Any) -> Any:
    """The dtype that comes out of arithmetic with these: tensors or numbers."""
    return result_dtype([tensor1, tensor2])


def promote_types(type1: Any, type2: Any) -> Any:
    """The smallest dtype that both go into."""
    return result_dtype([np.empty(1, type1), np.empty(1, type2)])


# ── switches that have nothing to switch ──

set_printoptions = set_float32_matmul_precision = use_deterministic_algorithms = set_deterministic_debug_mode = nothing
set_flush_denormal = set_warn_always = set_num_interop_threads = nothing
is_autocast_enabled = is_anomaly_enabled = is_distributed = false


def get_float32_matmul_precision() -> str:
    """The answer is "highest": products of float32 matrices are those of float32."""
    return "highest"


def are_deterministic_algorithms_enabled() -> bool:
    """True: the same program gives the same numbers."""
    return True


def set_default_device(device: Any) -> None:
    """Raises for any device but the CPU."""
    if device is not None:
        ag.device(device)


def get_default_device() -> Any:
    """The CPU."""
    return ag.device("cpu")


def set_default_tensor_type(t: Any) -> None:
    """The default dtype by the type of its tensors: ``torch.DoubleTensor``, or its name as a string."""
    found = globals().get(t.removeprefix("torch."), t) if isinstance(t, str) else t
    if getattr(found, "kind", None) is None:
        raise DtypeError(message("torch.set_default_tensor_type", "a type such as torch.DoubleTensor is required", repr(t)))
    ag.set_default_dtype(found.kind)


# ── compile ──

MODES = (None, "default", "reduce-overhead", "max-autotune", "max-autotune-no-cudagraphs")


def compile(
    model: Callable[..., Any] | None = None, *, fullgraph: bool = False, dynamic: bool | None = None, backend: Any = "inductor",
    mode: str | None = None, options: dict[str, Any] | None = None, disable: bool = False,
) -> Any:  # fmt: skip
    """``autograd.compile`` with PyTorch's arguments.

    fullgraph  either: a function is captured whole, or CaptureError names the line that prevents it
    dynamic    either: each combination of shapes has a program of its own
    backend    "inductor", which stands for the only one there is, or "eager": the function as it is
    mode       any of PyTorch's: they differ in the time that is spent, not in the numbers
    options    None: those of other compilers mean nothing here
    disable    return the function as it is
    """
    if backend not in ("inductor", "eager"):
        raise ArgumentError(message("torch.compile", 'a backend "inductor" or "eager" is required', repr(backend), "leave it out"))
    if mode not in MODES:
        raise ArgumentError(message("torch.compile", f"a mode out of {', '.join(map(str, MODES))} is required", repr(mode), "leave it out"))
    if options:
        raise ArgumentError(message("torch.compile", "options=None is required", repr(options), "leave it out"))
    if model is None:
        return functools.partial(
            compile, fullgraph=fullgraph, dynamic=dynamic, backend=backend, mode=mode, options=options, disable=disable
        )  # fmt: skip
    return model if disable or backend == "eager" else ag.compile(model)


__all__ = [
    "BoolTensor", "ByteTensor", "CharTensor", "DoubleTensor", "FloatTensor", "GradScaler", "HalfTensor", "IntTensor", "LongTensor",
    "ShortTensor", "Size", "Tensor", "are_deterministic_algorithms_enabled", "autocast", "bfloat16", "compile", "contiguous_format",
    "dtype", "e", "finfo", "get_default_device", "get_float32_matmul_precision", "iinfo", "inf", "is_anomaly_enabled",
    "is_autocast_enabled", "is_distributed", "is_tensor", "nan", "newaxis", "pi", "preserve_format", "promote_types",
    "result_type", "set_default_device", "set_default_tensor_type", "set_deterministic_debug_mode", "set_float32_matmul_precision",
    "set_flush_denormal", "set_num_interop_threads", "set_printoptions", "set_warn_always", "use_deterministic_algorithms",
]  # fmt: skip
