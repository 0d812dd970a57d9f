"""Where tensors live: in memory, on the CPU. The name exists so that programs that say where run unchanged."""
from __future__ import annotations

from typing import Any, Self

from autograd.errors import ArgumentError, message


class device(str):
    """``device("cpu")``: equal to the string, with PyTorch's ``type`` and ``index``."""

    __slots__ = ()
    index: None = None  # type: ignore[assignment]  # PyTorch's device number takes the name of str.index

    def __new__(cls, name: Any = "cpu") -> Self:
        if str(name) not in ("cpu", "cpu:0"):
            raise ArgumentError(message(
                "device", "this library computes on the CPU only", repr(str(name)), 'use "cpu" or leave the argument out',
            ))  # fmt: skip
        return super().__new__(cls, "cpu")

    @property
    def type(self) -> str:
        """The kind of device: "cpu"."""
        return "cpu"


CPU = device()
