"""How ``import torch`` gets here: a finder on ``sys.meta_path``, and modules that look each name up where it lives."""
from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from autograd.errors import AutogradError, message
from nn.compat.names import HINTS, OWN, SOURCES


class MissingName(AutogradError, AttributeError):
    """A name of PyTorch's that this library does not have."""


class MissingModule(AutogradError, ModuleNotFoundError):
    """A module of PyTorch's that this library does not have."""


class ShadowError(AutogradError, ImportError):
    """PyTorch is there, and nobody asked for it to be hidden."""


class Facade(ModuleType):
    """A module named as one of PyTorch's. Its names are looked up in the modules behind it when they are first asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"``{name}`` by glassgrad: see nn.compat.")
        self._behind = [importlib.import_module(source) for source in sources(name) or ()]
        self.__dict__.update(OWN.get(name, {}))

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [name for name in dir(self) if not name.startswith("_")]
        if name.startswith("__"):
            raise AttributeError(name)
        if sources(path := f"{self.__name__}.{name}") is not None:
            return importlib.import_module(path)
        for module in self._behind:
            if not isinstance(value := getattr(module, name, module), ModuleType):
                setattr(self, name, value)
                return value
        raise MissingName(missing(self.__name__, name))

    def __dir__(self) -> list[str]:
        behind = {
            name for module in self._behind for name in getattr(module, "__all__", dir(module))
            if not name.startswith("_") and not isinstance(getattr(module, name), ModuleType)
        }  # fmt: skip
        return sorted(behind | {*self.__dict__} | {*parts(self.__name__)})


class Finder:
    """Finds ``torch`` and the modules in it; raises for those that are not here."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """What ``import`` asks: None for modules of other packages."""
        if name.partition(".")[0] != "torch":
            return None
        if sources(name) is None:
            raise MissingModule(missing(*name.rsplit(".", 1)))
        return ModuleSpec(name, Finder, is_package=True)  # type: ignore[arg-type]  # a loader is what has these methods

    @staticmethod
    def create_module(spec: ModuleSpec) -> Facade:
        """The module for a spec of ``find_spec``."""
        return Facade(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        """Nothing to run: the names are elsewhere."""


def install(*, shadow: bool = False) -> None:
    """From now on, ``import torch`` finds this library.

    shadow  do so although PyTorch is installed, and hide it from this process

    Raises ShadowError where PyTorch is installed and shadow is False, or where it has been imported already. A second call does nothing.
    """
    if Finder in sys.meta_path:
        return
    if "torch" in sys.modules:
        raise ShadowError(message(
            "nn.compat.install", "a process that has not imported torch is required", "one that has", "call it before any import of torch",
        ))
    if not shadow and importlib.util.find_spec("torch") is not None:
        raise ShadowError(message(
            "nn.compat.install", "an environment without PyTorch is required", "one in which it is installed",
            "to hide it from this process: install(shadow=True), or python -m nn.compat --shadow script.py",
        ))
    sys.meta_path.insert(0, Finder)


def uninstall() -> None:
    """Undo ``install``: ``import torch`` finds what it found before. What was imported in between stays as it is."""
    if Finder in sys.meta_path:
        sys.meta_path.remove(Finder)
        for name in [name for name, module in sys.modules.items() if isinstance(module, Facade)]:
            del sys.modules[name]


def sources(name: str) -> tuple[str, ...] | None:
    """The modules behind one of PyTorch's; None if there is no such module here."""
    if (found := SOURCES.get(name)) is not None or not name.startswith("torch.nn.utils."):
        return found
    path = name.removeprefix("torch.")
    return (path,) if importlib.util.find_spec(path) is not None else None


def parts(name: str) -> Iterator[str]:
    """The modules in a module."""
    return (path.rpartition(".")[2] for path in SOURCES if path.rpartition(".")[0] == name)


def missing(module: str, name: str) -> str:
    """What is said of a name that is not here: what it is, and what may help."""
    there = importlib.import_module(module)
    close = difflib.get_close_matches(name, dir(there), 2, 0.8)
    hint = HINTS.get(f"{module}.{name}") or HINTS.get(module) or (
        (f"is it {' or '.join(close)}? Else " if close else "") + f"write it with what dir({module}) lists, or leave the call out"
    )
    return message(f"{module}.{name}", "this library does not have it", remedy=hint)
