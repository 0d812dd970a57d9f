"""Threads: how many, and who runs on the second one.

BLAS keeps its own threads. A thread of ours pays only for calls that each take longer than handing over the interpreter does, about
25 us (measured: two threads on blocks of 32,768 sines run 1.7 times as fast as one, on additions 1.0 times). There is one pool, made
when it is first needed, and its threads sleep while they have nothing to do.
"""
from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

from autograd.errors import ArgumentError, message
from autograd.modes import silent

_lock = threading.Lock()
_count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_pool: Any = None  # a ThreadPoolExecutor; imported with it, for that takes as long as a tenth of this package


def get_num_threads() -> int:
    """How many threads work on one operation: as many as there are cores, unless set."""
    return _count


def set_num_threads(count: int) -> None:
    """Let at most so many threads work on one operation; 1 for none but the caller's. BLAS is not concerned: see OPENBLAS_NUM_THREADS."""
    global _count, _pool  # noqa: PLW0603  one pool for the process
    if type(count) is not int or count < 1:
        raise ArgumentError(message(
            "set_num_threads", "a number of threads of 1 or more is required", repr(count), "pass 1 for no threads",
        ))  # fmt: skip
    with _lock:
        _count = count
        if _pool is not None:
            _pool.shutdown(wait=False)
            _pool = None


def parallel(function: Callable[..., None], shares: Sequence[Any], *args: Any) -> None:
    """``function(share, *args)`` for each share at once: the last on this thread, the others on the pool. Raises what one raises."""
    global _pool  # noqa: PLW0603  made when it is first needed
    with _lock:
        if _pool is None and _count > 1:
            from concurrent.futures import ThreadPoolExecutor

            _pool = ThreadPoolExecutor(_count - 1, thread_name_prefix="autograd")
        waiting = [] if _pool is None else [_pool.submit(silenced, function, share, *args) for share in shares[:-1]]
    try:
        for share in shares[len(waiting) :]:  # without a pool, all of them
            function(share, *args)
    finally:
        for future in waiting:
            future.result()


def silenced(function: Callable[..., None], *args: Any) -> None:
    """The call without floating-point warnings: each thread has switches of its own."""
    with silent():
        function(*args)


def _forget() -> None:
    """After a fork the child has no threads but its own."""
    global _pool, _lock
    _pool, _lock = None, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
