"""How single samples become tensors, and a batch."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import DtypeError, ShapeError, message


def default_collate(batch: Sequence[Any]) -> Any:
    """A list of samples -> one batch: tensors and arrays are stacked, numbers become a tensor, tuples and dicts are taken apart.

    n samples ``(x, label)`` with x of shape (d,) -> ``[X (n, d), labels (n,)]``. Python floats become float64, as in PyTorch.

    >>> nn.data.default_collate([{"x": (1, 2), "name": "a"}, {"x": (3, 4), "name": "b"}])
    {'x': [tensor([1, 3]), tensor([2, 4])], 'name': ['a', 'b']}
    """
    first = batch[0]
    if isinstance(first, Tensor):
        return ag.stack(list(batch))
    if isinstance(first, np.ndarray | np.generic):
        return ag.tensor(np.stack(batch))
    if isinstance(first, float):
        return ag.tensor(batch, dtype=ag.float64)
    if isinstance(first, int):
        return ag.tensor(batch)
    if isinstance(first, str | bytes):
        return batch
    if isinstance(first, Mapping):
        return {key: default_collate([sample[key] for sample in batch]) for key in first}
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise ShapeError(message(
                "default_collate", "samples of equal length are required", f"{sorted({len(sample) for sample in batch})}",
                "pad them, or pass a collate_fn",
            ))
        columns = [default_collate(column) for column in zip(*batch, strict=True)]
        return type(first)(*columns) if hasattr(first, "_fields") else columns
    raise DtypeError(message(
        "default_collate", "samples of tensors, arrays, numbers, strings, tuples, lists or dicts are required", type(first).__name__,
        "pass a collate_fn",
    ))


def default_convert(sample: Any) -> Any:
    """One sample, its arrays and NumPy's numbers as tensors: tuples, lists and dicts are taken apart, anything else stays as it is.

    >>> nn.data.default_convert((nn.data.load_digits().labels[:2], "a"))
    (tensor([0, 1]), 'a')
    """
    if isinstance(sample, np.ndarray | np.generic):
        return ag.tensor(sample)
    if isinstance(sample, tuple | list):
        items = map(default_convert, sample)
        return type(sample)(*items) if hasattr(sample, "_fields") else type(sample)(items)
    return {key: default_convert(value) for key, value in sample.items()} if isinstance(sample, Mapping) else sample
