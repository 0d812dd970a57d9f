"""Handles that take a hook away again."""
from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Self, cast

_ids = itertools.count()


class RemovableHandle:
    """Returned by every ``register_...hook``. ``handle.remove()``, or ``with handle:`` for a block."""

    __slots__ = ("hooks", "id")

    def __init__(self, hooks: dict[int, Callable[..., Any]], hook: Callable[..., Any], prepend: bool = False) -> None:
        self.hooks, self.id = hooks, next(_ids)
        hooks[self.id] = hook
        if prepend:  # the dict is then an OrderedDict
            cast("OrderedDict[int, Callable[..., Any]]", hooks).move_to_end(self.id, last=False)

    def remove(self) -> None:
        """Take the hook away. Removing twice does no harm."""
        self.hooks.pop(self.id, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()
