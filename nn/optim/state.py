"""The state of an optimiser: its groups and running averages by number of parameter, out of it and into it again."""
from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, message
from autograd.hooks import RemovableHandle
from nn.state import StateHooks

COUNTS = {"step", "mu_product", "eta", "mu"}  # entries that are single numbers, whatever the parameter


class Saved:
    """The part of ``Optimizer`` that takes state and loads it."""

    defaults: dict[str, Any]
    state: defaultdict[Any, dict[str, Any]]
    param_groups: list[dict[str, Any]]

    def _without_hooks(self) -> None:
        self._state_hooks = StateHooks()

    def state_dict(self) -> dict[str, Any]:
        """``{"state": {index: ...}, "param_groups": [...]}``: parameters are numbered in order; the tensors are the live ones."""
        for before in tuple(self._state_hooks.before_taking.values()):
            before(self)
        numbers: dict[int, int] = {}
        groups = []
        for group in self.param_groups:
            for p in group["params"]:
                numbers[id(p)] = len(numbers)
            groups.append({**group, "params": [numbers[id(p)] for p in group["params"]]})
        state = {"state": {numbers[id(p)]: state for p, state in self.state.items() if id(p) in numbers}, "param_groups": groups}
        return self._passed(self._state_hooks.after_taking, state)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over the options and a copy of the state that ``state_dict`` of an optimiser with equal groups returned."""
        state_dict = self._passed(self._state_hooks.before_loading, dict(state_dict))
        saved = state_dict["param_groups"]
        if (given := [len(group["params"]) for group in saved]) != (own := [len(group["params"]) for group in self.param_groups]):
            raise ArgumentError(message(
                type(self).__name__, f"groups of {own} parameters are required", f"{given}", "build it as the saved one was built",
            ))
        by_number: dict[Any, Tensor] = {}
        groups = []
        for old, new in zip(self.param_groups, saved, strict=True):
            by_number.update(zip(new["params"], old["params"], strict=True))
            names = {"param_names": old["param_names"]} if "param_names" in old else {}
            options = copy.deepcopy({name: value for name, value in new.items() if name != "params"})
            groups.append({**self.defaults, **names, **options, "params": old["params"]})
        self.param_groups = groups
        self.state = defaultdict(dict)
        for position, state in state_dict["state"].items():
            p = by_number[position]
            self.state[p] = {key: _restored(key, value, p) for key, value in state.items()}
        for after in tuple(self._state_hooks.after_loading.values()):
            after(self)

    def _passed(self, hooks: Mapping[int, Callable[..., Any]], state_dict: dict[str, Any]) -> dict[str, Any]:
        """What the hooks make of it, one after the other."""
        for hook in tuple(hooks.values()):
            if (changed := hook(self, state_dict)) is not None:
                state_dict = changed
        return state_dict

    def register_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before ``state_dict`` looks at the state."""
        return RemovableHandle(self._state_hooks.before_taking, hook, prepend)

    def register_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` when it is made; what it returns, unless None, takes its place."""
        return RemovableHandle(self._state_hooks.after_taking, hook, prepend)

    def register_load_state_dict_pre_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)``, with a shallow copy, before loading; what it returns, unless None, is loaded."""
        return RemovableHandle(self._state_hooks.before_loading, hook, prepend)

    def register_load_state_dict_post_hook(self, hook: Callable[..., Any], prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` when everything is loaded."""
        return RemovableHandle(self._state_hooks.after_loading, hook, prepend)


def _restored(key: str, value: Any, p: Tensor) -> Any:
    """A copy of one saved value, in the dtype of its parameter; counts keep their own."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    value = ag.tensor(value.detach() if hasattr(value, "detach") else value)
    return value if key in COUNTS or value.dtype.kind not in "fc" else value.to(p.dtype)
