"""Layers without initial values."""
from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from nn import init
from nn.module import Module

__all__ = ["skip_init"]

M = TypeVar("M", bound=Module)


def skip_init(module_cls: Callable[..., M], *args: Any, **kwargs: Any) -> M:
    """module_cls(*args, **kwargs) without drawing initial values, which is faster where others are loaded afterwards.

    >>> nn.utils.skip_init(nn.Linear, 5, out_features=1).weight.shape
    (1, 5)
    """
    with init.skipped():
        return module_cls(*args, **kwargs)
