"""Numbers that are asked for anew in each replay, and arithmetic on them that waits until then."""
from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import tracing
from autograd.dtypes import get_default_dtype
from autograd.errors import CaptureError, message

if TYPE_CHECKING:
    from autograd.compile.capture import Capture

Number = float | int


class Live(tracing.TracedArray):
    """A number of which only the way to it is known. With other numbers it makes a live number; with arrays, an array of their dtype.

    A branch on one is taken as it falls now, and watched: where it would fall otherwise, the function is captured anew.
    """

    __slots__ = ("arrays", "ask", "capture", "place")
    ndim, shape, size = 0, (), 1

    def __init__(self, capture: Capture, ask: Callable[[], Number], place: tuple[dict[str, Any], str] | None = None) -> None:
        self.capture, self.ask = capture, ask
        self.place = place  # where the number itself stands: (dict, key)
        self.arrays: dict[Any, Any] = {}  # as a 0-d array, by dtype

    @property
    def dtype(self) -> Any:
        """The default dtype; beside arrays, theirs counts."""
        return get_default_dtype()

    def astype(self, dtype: Any, **kwargs: Any) -> Any:  # noqa: ARG002  copy=: there is nothing to share
        """A 0-d traced array that is filled anew in each replay."""
        dtype = np.dtype(dtype)
        if dtype not in self.arrays:
            self.arrays[dtype] = self.capture.filled(self.ask, dtype)
        return self.arrays[dtype]

    def now(self) -> Number:
        """The number as it is during the capture."""
        with tracing.untraced():
            return self.ask()

    def decided(self, question: Callable[[], bool]) -> bool:
        """The answer to a question about it, which the program depends on from here on."""
        with tracing.untraced():
            answer = bool(question())
        self.capture.decide(question, answer)
        return answer

    def __bool__(self) -> bool:
        if self.place is not None:
            return self.capture.truth(*self.place)
        return self.decided(lambda: bool(self.ask()))

    def __float__(self) -> float:
        if tracing.current() is None:
            return float(self.now())
        raise CaptureError(message(
            "compile", "a number that changes between calls is required to stay one", "float() of it",
            "use arithmetic: x ** 0.5 for sqrt(x)",
        ))  # fmt: skip

    def __int__(self) -> int:
        return int(float(self))

    def __repr__(self) -> str:
        return f"<live {self.now()}>"

    def __neg__(self) -> Live:
        return Live(self.capture, lambda: -self.ask())

    def __hash__(self) -> int:
        return id(self)


def value(other: Any) -> Callable[[], Number]:
    """How to get a number, live or not."""
    return other.ask if isinstance(other, Live) else lambda: other


def _arithmetic(name: str, function: Callable[..., Any]) -> None:
    def forward(self: Live, other: Any) -> Any:
        if not isinstance(other, int | float | Live):
            return NotImplemented
        a, b = self.ask, value(other)
        return Live(self.capture, lambda: function(a(), b()))

    def reflected(self: Live, other: Any) -> Any:
        if not isinstance(other, int | float):
            return NotImplemented
        b = self.ask
        return Live(self.capture, lambda: function(other, b()))

    setattr(Live, f"__{name}__", forward)
    setattr(Live, f"__r{name}__", reflected)


def _comparison(name: str, function: Callable[..., Any]) -> None:
    def compared(self: Live, other: Any) -> Any:
        if not isinstance(other, int | float | Live):
            return NotImplemented
        a, b = self.ask, value(other)
        return self.decided(lambda: function(a(), b()))

    setattr(Live, f"__{name}__", compared)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    _arithmetic(_name, getattr(operator, _name))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    _comparison(_name, getattr(operator, _name))


class Options(dict[str, Any]):
    """The options of a group of parameters, as an optimiser's update reads them: numbers stay live, choices are watched."""

    def __init__(self, capture: Capture, options: dict[str, Any]) -> None:
        super().__init__(options)
        self.capture, self.options = capture, options

    def __getitem__(self, key: str) -> Any:
        options, given = self.options, self.options[key]
        if type(given) in (int, float):
            return Live(self.capture, lambda: options[key], (options, key))
        if type(given) is tuple and all(type(part) in (int, float) for part in given):
            return tuple(Live(self.capture, functools.partial(lambda i: options[key][i], i)) for i in range(len(given)))
        if given is None or isinstance(given, bool | str):
            self.capture.item(options, key)
        return given

    def get(self, key: str, default: Any = None) -> Any:
        """An option, or the default."""
        if key in self.options:
            return self[key]
        options = self.options
        self.capture.decide(lambda: key in options, False)
        return default
