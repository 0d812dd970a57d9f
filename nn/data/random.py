"""Where random numbers come from: a generator, a seed, or the stream in force.

In a ``DataLoader`` each batch is read with a stream of its own, made from the loader's seed and the number of the batch, whichever thread
reads it. Outside, the global stream that ``ag.manual_seed`` seeds is in force.
"""
from __future__ import annotations

from contextvars import ContextVar
from functools import cached_property
from typing import Any

import numpy as np

import autograd as ag

Seed = Any  # an ag.Generator, an int, or None for the stream in force


def as_generator(seed: Seed) -> Any:
    """A generator as it is, a seed as a new generator, None as None."""
    return ag.Generator().manual_seed(seed) if isinstance(seed, int) else seed


def permutation(n: int, seed: Seed = None) -> list[int]:
    """0 ... n - 1 in random order."""
    return ag.randperm(n, generator=as_generator(seed)).tolist()  # type: ignore[no-any-return]


class drawing_from:
    """Let a generator, or a new one of this seed, be the current one in this block.

    It is made when it is first asked for: most batches draw nothing, and making one takes 20 us.
    """

    def __init__(self, seed: Seed) -> None:
        self.seed = seed

    @cached_property
    def generator(self) -> ag.Generator:
        """The generator of the block."""
        return as_generator(self.seed)  # type: ignore[no-any-return]

    def __enter__(self) -> None:
        self.token = _in_force.set(self)

    def __exit__(self, *error: object) -> None:
        _in_force.reset(self.token)


_in_force: ContextVar[drawing_from | None] = ContextVar("in_force", default=None)


def current_generator() -> ag.Generator:
    """The generator to draw from in ``__getitem__`` and ``collate_fn``: the batch's in a DataLoader, elsewhere the global one.

    >>> ag.rand(2, generator=nn.data.current_generator()).shape
    (2,)
    """
    block = _in_force.get()
    return ag.default_generator if block is None else block.generator


def numpy_generator(generator: Seed) -> np.random.Generator:
    """The NumPy generator behind a generator, a seed, or None for the current one."""
    return (current_generator() if generator is None else as_generator(generator)).numpy
