"""A module called with other parameters than its own: the function of its parameters that it is."""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from autograd import Tensor, tracing
from autograd.errors import ArgumentError, message
from nn.module import Module
from nn.state import StateDictError

__all__ = ["functional_call"]

Tensors = Mapping[str, Tensor] | Sequence[Mapping[str, Tensor]]


def functional_call(
    module: Module, parameters_and_buffers: Tensors, args: Any = None, kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True,
    strict: bool = False,
) -> Any:  # fmt: skip
    """module(*args, **kwargs) with these tensors, by name, in place of its parameters and buffers, for this call; others stay.

    Gradients flow to what is given. A buffer that the call writes into is written where it is given.

    args         a tuple, or the only argument
    tie_weights  one tensor under two names is replaced under both
    strict       all names have to be given, and no others

    >>> layer = nn.Linear(2, 1)
    >>> nn.utils.stateless.functional_call(layer, {"weight": ag.ones(1, 2), "bias": ag.zeros(1)}, ag.ones(2))
    tensor([2.])
    """
    dicts = [parameters_and_buffers] if isinstance(parameters_and_buffers, Mapping) else parameters_and_buffers
    given: dict[str, Tensor] = {}
    for part in dicts:
        if twice := given.keys() & part.keys():
            raise ArgumentError(message("functional_call", "each name in one dict only is required", ", ".join(sorted(twice))))
        given.update(part)
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    with replaced(module, given, tie_weights, strict):
        return module(*args, **(kwargs or {}))


@contextmanager
def replaced(module: Module, given: dict[str, Tensor], tie_weights: bool, strict: bool) -> Iterator[None]:
    """Inside this block, the module has these tensors."""
    places = {
        (f"{path}.{name}" if path else name): (owner, name, registry, value)
        for path, owner in module.named_modules(remove_duplicate=False)
        for registry in (owner._parameters, owner._buffers)
        for name, value in registry.items()
        if value is not None
    }
    if strict and given.keys() != places.keys():
        missing, unexpected = ", ".join(places.keys() - given.keys()), ", ".join(given.keys() - places.keys())
        raise StateDictError(message("functional_call", f"the names of {type(module).__name__} are required; missing: {missing or 'none'}",
                                     f"unexpected: {unexpected or 'none'}"))  # fmt: skip
    wanted = {id(places[name][3]): value for name, value in given.items() if name in places} if tie_weights else {}
    changed = []
    try:
        for key, (owner, name, registry, value) in places.items():
            new = given.get(key, wanted.get(id(value)))
            if new is not None:
                put(owner, name, registry, new)
                changed.append((owner, name, registry, value))
        yield
    finally:
        for place in changed:
            put(*place)


def put(owner: Module, name: str, registry: dict[str, Any], value: Tensor) -> None:
    """Set what stands under this name, whether it is a Parameter or not."""
    if tracing.active:
        tracing.own(owner, name)
    owner._register(name, value, registry)
