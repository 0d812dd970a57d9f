"""In which order samples are read."""
from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any

import autograd as ag
from autograd.errors import ArgumentError, message
from nn.data.random import Seed, as_generator, permutation


class Sampler:
    """Base of the orders: a new one writes ``__iter__``, which yields indices, and ``__len__``."""

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError


class SequentialSampler(Sampler):
    """0, 1, 2 ..."""

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler):
    """All indices in random order, anew in each pass; num_samples of them, with repetition where ``replacement``."""

    def __init__(self, data_source: Sized, replacement: bool = False, num_samples: int | None = None, generator: Seed = None) -> None:
        self.data_source, self.replacement, self.generator = data_source, replacement, as_generator(generator)
        self.num_samples = len(data_source) if num_samples is None else num_samples
        if self.num_samples < 0 or (self.num_samples and not len(data_source)):
            raise ArgumentError(message(
                "RandomSampler", "num_samples must be positive, and the data not empty", f"{num_samples} of {len(data_source)}",
            ))

    def __iter__(self) -> Iterator[int]:
        n = len(self.data_source)
        if self.replacement:
            yield from ag.randint(0, n, (self.num_samples,), generator=self.generator).tolist()
            return
        for start in range(0, self.num_samples, n or 1):
            yield from permutation(n, self.generator)[: self.num_samples - start]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler):
    """The given indices in random order."""

    def __init__(self, indices: Sequence[int], generator: Seed = None) -> None:
        self.indices, self.generator = indices, as_generator(generator)

    def __iter__(self) -> Iterator[int]:
        return (self.indices[i] for i in permutation(len(self.indices), self.generator))

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler):
    """num_samples indices, each drawn with probability proportional to its weight."""

    def __init__(self, weights: Any, num_samples: int, replacement: bool = True, generator: Seed = None) -> None:
        self.weights, self.num_samples = ag.as_tensor(weights, dtype=ag.float64), num_samples
        self.replacement, self.generator = replacement, as_generator(generator)
        if self.weights.ndim != 1 or not isinstance(num_samples, int) or num_samples <= 0:
            raise ArgumentError(message(
                "WeightedRandomSampler", "a vector of weights and a positive num_samples are required",
                f"{tuple(self.weights.shape)} and {num_samples}",
            ))

    def __iter__(self) -> Iterator[int]:
        return iter(ag.multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator).tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler):
    """Lists of batch_size indices; the last may be shorter, unless ``drop_last``."""

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size <= 0:
            raise ArgumentError(message("DataLoader", "batch_size must be a positive integer", repr(batch_size)))
        self.sampler, self.batch_size, self.drop_last = sampler, batch_size, drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield batch

    def __len__(self) -> int:
        n = len(self.sampler)  # type: ignore[arg-type]
        return n // self.batch_size if self.drop_last else -(-n // self.batch_size)
