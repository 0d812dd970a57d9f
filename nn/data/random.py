"""One way to shuffle: by a generator, a seed, or the global state that ``ag.manual_seed`` sets."""
from __future__ import annotations

from typing import Any

import autograd as ag

Seed = Any  # an ag.Generator, an int, or None for the global generator


def as_generator(seed: Seed) -> Any:
    """A generator as it is, a seed as a new generator, None as None."""
    return ag.Generator().manual_seed(seed) if isinstance(seed, int) else seed


def permutation(n: int, seed: Seed = None) -> list[int]:
    """0 ... n - 1 in random order."""
    return ag.randperm(n, generator=as_generator(seed)).tolist()  # type: ignore[no-any-return]
