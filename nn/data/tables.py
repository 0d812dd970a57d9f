"""Small tables of measurements: to classify (iris, wine, breast cancer) and to predict a number (diabetes). A line of text per sample."""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from nn.data import bundled

__all__ = ["Table", "load_breast_cancer", "load_diabetes", "load_iris", "load_wine"]


@dataclass(frozen=True)
class Table:
    """``features`` (n, d) of float32 and ``targets`` (n,), with their names; ``features, targets = table`` takes it apart.

    target_names  of the classes 0, 1 ..., or of the one number to predict
    """

    name: str
    features: Any
    targets: Any
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]

    def __iter__(self) -> Iterator[Any]:
        return iter((self.features, self.targets))

    def __repr__(self) -> str:
        n, d = self.features.shape
        return f"Table({self.name!r}: {n} samples of {d} features)"

    @property
    def description(self) -> str:
        """Where the data comes from, how it was made, and its licence."""
        return bundled.description(self.name)


def load(name: str, *classes: str) -> Table:
    """The table stored under this name: its last column is a class where classes are named, else a number."""
    with bundled.FOLDER.joinpath(f"{name}.csv").open(encoding="utf-8") as file:
        *feature_names, target = file.readline().strip().split(",")
        values = np.loadtxt(file, delimiter=",")
    targets = values[:, -1].astype(np.int64 if classes else np.float32)
    return Table(name, values[:, :-1].astype(np.float32), targets, tuple(feature_names), classes or (target,))


def load_iris() -> Table:
    """150 irises of three species, by four lengths in cm: features (150, 4), targets (150,) 0 ... 2.

    >>> table = nn.data.load_iris()
    >>> table
    Table('iris': 150 samples of 4 features)
    >>> features, targets = table
    >>> features[0].tolist(), table.target_names[targets[0]]
    ([5.099999904632568, 3.5, 1.399999976158142, 0.20000000298023224], 'setosa')
    """
    return load("iris", "setosa", "versicolor", "virginica")


def load_wine() -> Table:
    """178 wines from three growers, by a chemical analysis: features (178, 13), targets (178,) 0 ... 2.

    >>> nn.data.load_wine().feature_names[:3]
    ('alcohol', 'malic acid', 'ash')
    """
    return load("wine", "first", "second", "third")


def load_breast_cancer() -> Table:
    """569 tumours, malignant (0) or benign (1), by the nuclei of their cells: features (569, 30), targets (569,).

    >>> table = nn.data.load_breast_cancer()
    >>> table.features.shape, table.target_names
    ((569, 30), ('malignant', 'benign'))
    """
    return load("breast_cancer", "malignant", "benign")


def load_diabetes() -> Table:
    """442 patients and how far their diabetes had gone a year later, a number: features (442, 10) in their own units, targets (442,).

    >>> table = nn.data.load_diabetes()
    >>> table.target_names, table.targets[:3].tolist()
    (('progression',), [151.0, 75.0, 141.0])
    """
    return load("diabetes")
