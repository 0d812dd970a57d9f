"""Batches: which samples, how they are put together, and who reads them."""
from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import autograd as ag
from autograd.errors import ArgumentError, message
from nn.data.collate import default_collate, default_convert
from nn.data.dataset import IterableDataset, read
from nn.data.random import Seed, as_generator, drawing_from
from nn.data.sampler import BatchSampler, RandomSampler, SequentialSampler
from nn.data.workers import END, Worker, WorkerInfo, read_ahead, result


class DataLoader:
    """Iterates over a dataset in batches.

    ::

        for images, labels in DataLoader(dataset, batch_size=64, shuffle=True, generator=0):
            ...

    batch_size          samples per batch; None: single samples
    shuffle             a new random order in every pass
    sampler             yields indices, in place of shuffle; batch_sampler yields lists of indices, in place of all four
    collate_fn          list of samples -> batch
    drop_last           leave out the last batch if it is shorter
    generator           ``ag.Generator`` or a seed: the same one gives the same order (of the first pass, the second ...), and the same
                        numbers to transforms and whatever else draws from ``current_generator()`` while a batch is read
    num_workers         threads that read ahead; 0: each batch is read when it is asked for. Batches and their order are the same
    prefetch_factor     batches that each worker reads ahead, 2 unless given
    timeout             seconds to wait for a batch; 0: as long as it takes
    worker_init_fn      called with its number, from 0, in each worker that starts
    persistent_workers  keep the workers from pass to pass

    The rest of PyTorch's arguments is taken and means nothing for threads on a CPU. What a dataset raises is raised where the batch is
    asked for, with the index of the sample in its notes. Workers end with the pass, also with one that is left early.

    >>> loader = nn.data.DataLoader(nn.data.TensorDataset(ag.arange(5)), batch_size=2, num_workers=2)
    >>> [x.tolist() for x, in loader]
    [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, sampler: Iterable[int] | None = None,
        batch_sampler: Iterable[list[int]] | None = None, num_workers: int = 0, collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False, drop_last: bool = False, timeout: float = 0, worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None, generator: Seed = None, *, prefetch_factor: int | None = None,
        persistent_workers: bool = False, pin_memory_device: str = "", in_order: bool = True,
    ) -> None:  # fmt: skip
        if num_workers < 0 or timeout < 0 or (prefetch_factor is not None and prefetch_factor < 1):
            raise ArgumentError(message(
                "DataLoader", "num_workers and timeout of 0 or more, and a prefetch_factor of 1 or more, are required",
                f"{num_workers}, {timeout} and {prefetch_factor}",
            ))
        if not num_workers and (prefetch_factor is not None or persistent_workers):
            raise ArgumentError(message(
                "DataLoader", "prefetch_factor and persistent_workers need workers", "num_workers=0", "set num_workers, or leave them out",
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
        self.prefetch_factor, self.persistent_workers = prefetch_factor or (2 if num_workers else None), persistent_workers
        self.pin_memory_device, self.in_order, self._kept = pin_memory_device, in_order, list[Worker]()
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
        self.collate_fn = collate_fn or (default_collate if batched else default_convert)

    def __iter__(self) -> Iterator[Any]:
        seed = int(ag.randint(0, 2**62, (), generator=self.generator).item())
        return self._by_workers(seed) if self.num_workers else self._here(seed)

    def _here(self, seed: int) -> Iterator[Any]:
        for number, task in enumerate(self._tasks(), seed):
            batch = self._read(task, number)
            if batch is END:
                return
            yield batch

    def _by_workers(self, seed: int) -> Iterator[Any]:
        infos = (WorkerInfo(i, self.num_workers, seed + i, self.dataset) for i in range(self.num_workers))
        workers, self._kept = self._kept or [Worker(info, self.worker_init_fn) for info in infos], []
        try:
            for worker in workers:
                result(worker.started, self.timeout)
            if isinstance(self.dataset, IterableDataset):
                tasks = {worker: result(worker.submit(self._tasks), self.timeout) for worker in workers}
            else:
                tasks = dict.fromkeys(workers, self._tasks())
            yield from read_ahead(tasks, self._read, seed, self.prefetch_factor or 1, self.timeout)
        finally:
            if self.persistent_workers:
                self._kept = workers
            else:
                for worker in workers:
                    worker.stop(wait=not self.timeout)

    def _tasks(self) -> Iterator[Any]:
        """What ``_read`` is called with: indices of a batch, one index, or again and again the iterator over a dataset."""
        if isinstance(self.dataset, IterableDataset):
            return itertools.repeat(iter(self.dataset))
        return iter(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]

    def _read(self, task: Any, seed: int) -> Any:
        """One batch; END where an iterator has no more."""
        with drawing_from(seed):
            if isinstance(self.dataset, IterableDataset):
                return self._next(task)
            if self.batch_sampler is None:
                return self.collate_fn(read(self.dataset, task))
            if self.collate_fn is default_collate and hasattr(self.dataset, "gather"):
                return self.dataset.gather(task)
            if hasattr(self.dataset, "__getitems__"):
                return self.collate_fn(self.dataset.__getitems__(task))
            return self.collate_fn([read(self.dataset, i) for i in task])

    def _next(self, samples: Iterator[Any]) -> Any:
        """The next batch of an IterableDataset."""
        batch = list(itertools.islice(samples, self.batch_size or 1))
        if not batch or (self.batch_size and len(batch) < self.batch_size and self.drop_last):
            return END
        return self.collate_fn(batch if self.batch_size else batch[0])

    def __len__(self) -> int:
        """The number of batches."""
        if isinstance(self.dataset, IterableDataset):
            n, size = len(self.dataset), self.batch_size or 1
            return n // size if self.drop_last else -(-n // size)
        return len(self.sampler if self.batch_sampler is None else self.batch_sampler)  # type: ignore[arg-type]
