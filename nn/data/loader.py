"""Batches: which samples, and how they are put together."""
from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np

import autograd as ag
from autograd.errors import ArgumentError, message
from nn.data.collate import default_collate
from nn.data.dataset import IterableDataset
from nn.data.random import Seed, as_generator
from nn.data.sampler import BatchSampler, RandomSampler, SequentialSampler


class DataLoader:
    """Iterates over a dataset in batches.

    ::

        for images, labels in DataLoader(dataset, batch_size=64, shuffle=True, generator=0):
            ...

    batch_size     samples per batch; None: single samples
    shuffle        a new random order in every pass
    sampler        yields indices, in place of shuffle; batch_sampler yields lists of indices, in place of all four
    collate_fn     list of samples -> batch
    drop_last      leave out the last batch if it is shorter
    generator      ``ag.Generator`` or a seed: the same one gives the same order (of the first pass, the second ...)
    num_workers    only 0: the data is read in this process
    """

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None, num_workers: int = 0, collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False, drop_last: bool = False, timeout: float = 0, worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None, generator: Seed = None,
    ) -> None:  # fmt: skip
        if num_workers:
            raise ArgumentError(message(
                "DataLoader", "num_workers must be 0: worker processes are not implemented", str(num_workers),
                "leave it out; data in memory is gathered in microseconds",
            ))
        if sampler is not None and shuffle:
            raise ArgumentError(message("DataLoader", "either sampler or shuffle is required", "both", "let the sampler shuffle"))
        if batch_sampler is not None and (batch_size != 1 or shuffle or sampler is not None or drop_last):
            raise ArgumentError(message(
                "DataLoader", "a batch_sampler decides batch_size, shuffle, sampler and drop_last", "one of them too", "leave it out",
            ))
        if batch_size is None and drop_last:
            raise ArgumentError(message("DataLoader", "drop_last needs batches", "batch_size=None", "leave one out"))
        self.dataset, self.num_workers, self.pin_memory, self.timeout = dataset, num_workers, pin_memory, timeout
        self.worker_init_fn, self.multiprocessing_context = worker_init_fn, multiprocessing_context
        self.generator, self.drop_last = as_generator(generator), drop_last
        self.batch_size = None if batch_sampler is not None else batch_size
        self.sampler: Iterable[int] | None = None
        self.batch_sampler: Iterable[list[int]] | None = None
        if isinstance(dataset, IterableDataset):
            if shuffle or sampler is not None or batch_sampler is not None:
                raise ArgumentError(message(
                    "DataLoader", "an IterableDataset decides its own order", "shuffle or a sampler", "shuffle in its __iter__",
                ))
        elif batch_sampler is not None:
            self.batch_sampler = batch_sampler
        else:
            in_order = not shuffle or not len(dataset)
            self.sampler = sampler or (SequentialSampler(dataset) if in_order else RandomSampler(dataset, generator=self.generator))
            self.batch_sampler = None if batch_size is None else BatchSampler(self.sampler, batch_size, drop_last)
        batched = batch_size is not None or batch_sampler is not None
        self.collate_fn = collate_fn or (default_collate if batched else single)

    def __iter__(self) -> Iterator[Any]:
        if isinstance(self.dataset, IterableDataset):
            return self._stream()
        if self.batch_sampler is None:
            return (self.collate_fn(self.dataset[i]) for i in self.sampler or ())
        if self.collate_fn is default_collate and hasattr(self.dataset, "gather"):
            return (self.dataset.gather(indices) for indices in self.batch_sampler)
        return (self.collate_fn([self.dataset[i] for i in indices]) for indices in self.batch_sampler)

    def _stream(self) -> Iterator[Any]:
        samples = iter(self.dataset)
        if self.batch_size is None:
            yield from map(self.collate_fn, samples)
            return
        while batch := list(itertools.islice(samples, self.batch_size)):
            if len(batch) < self.batch_size and self.drop_last:
                return
            yield self.collate_fn(batch)

    def __len__(self) -> int:
        """The number of batches."""
        if isinstance(self.dataset, IterableDataset):
            n, size = len(self.dataset), self.batch_size or 1
            return n // size if self.drop_last else -(-n // size)
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]


def single(sample: Any) -> Any:
    """One sample, its arrays and numbers as tensors."""
    if isinstance(sample, np.ndarray | np.generic):
        return ag.tensor(sample)
    if isinstance(sample, tuple | list):
        return type(sample)(map(single, sample)) if not hasattr(sample, "_fields") else type(sample)(*map(single, sample))
    return {key: single(value) for key, value in sample.items()} if isinstance(sample, Mapping) else sample


