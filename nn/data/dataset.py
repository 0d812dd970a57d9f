"""Data as something with a length and an index."""
from __future__ import annotations

import bisect
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, DimError, DtypeError, ShapeError, message
from nn.data.collate import default_collate
from nn.data.random import Seed, permutation


class Dataset:
    """Base of data that is read by index: a new one writes ``__len__`` and ``__getitem__``, which returns one sample."""

    def __getitem__(self, index: Any) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def gather(self, indices: Sequence[int]) -> Any:
        """The samples at these indices as one batch, as ``default_collate`` puts it together. May be overridden by something faster."""
        return default_collate([read(self, i) for i in indices])

    def __add__(self, other: Dataset) -> Dataset:
        return ConcatDataset([self, other])


def read(dataset: Any, index: Any) -> Any:
    """``dataset[index]``; what it raises says at which index."""
    try:
        return dataset[index]
    except Exception as error:
        error.add_note(f"in {type(dataset).__name__}[{index}]")
        raise


class IterableDataset(Dataset):
    """Base of data that is read in its own order: a new one writes ``__iter__``.

    Each worker of a DataLoader iterates over all of it, unless ``__iter__`` asks ``get_worker_info()`` which part is its own.

    >>> class Squares(nn.data.IterableDataset):
    ...     def __iter__(self):
    ...         worker = nn.data.get_worker_info()
    ...         return (i**2 for i in (range(6) if worker is None else range(worker.id, 6, worker.num_workers)))
    >>> [batch.tolist() for batch in nn.data.DataLoader(Squares(), batch_size=2, num_workers=2)]
    [[0, 4], [1, 9], [16], [25]]
    """

    def __iter__(self) -> Iterator[Any]:
        raise NotImplementedError

    def __len__(self) -> int:  # a TypeError, by which list() knows that there is no length to begin with
        raise DtypeError(message(type(self).__name__, "len() requires a dataset with __len__", "none", "write one, or count while reading"))

    def __add__(self, other: Dataset) -> Dataset:
        return ChainDataset([self, other])


class ChainDataset(IterableDataset):
    """Several iterable datasets, one after the other."""

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)

    def __iter__(self) -> Iterator[Any]:
        return itertools.chain.from_iterable(self.datasets)

    def __len__(self) -> int:
        return sum(map(len, self.datasets))


class TensorDataset(Dataset):
    """Tensors (or arrays) of equal length: sample i is ``(a[i], b[i], ...)``."""

    def __init__(self, *tensors: Any) -> None:
        self.tensors: tuple[Tensor, ...] = tuple(tensor if isinstance(tensor, Tensor) else ag.as_tensor(tensor) for tensor in tensors)
        lengths = [tensor.shape[0] for tensor in self.tensors if tensor.ndim]
        if not self.tensors or len(lengths) < len(self.tensors) or len(set(lengths)) != 1:
            shapes = " and ".join(str(tuple(tensor.shape)) for tensor in self.tensors) or "none"
            raise ShapeError(message(
                "TensorDataset", "tensors of the same length are required", shapes, "the first dim counts the samples",
            ))

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].shape[0])

    def gather(self, indices: Sequence[int]) -> list[Tensor]:
        """The samples at these indices as one batch, by one call per tensor instead of one per sample."""
        return [tensor[indices] for tensor in self.tensors]


class Subset(Dataset):
    """The samples of a dataset at the given indices."""

    def __init__(self, dataset: Dataset, indices: Sequence[int]) -> None:
        self.dataset, self.indices = dataset, indices

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __len__(self) -> int:
        return len(self.indices)

    def gather(self, indices: Sequence[int]) -> Any:
        """The samples at these indices as one batch."""
        inner = [self.indices[i] for i in indices]
        return self.dataset.gather(inner) if hasattr(self.dataset, "gather") else default_collate([read(self.dataset, i) for i in inner])


class ConcatDataset(Dataset):
    """Several datasets one after the other."""

    def __init__(self, datasets: Iterable[Dataset]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise ArgumentError(message("ConcatDataset", "at least one dataset is required", "none"))
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __getitem__(self, index: int) -> Any:
        if not -len(self) <= index < len(self):
            raise DimError(message("ConcatDataset", f"an index below {len(self)} is required", str(index)))
        index %= len(self)
        which = bisect.bisect_right(self.cumulative_sizes, index)
        return self.datasets[which][index - (self.cumulative_sizes[which - 1] if which else 0)]

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]


class StackDataset(Dataset):
    """Several datasets of equal length side by side: sample i is the tuple of their samples i, or a dict where they are given by name.

    >>> nn.data.StackDataset(x=[1, 2], y="ab")[1]
    {'x': 2, 'y': 'b'}
    """

    def __init__(self, *datasets: Any, **named: Any) -> None:
        if bool(datasets) == bool(named):
            raise ArgumentError(message("StackDataset", "datasets are required, either all by position or all by name",
                                        "both" if named else "none"))  # fmt: skip
        self.datasets: Any = named or datasets
        lengths = [len(dataset) for dataset in (named.values() if named else datasets)]
        if len(set(lengths)) != 1:
            raise ShapeError(message("StackDataset", "datasets of equal length are required", f"lengths {lengths}"))
        self._length = lengths[0]

    def __getitem__(self, index: Any) -> Any:
        if isinstance(self.datasets, dict):
            return {name: dataset[index] for name, dataset in self.datasets.items()}
        return tuple(dataset[index] for dataset in self.datasets)

    def __len__(self) -> int:
        return self._length


def random_split(dataset: Dataset, lengths: Sequence[float], generator: Seed = None) -> list[Subset]:
    """Disjoint random parts that together are the whole dataset.

    lengths    numbers of samples, or fractions with sum 1 (samples left over by rounding go to the first parts, one each)
    generator  ``ag.Generator`` or a seed: the same one gives the same parts
    """
    total = len(dataset)
    if abs(sum(lengths) - 1) < 1e-9 and all(0 <= length <= 1 for length in lengths):
        sizes = [int(total * length) for length in lengths]
        for i in range(total - sum(sizes)):
            sizes[i % len(sizes)] += 1
    else:
        sizes = [int(length) for length in lengths]
    if sum(sizes) != total or any(size < 0 for size in sizes):
        raise ArgumentError(message(
            "random_split", f"lengths with sum {total}, or fractions with sum 1, are required", f"{list(lengths)}",
            "let the last length be what remains",
        ))
    order = permutation(total, generator)
    ends = list(itertools.accumulate(sizes))
    return [Subset(dataset, order[end - size : end]) for size, end in zip(sizes, ends, strict=True)]
