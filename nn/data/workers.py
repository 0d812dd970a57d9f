"""Threads that read batches ahead of the training loop, in the order in which one thread would.

Threads share the memory of the process: nothing is copied or pickled, and a dataset is one object for all. They gain time where reading
waits (files, the network) or works inside NumPy; pure Python still runs in one thread at a time.
"""
from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from contextvars import ContextVar, copy_context
from typing import TYPE_CHECKING, Any, NamedTuple

from autograd.errors import message

if TYPE_CHECKING:  # imported with the first worker: it takes as long as a tenth of the package
    from concurrent.futures import Future

END = object()  # what a worker returns when its part of an IterableDataset is read


class WorkerInfo(NamedTuple):
    """Who reads: ``id`` of ``num_workers`` (from 0), with which ``seed``, which ``dataset``."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: ContextVar[WorkerInfo | None] = ContextVar("worker_info", default=None)


def get_worker_info() -> WorkerInfo | None:
    """In a worker of a DataLoader, who it is; None elsewhere. By it, an IterableDataset gives each worker a part of its own.

    >>> nn.data.get_worker_info() is None
    True
    """
    return _info.get()


class Worker:
    """One thread, in a context of its own that begins as a copy of the caller's: ``no_grad`` around the loop holds in it too."""

    def __init__(self, info: WorkerInfo, worker_init_fn: Callable[[int], None] | None) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self.context = copy_context()
        self.pool = ThreadPoolExecutor(1, f"DataLoader-worker-{info.id}")
        self.started = self.submit(begin, info, worker_init_fn)

    def stop(self, wait: bool) -> None:
        """End the thread when it has done what it is doing; wait for that, unless this is a worker's own thread."""
        self.pool.shutdown(wait and get_worker_info() is None, cancel_futures=True)

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """Call the function in this thread, after what it was given before."""
        return self.pool.submit(self.context.run, function, *args)


def begin(info: WorkerInfo, worker_init_fn: Callable[[int], None] | None) -> None:
    """The first that a worker does."""
    _info.set(info)
    if worker_init_fn is not None:
        worker_init_fn(info.id)


def read_ahead(
    tasks: dict[Worker, Iterator[Any]], read: Callable[[Any, int], Any], seed: int, prefetch: int, timeout: float
) -> Iterator[Any]:
    """The batches of one pass, each read by one call in a worker, in the order of the calls.

    tasks     what each worker has to read: an iterator of its own, or one that all share
    read      ``read(task, seed)`` -> batch or END; the seed is that of the batch, counted up from ``seed``
    prefetch  how many calls are waiting or done at each worker

    When the loop is left, no call begins any more.
    """
    number, pending = itertools.count(seed), deque[tuple[Worker, "Future[Any]"]]()

    def call(worker: Worker) -> None:
        for task in itertools.islice(tasks[worker], 1):
            pending.append((worker, worker.submit(read, task, next(number))))

    try:
        for worker in [*tasks] * prefetch:
            call(worker)
        while pending:
            worker, future = pending.popleft()
            batch = result(future, timeout)
            if batch is not END:
                call(worker)
                yield batch
    finally:
        for _, future in pending:
            future.cancel()


def result(future: Future[Any], timeout: float) -> Any:
    """What a call returned; what it raised is raised here."""
    try:
        return future.result(timeout or None)
    except TimeoutError:
        if future.done():  # the dataset's own
            raise
        raise RuntimeError(message(
            "DataLoader", f"a batch within timeout={timeout} seconds is required", "none", "allow more, or read in smaller batches",
        )) from None  # fmt: skip
