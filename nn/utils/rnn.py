"""Sequences of several lengths: packed without gaps for recurrent layers, or side by side with padding."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence", "pad_sequence",
    "unpack_sequence", "unpad_sequence",
]  # fmt: skip


class PackedSequence(NamedTuple):
    """Sequences, longest first, without padding: the first steps of all, then the second steps of those that have one, and so on.

    data              (M, *), M the sum of lengths
    batch_sizes       (T,) how many rows each step has, int64
    sorted_indices    (N,) which of the given sequences stands at each place; None if they were given in this order
    unsorted_indices  (N,) at which place each of the given sequences stands

    Made by ``pack_padded_sequence`` and ``pack_sequence``.
    """

    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """With the data converted: ``packed.to(autograd.float64)``."""
        return self._replace(data=self.data.to(*args, **kwargs))

    def float(self) -> PackedSequence:
        """With data in float32."""
        return self.to(ag.float32)

    def double(self) -> PackedSequence:
        """With data in float64."""
        return self.to(ag.float64)


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """The permutation that undoes this one: (N) -> (N); None stays None.

    >>> nn.utils.rnn.invert_permutation(ag.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    return None if permutation is None else ag.tensor(np.argsort(_integers(permutation)))


def pack_padded_sequence(input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True) -> PackedSequence:
    """What is not padding: (T, N, *), or (N, T, *) with batch_first, and lengths (N) -> rows (sum of lengths, *).

    enforce_sorted  lengths have to fall; with False, the sequences are put in this order, and results come in the given one

    >>> packed = nn.utils.rnn.pack_padded_sequence(ag.tensor([[1, 2, 3], [4, 0, 0]]), [3, 1], batch_first=True)
    >>> packed.data, packed.batch_sizes
    (tensor([1, 4, 2, 3]), tensor([2, 1, 1]))
    """
    counts = _integers(lengths)
    steps, n = (input.shape[1], input.shape[0]) if batch_first else input.shape[:2]
    if counts.shape != (n,) or (counts < 1).any() or (counts > steps).any():
        required = f"{n} lengths from 1 to {steps} are required for an input {tuple(input.shape)}"
        raise ShapeError(message("pack_padded_sequence", required, str(counts.tolist()), "check batch_first"))
    order = None
    if not enforce_sorted:
        order = np.argsort(-counts, kind="stable")
        counts = counts[order]
    elif (np.diff(counts) > 0).any():
        raise ArgumentError(message(
            "pack_padded_sequence", "lengths that do not grow are required", str(counts.tolist()), "pass enforce_sorted=False",
        ))
    time, place = rows_of(counts)
    sample = place if order is None else order[place]
    data = input[(sample, time) if batch_first else (time, sample)]
    sizes = ag.tensor(np.bincount(time))
    return PackedSequence(data, sizes) if order is None else PackedSequence(data, sizes, ag.tensor(order), ag.tensor(np.argsort(order)))


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[Tensor, Tensor]:
    """(padded, lengths), what ``pack_padded_sequence`` was given: rows (M, *) -> (T, N, *), or (N, T, *), and (N).

    total_length  T, if it is to be more than the longest length

    >>> packed = nn.utils.rnn.pack_sequence([ag.tensor([1.0, 2.0]), ag.tensor([3.0])])
    >>> nn.utils.rnn.pad_packed_sequence(packed, batch_first=True, padding_value=-1.0)
    (tensor([[ 1.,  2.],
            [ 3., -1.]]), tensor([2, 1]))
    """
    data, batch_sizes, order, _ = sequence
    counts = lengths_of(_integers(batch_sizes))
    steps = int(counts[0]) if total_length is None else total_length
    if steps < counts[0]:
        required = f"a total_length of at least {counts[0]}, the longest length, is required"
        raise ArgumentError(message("pad_packed_sequence", required, str(total_length)))
    time, place = rows_of(counts)
    if order is not None:
        place = _integers(order)[place]
    index, frame = ((place, time), (len(counts), steps)) if batch_first else ((time, place), (steps, len(counts)))
    padded = ag.place(data, shape=(*frame, *data.shape[1:]), index=index)
    if padding_value != 0:
        empty = np.full((*frame, *[1] * (data.ndim - 1)), padding_value, data.dtype)
        empty[index] = 0
        padded = padded + ag.tensor(empty)
    return padded, ag.tensor(counts if order is None else counts[np.argsort(_integers(order))])


def pad_sequence(
    sequences: Sequence[Tensor], batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Sequences (T_i, *) side by side, with padding_value where they are too short: (T, N, *), or (N, T, *) with batch_first.

    padding_side  "right": behind them; "left": before

    >>> nn.utils.rnn.pad_sequence([ag.tensor([1, 2]), ag.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if padding_side not in ("right", "left"):
        raise ArgumentError(message("pad_sequence", 'padding_side "right" or "left" is required', repr(padding_side)))
    longest = max(len(_sequence("pad_sequence", x, sequences)) for x in sequences)

    def padded(x: Tensor) -> Tensor:
        missing = (longest - len(x), 0) if padding_side == "left" else (0, longest - len(x))
        return ag.pad(x, (*[0, 0] * (x.ndim - 1), *missing), value=padding_value)

    return ag.stack([padded(x) for x in sequences], 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Any, batch_first: bool = False) -> list[Tensor]:
    """The sequences without their padding, which has to stand behind them: (T, N, *), (N) -> N of (T_i, *).

    >>> nn.utils.rnn.unpad_sequence(ag.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    sequences = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [x[:length] for x, length in zip(sequences, _integers(lengths).tolist(), strict=True)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Sequences (T_i, *) packed. See ``pack_padded_sequence``."""
    return pack_padded_sequence(pad_sequence(sequences), [len(x) for x in sequences], enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """The sequences (T_i, *) that ``pack_sequence`` was given."""
    return unpad_sequence(*pad_packed_sequence(packed_sequences))


def _integers(values: Any) -> np.ndarray[Any, Any]:
    """Lengths or places as an array."""
    return np.asarray(values.detach().numpy() if isinstance(values, Tensor) else values, np.int64)


def lengths_of(batch_sizes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """How many steps each sequence has, longest first."""
    return np.asarray((batch_sizes > np.arange(batch_sizes[0])[:, None]).sum(1))


def rows_of(counts: np.ndarray[Any, Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """(step, place) of each packed row, for lengths that fall."""
    return np.nonzero(np.arange(counts[0])[:, None] < counts)  # type: ignore[return-value]


def _sequence(name: str, x: Tensor, sequences: Sequence[Tensor]) -> Tensor:
    """x, of the shape of the others but for its length."""
    if x.ndim == 0 or x.shape[1:] != sequences[0].shape[1:]:
        given = ", ".join(str(tuple(y.shape)) for y in sequences)
        raise ShapeError(message(name, "sequences (T_i, *) of the same * are required", given))
    return x
