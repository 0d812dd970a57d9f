"""What happens to the data before training: splitting, and scaling that is learnt from the training part only."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, GraphError, ShapeError, message
from nn.data.random import Seed, as_generator, permutation


def values(data: Any) -> Any:
    """The array behind a tensor, or whatever NumPy makes an array of."""
    return data.detach().numpy() if isinstance(data, Tensor) else np.asarray(data)


class Standardize:
    """Mean 0 and standard deviation 1 for each feature: (n, ...) -> (n, ...).

    ``fit`` learns mean and deviation from the *training* part, ``transform`` applies them to any part::

        scale = Standardize()
        train, test = scale.fit_transform(train), scale.transform(test)

    Arrays in, arrays out; tensors in, tensors out. A feature that never varies in training tells nothing, and becomes 0 everywhere.
    """

    mean: Any = None
    std: Any = None

    def fit(self, data: Any) -> Standardize:
        """Learn mean and standard deviation of each feature over the first dim."""
        data = values(data)
        if data.ndim == 0 or len(data) == 0:
            raise ShapeError(message(
                "Standardize", "data of shape (n, ...) with n > 0 is required", f"{data.shape}", "the first dim counts the samples",
            ))
        dtype = data.dtype if data.dtype.kind == "f" else ag.get_default_dtype()
        wide = data.astype(np.float64)  # a sum of many float32 loses digits
        constant = wide.max(axis=0) == wide.min(axis=0)  # by rounding, the deviation of equal numbers need not be 0
        self.mean = wide.mean(axis=0).astype(dtype)
        self.std = np.where(constant, 0.0, wide.std(axis=0)).astype(dtype)
        return self

    def transform(self, data: Any) -> Any:
        """(data - mean) / std."""
        mean, std = self._fitted(data)
        scale = np.where(std > 0, 1 / np.where(std > 0, std, 1), 0).astype(std.dtype)
        result = (values(data) - mean) * scale
        return ag.tensor(result) if isinstance(data, Tensor) else result

    def inverse_transform(self, data: Any) -> Any:
        """data * std + mean: back to the original units."""
        mean, std = self._fitted(data)
        result = values(data) * std + mean
        return ag.tensor(result) if isinstance(data, Tensor) else result

    def fit_transform(self, data: Any) -> Any:
        """``fit(data).transform(data)``: for the training part."""
        return self.fit(data).transform(data)

    def state_dict(self) -> dict[str, Any]:
        """``{"mean": ..., "std": ...}``, as arrays."""
        return {"mean": self.mean, "std": self.std}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over mean and std that ``state_dict()`` returned."""
        self.mean, self.std = np.asarray(state_dict["mean"]), np.asarray(state_dict["std"])

    def _fitted(self, data: Any) -> tuple[Any, Any]:
        if self.mean is None:
            raise GraphError(message("Standardize", "fit() is required before transform()", "none", "call fit() with the training part"))
        if np.shape(values(data))[1:] != self.mean.shape:
            raise ShapeError(message(
                "Standardize", f"data of shape (n, {', '.join(map(str, self.mean.shape))}) as in fit() is required",
                f"{np.shape(values(data))}",
            ))
        return self.mean, self.std


def train_test_split(*arrays: Any, test_size: float = 0.25, stratify: Any = None, seed: Seed = None) -> list[Any]:
    """Split arrays (or tensors) of equal length at random: ``[a_train, a_test, b_train, b_test, ...]``.

    test_size  fraction of the samples, or their number
    stratify   labels: each class is divided in the same proportion
    seed       an int or ``ag.Generator``: the same one gives the same split
    """
    lengths = {len(array) for array in arrays} | ({len(stratify)} if stratify is not None else set())
    if len(lengths) != 1:
        raise ShapeError(message("train_test_split", "arrays of equal length are required", f"{sorted(lengths)}"))
    (n,) = lengths
    count = test_size if isinstance(test_size, int) else round(n * test_size)
    if not 0 < count < n:
        raise ArgumentError(message(
            "train_test_split", f"a test part of 1 to {n - 1} of {n} samples is required", f"test_size={test_size}",
            "give a fraction or a number",
        ))
    generator = as_generator(seed)
    order = np.array(permutation(n, generator))
    test = order[:count] if stratify is None else stratified(order, values(stratify), count)
    chosen = np.zeros(n, bool)
    chosen[test] = True
    train, test = order[~chosen[order]], order[chosen[order]]
    return [part for array in arrays for part in (take(array, train), take(array, test))]


def stratified(order: Any, labels: Any, count: int) -> Any:
    """The first count of the samples in order that hold each class in proportion: whole shares first, then the largest remainders."""
    classes, sizes = np.unique(labels, return_counts=True)
    exact = sizes * (count / len(labels))
    shares = np.floor(exact).astype(int)
    shares[np.argsort(shares - exact, kind="stable")[: count - shares.sum()]] += 1
    return np.concatenate([order[labels[order] == name][:share] for name, share in zip(classes, shares, strict=True)])


def take(array: Any, indices: Any) -> Any:
    """The samples at indices, in the form they came in."""
    return [array[i] for i in indices] if isinstance(array, Sequence) else array[indices]
