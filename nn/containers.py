"""Modules that hold other modules or parameters: in a row, in a list, in a dict."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Self

from autograd import Tensor
from autograd.errors import DimError, DtypeError, message
from nn.module import Module, _indented
from nn.parameter import Parameter


class _Numbered(Module):
    """A container whose parts are registered as "0", "1", ... and reached by index and slice."""

    def _parts(self) -> dict[str, Any]:
        return self._modules

    def _rebuild(self, parts: Iterable[Any]) -> None:
        """These parts, numbered anew, in place of the old ones."""
        parts = list(parts)
        for name in list(self._parts()):
            delattr(self, name)
        for i, part in enumerate(parts):
            self._put(str(i), part)

    def _put(self, name: str, part: Any) -> None:
        self.register_module(name, part)

    def _name(self, index: int) -> str:
        count = len(self)
        if not -count <= index < count:
            raise DimError(message(
                type(self).__name__, f"an index from {-count} to {count - 1} is required" if count else "a part to index is required",
                str(index),
            ))
        return list(self._parts())[index]

    def __len__(self) -> int:
        return len(self._parts())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts().values())

    def __contains__(self, part: object) -> bool:
        return any(part is own for own in self)

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._of(list(self._parts().items())[index])
        return self._parts()[self._name(index)]

    def _of(self, items: list[tuple[str, Any]]) -> Any:
        return type(self)(part for _, part in items)  # type: ignore[call-arg]

    def __setitem__(self, index: int, part: Any) -> None:
        setattr(self, self._name(index), part)

    def __delitem__(self, index: int | slice) -> None:
        names = list(self._parts())
        dropped = set(names[index]) if isinstance(index, slice) else {self._name(index)}
        self._rebuild(part for name, part in self._parts().items() if name not in dropped)

    def append(self, part: Any) -> Self:
        """Add a part at the end."""
        self._put(str(len(self)), part)
        return self

    def extend(self, parts: Iterable[Any]) -> Self:
        """Add several parts at the end."""
        for part in list(parts):
            self.append(part)
        return self

    def insert(self, index: int, part: Any) -> Self:
        """Add a part before the one at index."""
        parts = list(self)
        parts.insert(index, part)
        self._rebuild(parts)
        return self

    def pop(self, index: int = -1) -> Any:
        """Take a part out."""
        part = self[index]
        del self[index]
        return part

    def __iadd__(self, parts: Iterable[Any]) -> Self:
        return self.extend(parts)


class Sequential(_Numbered):
    """y = f_n(... f_2(f_1(x))): modules in a row, each given the output of the one before.

    Takes the modules one by one, or an OrderedDict of them by name. ``model[0]`` is a part, ``model[:-1]`` a Sequential of the same ones.

    >>> nn.Sequential(nn.Sequential(), nn.Module())
    Sequential(
      (0): Sequential()
      (1): Module()
    )
    """

    def __init__(self, *modules: Any) -> None:
        super().__init__()
        given = len(modules) == 1 and isinstance(modules[0], Mapping)
        for name, module in modules[0].items() if given else ((str(i), module) for i, module in enumerate(modules)):
            self.register_module(name, module)

    def forward(self, input: Any) -> Any:
        for module in self._modules.values():
            input = module(input)  # type: ignore[misc]
        return input

    def _of(self, items: list[tuple[str, Any]]) -> Sequential:
        return Sequential(OrderedDict(items))

    def _rebuild(self, parts: Iterable[Any]) -> None:
        """Names given by an OrderedDict stay with their modules as long as all parts had one."""
        named = {id(part): name for name, part in self._modules.items() if not name.isdigit()}
        parts = list(parts)
        super()._rebuild(parts)
        if named:
            for name in list(self._modules):
                delattr(self, name)
            for i, part in enumerate(parts):
                self.register_module(named.get(id(part), str(i)), part)

    def __add__(self, other: Sequential) -> Sequential:
        return Sequential(*self, *other)


class ModuleList(_Numbered):
    """A list of modules that are registered, so that their parameters are found. It has no forward: loop over it in yours.

    >>> len(nn.ModuleList([nn.Module(), nn.Module()]))
    2
    """

    def __init__(self, modules: Iterable[Module] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.extend(modules)

    def _forward(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError(message(
            "ModuleList", "a loop over its modules is required", "a call",
            "write for layer in self.layers: x = layer(x), or use Sequential",
        ))

    forward = _forward

    def __add__(self, other: Iterable[Module]) -> ModuleList:
        return ModuleList([*self, *other])

    def _lines(self) -> list[str]:
        """Equal neighbours on one line: ``(0-2): 3 x Linear(...)``."""
        runs: list[list[Any]] = []
        for i, text in enumerate(map(repr, self)):
            if runs and runs[-1][2] == text:
                runs[-1][1] = i
            else:
                runs.append([i, i, text])
        return [f"({a}): {_indented(text)}" if a == b else f"({a}-{b}): {b - a + 1} x {_indented(text)}" for a, b, text in runs]


class _Named(Module):
    """A container whose parts are registered under the keys of a dict, in the order of insertion."""

    def __init__(self, parts: Any = None) -> None:
        super().__init__()
        if parts is not None:
            self.update(parts)

    def _parts(self) -> dict[str, Any]:
        return self._modules

    def __getitem__(self, key: str) -> Any:
        return self._parts()[key]

    def __setitem__(self, key: str, part: Any) -> None:
        self.register_module(key, part)

    def __delitem__(self, key: str) -> None:
        if key not in self._parts():
            raise KeyError(key)
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._parts())

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts())

    def __contains__(self, key: object) -> bool:
        return key in self._parts()

    def __or__(self, other: Mapping[str, Any]) -> Self:
        both = self.copy()
        both.update(other)
        return both

    def __ior__(self, other: Mapping[str, Any]) -> Self:
        self.update(other)
        return self

    def keys(self) -> KeysView[str]:
        """The keys."""
        return self._parts().keys()

    def values(self) -> ValuesView[Any]:
        """The parts."""
        return self._parts().values()

    def items(self) -> ItemsView[str, Any]:
        """The keys with their parts."""
        return self._parts().items()

    def update(self, parts: Any) -> None:
        """Add parts from a mapping or from pairs; those of the same key are replaced."""
        for key, part in list(parts.items() if isinstance(parts, Mapping | _Named) else parts):
            self[key] = part

    def get(self, key: str, default: Any = None) -> Any:
        """The part under the key, or the default."""
        return self._parts().get(key, default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The part under the key; where there is none, the default is put there."""
        if key not in self:
            self[key] = default
        return self[key]

    def pop(self, key: str) -> Any:
        """Take a part out."""
        part = self[key]
        del self[key]
        return part

    def popitem(self) -> tuple[str, Any]:
        """Take the last part out, as (key, part)."""
        key = next(reversed(self._parts()))
        return key, self.pop(key)

    def clear(self) -> None:
        """Take all parts out."""
        for key in list(self):
            del self[key]

    def copy(self) -> Self:
        """Another container of the same parts."""
        return type(self)(dict(self.items()))


class ModuleDict(_Named):
    """A dict of modules that are registered, in the order of insertion: from a mapping or from pairs.

    >>> list(nn.ModuleDict({"encoder": nn.Module(), "decoder": nn.Module()}))
    ['encoder', 'decoder']
    """


def _parameter(value: Any) -> Parameter:
    if isinstance(value, Parameter):
        return value
    if isinstance(value, Tensor):
        return Parameter(value)
    raise DtypeError(message("ParameterList", "a Parameter or a Tensor is required", type(value).__name__, "wrap it: nn.Parameter(...)"))


def _described_lines(container: Module) -> list[str]:
    """The parameters as text, one entry each."""
    return [
        f"({name}): Parameter containing: [{parameter.dtype} of size {'x'.join(map(str, parameter.shape))}]"
        for name, parameter in container._parameters.items() if parameter is not None
    ]  # fmt: skip


class ParameterList(_Numbered):
    """A list of parameters that are registered. Tensors become parameters."""

    def __init__(self, values: Iterable[Tensor] | None = None) -> None:
        super().__init__()
        if values is not None:
            self.extend(values)

    def _parts(self) -> dict[str, Any]:
        return self._parameters

    def _put(self, name: str, part: Any) -> None:
        self.register_parameter(name, _parameter(part))

    def __setitem__(self, index: int, part: Any) -> None:
        setattr(self, self._name(index), _parameter(part))

    _lines = _described_lines


class ParameterDict(_Named):
    """A dict of parameters that are registered, in the order of insertion: from a mapping or from pairs. Tensors become parameters.

    >>> weights = nn.ParameterDict({"slope": ag.tensor(2.0)})
    >>> weights["slope"].requires_grad
    True
    """

    def _parts(self) -> dict[str, Any]:
        return self._parameters

    def __setitem__(self, key: str, part: Tensor | None) -> None:
        self.register_parameter(key, None if part is None else _parameter(part))

    @classmethod
    def fromkeys(cls, keys: Iterable[str], default: Tensor | None = None) -> Self:
        """Under each key, the default: None, or one and the same parameter."""
        return cls(dict.fromkeys(keys, default))

    _lines = _described_lines
