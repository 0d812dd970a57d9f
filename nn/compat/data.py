"""``torch.utils.data`` where it differs from ``nn.data``: worker processes are asked for, and done without."""
from __future__ import annotations

import warnings
from typing import Any

from nn import data
from nn.data.loader import single as default_convert


class DataLoader(data.DataLoader):
    """``nn.data.DataLoader`` that takes ``num_workers`` and what belongs to it, and reads in this process: the batches are the same.

    A worker_init_fn would run in the workers, and does not run.
    """

    def __init__(
        self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, sampler: Any = None, batch_sampler: Any = None,
        num_workers: int = 0, *args: Any, prefetch_factor: int | None = None, persistent_workers: bool = False, pin_memory_device: str = "",
        in_order: bool = True, **kwargs: Any,
    ) -> None:  # fmt: skip
        if num_workers:
            warnings.warn(f"DataLoader: num_workers={num_workers}: the data is read in this process", stacklevel=2)
        super().__init__(dataset, batch_size, shuffle, sampler, batch_sampler, 0, *args, **kwargs)


def get_worker_info() -> None:
    """None: this is no worker."""


__all__ = ["DataLoader", "default_convert", "get_worker_info"]
