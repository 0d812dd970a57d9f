"""Parameters that are computed from others: ``module.weight`` becomes f(original), whenever it is read, and original is what is trained."""
from __future__ import annotations

import functools
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, message
from nn.containers import ModuleDict, ModuleList
from nn.module import Module
from nn.parameter import Parameter

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "transfer_parametrizations_and_params", "type_before_parametrizations",
]  # fmt: skip

M = TypeVar("M", bound=Module)


class Cache(threading.local):
    """What was computed inside ``cached()``, in this thread."""

    def __init__(self) -> None:
        self.depth = 0
        self.values: dict[tuple[int, str], Any] = {}


cache = Cache()


@contextmanager
def cached() -> Iterator[None]:
    """Inside this block, each parametrized tensor is computed once, however often it is read: for weights that a loop uses again and again.

    >>> layer = register_parametrization(nn.Linear(2, 2), "weight", nn.Tanh())
    >>> with cached():
    ...     layer.weight is layer.weight
    True
    """
    cache.depth += 1
    try:
        yield
    finally:
        cache.depth -= 1
        if not cache.depth:
            cache.values.clear()


class ParametrizationList(ModuleList):
    """f_n(... f_1(original)): -> the tensor. What a parametrized tensor is computed from, and the modules that compute it.

    Holds ``original``, or where ``right_inverse`` of f_1 gives several tensors, ``original0``, ``original1`` ...; made by
    ``register_parametrization``.
    """

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        super().__init__(modules)
        self.unsafe = unsafe
        with ag.no_grad():
            found = inverted(self, original)
        self.is_tensor = isinstance(found, Tensor)
        self.ntensors = 1 if isinstance(found, Tensor) else len(found)
        if isinstance(found, Tensor):
            require_alike("right_inverse", found, original, unsafe, shape=False)
            if found is not original:
                original.data = found.detach()
            put(self, "original", original)
        else:
            for i, part in enumerate(found):
                put(self, f"original{i}", Parameter(part.detach(), original.requires_grad) if isinstance(original, Parameter) else part)

    def originals(self) -> list[Tensor]:
        """What is trained, in place of the parametrized tensor."""
        return [self.original] if self.is_tensor else [getattr(self, f"original{i}") for i in range(self.ntensors)]

    def forward(self) -> Tensor:
        first, *others = self
        value = first(*self.originals())
        for module in others:
            value = module(value)
        return value  # type: ignore[no-any-return]

    def right_inverse(self, value: Tensor) -> None:
        """Set the originals so that value comes out, as far as the modules' ``right_inverse`` makes it."""
        with ag.no_grad():
            found = inverted(self, value, required=True)
            for original, part in zip(self.originals(), [found] if self.is_tensor else found, strict=True):
                require_alike("right_inverse", part, original, unsafe=False, shape=False)
                original.data = part.detach()


def inverted(modules: Any, value: Tensor, required: bool = False) -> Any:
    """value taken back through the modules, from the last to the first; one without ``right_inverse`` leaves it, unless it is required."""
    for module in reversed(list(modules)):
        inverse = getattr(module, "right_inverse", None)
        if inverse is None and required:
            remedy = "define right_inverse(self, value)"
            raise NotImplementedError(message("parametrize", "a right_inverse is required", type(module).__name__, remedy))
        try:
            value = value if inverse is None else inverse(value)
        except NotImplementedError:
            if required:
                raise
    return value


def require_alike(name: str, value: Any, original: Tensor, unsafe: bool, shape: bool = True) -> None:
    """Raise unless value is a tensor of the dtype, and the shape, of the original."""
    if not isinstance(value, Tensor):
        raise ArgumentError(message(name, "a tensor is required", type(value).__name__))
    if not unsafe and (value.dtype != original.dtype or (shape and value.shape != original.shape)):
        required = f"a tensor {f'{tuple(original.shape)} ' if shape else ''}of {original.dtype} is required"
        raise ArgumentError(message(name, required, f"{tuple(value.shape)} of {value.dtype}", "pass unsafe=True if that is meant"))


def put(module: Module, name: str, value: Tensor) -> None:
    """Register a parameter or a buffer."""
    if isinstance(value, Parameter):
        module.register_parameter(name, value)
    else:
        module.register_buffer(name, value)


class Mixin:
    """What the class of one module is derived from beside its own, so that names are found that it has not got itself."""

    prefix = ""

    def __reduce__(self) -> tuple[Any, ...]:
        return mixed_instance, type(self).__bases__, self.__dict__


@functools.cache
def mixed(mixin: Any, kind: Any) -> Any:
    """``Linear`` -> ``ParametrizedLinear``."""
    return type(mixin.prefix + kind.__name__, (mixin, kind), {"__module__": kind.__module__, "__doc__": kind.__doc__})


def mix(mixin: type, module: Module) -> None:
    """Derive the class of this module from the mixin, too."""
    kind: Any = type(module)
    module.__class__ = mixed(mixin, kind)


def mixed_instance(mixin: type, kind: type) -> Any:
    """An empty one, for copies."""
    made = mixed(mixin, kind)
    return made.__new__(made)


class Parametrized(Mixin):
    """Names that a module finds nowhere else are asked of its parametrizations."""

    prefix = "Parametrized"

    parametrizations: ModuleDict

    def __getattr__(self, name: str) -> Any:
        lists = self.__dict__.get("parametrizations", ())
        if name not in lists:
            return super().__getattr__(name)  # type: ignore[misc]
        if not cache.depth:
            return lists[name]()
        key = id(self), name
        if key not in cache.values:
            cache.values[key] = lists[name]()
        return cache.values[key]

    def __setattr__(self, name: str, value: Any) -> None:
        if name in self.__dict__.get("parametrizations", ()):
            self.parametrizations[name].right_inverse(value)
        else:
            super().__setattr__(name, value)


def register_parametrization(module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> M:
    """From now on ``module.weight`` is parametrization(original), original the parameter or buffer that it was; returns module.

    Once more on the same name: what is put last, is applied last. A method ``right_inverse(value)`` of the parametrization says which
    original, or originals, give a value: it makes the first ones, and assignments to ``module.weight``.

    unsafe  the parametrization may change shape and dtype

    >>> class Symmetric(nn.Module):
    ...     def forward(self, x):
    ...         return x.triu() + x.triu(1).T
    >>> layer = register_parametrization(nn.Linear(3, 3), "weight", Symmetric())
    >>> bool((layer.weight == layer.weight.T).all()), list(layer.state_dict())
    (True, ['bias', 'parametrizations.weight.original'])
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        value = getattr(module, tensor_name)
        require_alike("register_parametrization", parametrization(value), value, unsafe)
        lists: Any = module.parametrizations
        lists[tensor_name].append(parametrization)
        lists[tensor_name].unsafe |= unsafe
        return module
    original = module._parameters.get(tensor_name, module._buffers.get(tensor_name))
    if original is None:
        required = f"one of {[*module._parameters, *module._buffers]} is required in {type(module).__name__}"
        raise ArgumentError(message("register_parametrization", required, repr(tensor_name)))
    before = original.detach()
    made = ParametrizationList([parametrization], original, unsafe)
    require_alike("register_parametrization", made(), before, unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        mix(Parametrized, module)
        module.parametrizations = ModuleDict()
    module.parametrizations[tensor_name] = made
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether this tensor of the module, or any, is parametrized."""
    lists = module.__dict__.get("parametrizations", ())
    return isinstance(module, Parametrized) and (bool(len(lists)) if tensor_name is None else tensor_name in lists)


def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """``module.weight`` is a parameter or buffer again; returns module.

    leave_parametrized  its value is what was computed last; False: the original's, if there is one only
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(message("remove_parametrizations", "a parametrized tensor is required", repr(tensor_name)))
    lists: Any = module.parametrizations
    made = lists[tensor_name]
    if not made.is_tensor and not leave_parametrized:
        raise ArgumentError(message("remove_parametrizations", "leave_parametrized=True is required", f"{made.ntensors} originals"))
    value, first = made(), made.originals()[0]
    if not made.is_tensor:
        first = Parameter(value.detach()) if value.requires_grad else value
    elif leave_parametrized:
        first.data = value.detach()
    del lists[tensor_name]
    if not len(lists):
        del module.parametrizations
        module.__class__ = type_before_parametrizations(module)  # type: ignore[assignment]
    put(module, tensor_name, first)
    return module


def type_before_parametrizations(module: Module) -> type[Module]:
    """The class that the module had, and will have again."""
    return type(module).__bases__[1] if isinstance(module, Parametrized) else type(module)


def transfer_parametrizations_and_params(from_module: Module, to_module: M, tensor_name: str | None = None) -> M:
    """Parametrize a tensor, or all that are, of to_module as in from_module, by the same modules and originals; returns to_module."""
    names = list(getattr(from_module, "parametrizations", ())) if tensor_name is None else [tensor_name]
    for name in names if is_parametrized(from_module) else ():
        made: Any = from_module.parametrizations[name]
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach()))
        for parametrization in made:
            register_parametrization(to_module, name, parametrization, unsafe=made.unsafe)
        target: Any = to_module.parametrizations[name]
        for i, original in enumerate(made.originals()):
            setattr(target, "original" if made.is_tensor else f"original{i}", original)
    return to_module
