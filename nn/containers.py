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


class ModuleDict(Module):
    """A dict of modules that are registered, in the order of insertion.

    >>> list(nn.ModuleDict({"encoder": nn.Module(), "decoder": nn.Module()}))
    ['encoder', 'decoder']
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] | None = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Module:
        return self._modules[key]  # type: ignore[return-value]

    def __setitem__(self, key: str, module: Module) -> None:
        self.register_module(key, module)

    def __delitem__(self, key: str) -> None:
        if key not in self._modules:
            raise KeyError(key)
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: object) -> bool:
        return key in self._modules

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> ValuesView[Module]:
        """The modules."""
        return self._modules.values()  # type: ignore[return-value]

    def items(self) -> ItemsView[str, Module]:
        """The names with their modules."""
        return self._modules.items()  # type: ignore[return-value]

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Add modules from a mapping or from pairs; those of the same name are replaced."""
        for key, module in modules.items() if isinstance(modules, Mapping | ModuleDict) else modules:
            self[key] = module

    def pop(self, key: str) -> Module:
        """Take a module out."""
        module = self[key]
        del self[key]
        return module

    def clear(self) -> None:
        """Take all modules out."""
        for key in list(self._modules):
            delattr(self, key)


def _parameter(value: Any) -> Parameter:
    if isinstance(value, Parameter):
        return value
    if isinstance(value, Tensor):
        return Parameter(value)
    raise DtypeError(message("ParameterList", "a Parameter or a Tensor is required", type(value).__name__, "wrap it: nn.Parameter(...)"))


def _described(parameter: Parameter) -> str:
    return f"Parameter containing: [{parameter.dtype} of size {'x'.join(map(str, parameter.shape))}]"


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

    def _lines(self) -> list[str]:
        return [f"({name}): {_described(parameter)}" for name, parameter in self._parameters.items() if parameter is not None]


class ParameterDict(Module):
    """A dict of parameters that are registered, in the order of insertion. Tensors become parameters."""

    def __init__(self, parameters: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]] | None = None) -> None:
        super().__init__()
        if parameters is not None:
            self.update(parameters)

    def __getitem__(self, key: str) -> Parameter:
        return self._parameters[key]  # type: ignore[return-value]

    def __setitem__(self, key: str, value: Tensor) -> None:
        self.register_parameter(key, _parameter(value))

    def __delitem__(self, key: str) -> None:
        if key not in self._parameters:
            raise KeyError(key)
        delattr(self, key)

    def __len__(self) -> int:
        return len(self._parameters)

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __contains__(self, key: object) -> bool:
        return key in self._parameters

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._parameters.keys()

    def values(self) -> ValuesView[Parameter]:
        """The parameters."""
        return self._parameters.values()  # type: ignore[return-value]

    def items(self) -> ItemsView[str, Parameter]:
        """The names with their parameters."""
        return self._parameters.items()  # type: ignore[return-value]

    def update(self, parameters: Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]) -> None:
        """Add parameters from a mapping or from pairs; those of the same name are replaced."""
        for key, value in parameters.items() if isinstance(parameters, Mapping | ParameterDict) else parameters:
            self[key] = value

    def pop(self, key: str) -> Parameter:
        """Take a parameter out."""
        parameter = self[key]
        del self[key]
        return parameter

    def _lines(self) -> list[str]:
        return [f"({name}): {_described(parameter)}" for name, parameter in self._parameters.items() if parameter is not None]
