"""The state of a module: its parameters and buffers by path, out of it and into it again."""
from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import AutogradError, message
from autograd.hooks import RemovableHandle
from nn.parameter import Parameter

EXTRA = "_extra_state"  # the key of what get_extra_state gives


class StateDictError(AutogradError, RuntimeError):
    """A state_dict that does not fit the module it is loaded into."""


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict(strict=False)`` left out."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not any(self):
            return "<All keys matched successfully>"
        return f"IncompatibleKeys(missing_keys={self.missing_keys}, unexpected_keys={self.unexpected_keys})"


class StateHooks:
    """What runs when the state of a module or of an optimiser is taken or loaded, by handle number: see who registers it."""

    def __init__(self) -> None:
        self.before_taking: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self.after_taking: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self.before_loading: OrderedDict[int, Callable[..., Any]] = OrderedDict()
        self.after_loading: OrderedDict[int, Callable[..., Any]] = OrderedDict()


class State:
    """The part of ``Module`` that takes state and loads it."""

    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]
    _transient: set[str]
    _state_hooks: StateHooks | None
    named_modules: Callable[..., Iterator[tuple[str, Any]]]

    def state_dict(self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False) -> dict[str, Any]:
        """All parameters and persistent buffers by path, detached, in the module's own memory (keep_vars: the parameters themselves)."""
        destination = OrderedDict() if destination is None else destination
        hooks = self._state_hooks
        for hook in tuple(hooks.before_taking.values()) if hooks else ():
            hook(self, prefix, keep_vars)
        for name, tensor in self._state():
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if self._has_extra_state():
            destination[prefix + EXTRA] = self.get_extra_state()
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        for hook in tuple(hooks.after_taking.values()) if hooks else ():
            hook(self, destination, prefix, {})
        return destination

    def _state(self) -> Iterator[tuple[str, Tensor]]:
        """This module's own part of the state."""
        for name, parameter in self._parameters.items():
            if parameter is not None:
                yield name, parameter
        for name, buffer in self._buffers.items():
            if buffer is not None and name not in self._transient:
                yield name, buffer

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> IncompatibleKeys:
        """Copy values (tensors or arrays) into the parameters and buffers of the same paths. Nothing is copied unless everything fits.

        strict  the keys have to be the module's own, no more and no less
        assign  put new parameters in their place, of the given dtype and memory, instead of copying into the old ones
        """
        state_dict = OrderedDict(state_dict)
        missing: list[str] = []
        unexpected: list[str] = []
        problems: list[str] = []
        parts = list(self.named_modules(remove_duplicate=False))
        for path, module in parts:
            for hook in tuple(module._state_hooks.before_loading.values()) if module._state_hooks else ():
                hook(module, state_dict, f"{path}." if path else "", {}, strict, missing, unexpected, problems)
        extra = {f"{path}.{EXTRA}" if path else EXTRA: module for path, module in parts if module._has_extra_state()}
        own = {(f"{path}.{name}" if path else name): (module, name, tensor) for path, module in parts for name, tensor in module._state()}
        given = {key: _as_array(key, value) for key, value in state_dict.items() if key not in extra}
        missing += [key for key in (*own, *extra) if key not in state_dict]
        unexpected += [key for key in given if key not in own]
        keys = IncompatibleKeys(missing, unexpected)
        problems += [
            f"{key}: {own[key][2].shape} is required, got {given[key].shape}"
            for key in own
            if key in given and own[key][2].shape != given[key].shape
        ]
        if strict and keys.unexpected_keys:
            problems.insert(0, f"unexpected: {', '.join(keys.unexpected_keys)}")
        if strict and keys.missing_keys:
            problems.insert(0, f"missing: {', '.join(keys.missing_keys)}")
        if problems:
            lines = "".join(f"\n    {problem}" for problem in problems)
            raise StateDictError(message(
                "load_state_dict", f"the keys and shapes of {type(self).__name__} are required{lines}\n  nothing was loaded",
                remedy=_key_remedy(keys),
            ))
        with ag.no_grad():
            for key, (module, name, tensor) in own.items():
                if key not in given:
                    continue
                if not assign:
                    tensor[...] = given[key]
                elif isinstance(tensor, Parameter):
                    setattr(module, name, Parameter(given[key], tensor.requires_grad))
                else:
                    setattr(module, name, ag.tensor(given[key]))
        for key, module in extra.items():
            if key in state_dict:
                module.set_extra_state(state_dict[key])
        for _, module in parts:
            for hook in tuple(module._state_hooks.after_loading.values()) if module._state_hooks else ():
                hook(module, keys)
        return keys

    # ── what is neither parameter nor buffer ──

    def get_extra_state(self) -> Any:
        """What a subclass wants to keep in ``state_dict`` beside its tensors; it defines this and ``set_extra_state``."""
        raise NotImplementedError(message(
            "get_extra_state", f"a {type(self).__name__} that defines it is required", "one that does not", "define get_extra_state",
        ))

    def set_extra_state(self, state: Any) -> None:
        """Take what ``get_extra_state`` gave."""
        raise NotImplementedError(message(
            "set_extra_state", f"a {type(self).__name__} that defines it is required", "one that does not", "define set_extra_state",
        ))

    def _has_extra_state(self) -> bool:
        return type(self).get_extra_state is not State.get_extra_state

    # ── hooks ──

    def _state_hook(self, kind: str, hook: Callable[..., Any]) -> RemovableHandle:
        hooks = self._state_hooks = self._state_hooks or StateHooks()
        return RemovableHandle(getattr(hooks, kind), hook)

    def register_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` looks at the module."""
        return self._state_hook("before_taking", hook)

    def register_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` when ``state_dict`` has the module's part; it may change the dict."""
        return self._state_hook("after_taking", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)`` before loading.

        state_dict is a copy that the hook may change: rename old keys, drop what is no longer there.
        """
        return self._state_hook("before_loading", hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` when everything is loaded."""
        return self._state_hook("after_loading", hook)


def _as_array(key: str, value: Any) -> np.ndarray[Any, Any]:
    array = np.asarray(value.detach() if hasattr(value, "detach") else value)
    if array.dtype.kind not in "biufc":
        raise StateDictError(message(
            "load_state_dict", f"a tensor or an array of numbers is required under {key!r}", type(value).__name__, "nothing was loaded",
        ))
    return array


def _key_remedy(keys: IncompatibleKeys) -> str:
    """What a glance at the keys would suggest."""
    if keys.missing_keys and keys.unexpected_keys:
        head = keys.unexpected_keys[0].removesuffix(keys.missing_keys[0])
        if head and {key.removeprefix(head) for key in keys.unexpected_keys} == set(keys.missing_keys):
            return f"each key begins with {head!r}: strip it, {{k.removeprefix({head!r}): v for k, v in state_dict.items()}}"
    if keys.missing_keys or keys.unexpected_keys:
        return "build the model with the same arguments, or pass strict=False to load what fits"
    return "build the model with the same arguments"
