"""A captured function as plain data: slots that stand for arrays, and instructions that are calls of NumPy functions on them."""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from autograd.source import Site

Kind = Literal["call", "view", "store", "draw", "dynamic", "opaque", "settle", "check", "region"]

NO_KWARGS: dict[str, Any] = {}  # shared by all calls without any
SEQUENCES = (tuple, list)
CONTAINERS = (*SEQUENCES, dict)
NESTED = (*CONTAINERS, slice)


class Memory:
    """A piece of memory that one or more slots show: views of it share it.

    kind     "input": an argument; "state": an array that was there before and is read and written where it is;
             "constant": made during the capture; "result": written by an instruction
    version  how often it has been written to in place, so far
    live     how many traced arrays show it
    """

    __slots__ = ("kind", "live", "owner", "version")

    def __init__(self, kind: str, owner: Any = None) -> None:
        self.kind, self.owner, self.version, self.live = kind, owner, 0, 0

    @property
    def written(self) -> bool:
        """Whether an instruction writes into it in place."""
        return self.version > 0


class Slot:
    """A value of the program: shape, dtype, layout, and the memory it lies in. ``array`` is set for what exists before the program runs."""

    __slots__ = ("array", "dtype", "index", "memory", "shape", "strides")

    def __init__(self, index: int, memory: Memory, model: np.ndarray[Any, Any], array: Any = None) -> None:
        self.index, self.memory, self.array = index, memory, array
        self.shape, self.strides = model.shape, model.strides
        self.dtype: np.dtype[Any] = model.dtype

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self.dtype.itemsize * self.size

    @property
    def size(self) -> int:
        """Number of elements."""
        n = 1
        for length in self.shape:
            n *= length
        return n

    def __repr__(self) -> str:
        return f"%{self.index}"

    def describe(self) -> str:
        """Name, dtype, shape."""
        return f"%{self.index}: {self.dtype}[{', '.join(map(str, self.shape))}]"


class Instruction:
    """One call: ``outputs = function(*args, **kwargs)``, with slots in place of arrays.

    function  what is called; for a region, the Region
    target    for a store: the slot whose memory is written to (``out=`` of a ufunc, or the object of ``x[index] = value``)
    multiple  the call returns a tuple, with None in outputs for what is no array
    versions  of the memories it reads, when it did
    site      the user's line
    """

    __slots__ = ("_args", "_kwargs", "_name", "_read", "function", "kind", "multiple", "outputs", "site", "target", "versions")

    def __init__(
        self, kind: Kind, function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], outputs: tuple[Slot | None, ...],
        site: Site,
        name: str = "", target: Slot | None = None,
    ) -> None:  # fmt: skip
        self.kind, self.function, self._args, self._kwargs = kind, function, tuple(args), dict(kwargs) if kwargs else NO_KWARGS
        self.outputs, self.site, self.target, self.multiple, self._name = outputs, site, target, False, name
        self._read: tuple[Slot, ...] | None = None
        versions = tuple([slot.memory.version for slot in self._operands()])
        self.versions = versions if any(versions) else ()

    @property
    def args(self) -> tuple[Any, ...]:
        """Positional operands."""
        return self._args

    @args.setter
    def args(self, args: Sequence[Any]) -> None:
        self._args, self._read = tuple(args), None

    @property
    def kwargs(self) -> dict[str, Any]:
        """Operands by keyword."""
        return self._kwargs

    @kwargs.setter
    def kwargs(self, kwargs: dict[str, Any]) -> None:
        self._kwargs, self._read = kwargs, None

    @property
    def name(self) -> str:
        """What the call is known as."""
        return self._name or name_of(self.function)

    @property
    def result(self) -> Slot:
        """The array that a call returns which returns one."""
        (slot,) = self.outputs
        assert slot is not None
        return slot

    def reads(self) -> tuple[Slot, ...]:
        """The slots it reads; a store also those it writes to."""
        return self._operands() if self.target is None else (*self._operands(), self.target)

    def _operands(self) -> tuple[Slot, ...]:
        if self._read is None:
            found = tuple(slots_in((self._args, self._kwargs) if self._kwargs else self._args))
            self._read = self._args if found == self._args else found  # one tuple for both where all operands are arrays
        return self._read

    def __repr__(self) -> str:
        given = ", ".join([*map(show, self.args), *(f"{key}={show(value)}" for key, value in self.kwargs.items())])
        if self.target is not None:
            return f"{self.target!r} <- {self.name}({given})"
        return f"{', '.join('_' if slot is None else slot.describe() for slot in self.outputs)} = {self.name}({given})"


class Program:
    """Straight-line code over slots. ``inputs`` are filled before it runs, ``outputs`` read after it; ``kept`` slots stay in place."""

    def __init__(
        self, inputs: Sequence[Slot], instructions: Sequence[Instruction], outputs: Sequence[Slot], kept: Sequence[Slot] = (),
    ) -> None:  # fmt: skip
        self.inputs, self.instructions, self.outputs, self.kept = list(inputs), list(instructions), list(outputs), list(kept)

    def wanted(self) -> set[Slot]:
        """The slots that somebody looks at after a run."""
        return {*self.outputs, *self.kept}

    def __repr__(self) -> str:
        lines = [f"inputs  {', '.join(slot.describe() for slot in self.inputs) or 'none'}"]
        texts = [(repr(instruction), str(instruction.site)) for instruction in self.instructions]
        width = min(max((len(text) for text, _ in texts), default=0), 88)
        lines += [f"{text:<{width}}  # {site}" for text, site in texts]
        lines.append(f"outputs {', '.join(map(repr, self.outputs)) or 'none'}")
        if self.kept:
            lines.append(f"kept    {', '.join(map(repr, self.kept))}")
        return "\n".join(lines)


def name_of(function: Callable[..., Any]) -> str:
    """A function's name as a reader knows it: ``add.reduce`` for the method of a ufunc."""
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", type(function).__name__)
    return f"{owner.__name__}.{name}" if isinstance(owner, np.ufunc) else name


def show(value: Any) -> str:
    """An operand, short."""
    if isinstance(value, np.ndarray):
        return f"{value.item()!r}" if value.ndim == 0 else f"array{list(value.shape)}"
    if isinstance(value, tuple | list):
        inner = ", ".join(map(show, value))
        return f"({inner},)" if len(value) == 1 and isinstance(value, tuple) else f"({inner})" if isinstance(value, tuple) else f"[{inner}]"
    return repr(value)


def slots_in(value: Any) -> list[Slot]:
    """The slots in nested operands."""
    found: list[Slot] = []
    _collect(value, found)
    return found


def _collect(value: Any, found: list[Slot]) -> None:
    if isinstance(value, Slot):
        found.append(value)
    elif isinstance(value, SEQUENCES):
        for part in value:
            if type(part) is Slot:
                found.append(part)
            elif isinstance(part, NESTED):
                _collect(part, found)
    elif isinstance(value, dict):
        _collect(list(value.values()), found)
    elif isinstance(value, slice):
        _collect((value.start, value.stop, value.step), found)


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """Nested operands with function applied to each part that is no container."""
    if type(value) is tuple or type(value) is list:
        return type(value)([mapped(function, part) if isinstance(part, CONTAINERS) else function(part) for part in value])
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[mapped(function, part) for part in value])
    if type(value) is dict:
        return {key: mapped(function, part) for key, part in value.items()}
    return function(value)
