"""Data made to measure: shapes in the plane that a straight line does not part, clouds, and numbers that are known to be linear.

``seed`` is an int or an ``ag.Generator``: the same one gives the same data; None draws from the current generator. Arrays come as float32,
classes as int64, in random order.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.errors import ArgumentError, message
from nn.data.random import Seed, numpy_generator

__all__ = ["make_blobs", "make_circles", "make_moons", "make_regression", "make_spirals"]


def shares(n_samples: int, parts: int) -> list[int]:
    """n samples in parts as equal as can be, the first ones larger."""
    if n_samples < parts or parts < 1:
        raise ArgumentError(message("n_samples", f"a sample or more in each of {parts} classes is required", str(n_samples)))
    return [n_samples // parts + (i < n_samples % parts) for i in range(parts)]


def shuffled(classes: Sequence[Any], noise: float, rng: np.random.Generator) -> tuple[Any, Any]:
    """Points of each class, (n_i, d), with noise added -> all of them (n, d) and their classes (n,), in random order."""
    points = np.concatenate(classes)
    points = points + noise * rng.standard_normal(points.shape)
    labels = np.repeat(np.arange(len(classes)), [len(part) for part in classes])
    order = rng.permutation(len(points))
    return points[order].astype(np.float32), labels[order]


def circle(angles: Any, radius: Any = 1.0) -> Any:
    """Points at these angles and radii: (n,) -> (n, 2)."""
    return np.stack([radius * np.cos(angles), radius * np.sin(angles)], -1)


def make_moons(n_samples: int = 100, *, noise: float = 0.0, seed: Seed = None) -> tuple[Any, Any]:
    """Two half circles, each reaching into the other: points (n_samples, 2) and classes (n_samples,), 0 or 1.

    >>> x, y = nn.data.make_moons(200, noise=0.1, seed=0)
    >>> x.shape, np.bincount(y).tolist()
    ((200, 2), [100, 100])
    """
    upper, lower = shares(n_samples, 2)
    moons = [circle(np.linspace(0, np.pi, upper)), [1, 0.5] - circle(np.linspace(0, np.pi, lower))]
    return shuffled(moons, noise, numpy_generator(seed))


def make_circles(n_samples: int = 100, *, noise: float = 0.0, factor: float = 0.8, seed: Seed = None) -> tuple[Any, Any]:
    """A circle of radius 1 (class 0) around one of radius ``factor`` (class 1): points (n_samples, 2) and classes (n_samples,).

    >>> x, y = nn.data.make_circles(50, factor=0.5, seed=0)
    >>> np.hypot(*x[y == 1].T).round(3).max()
    np.float32(0.5)
    """
    if not 0 <= factor < 1:
        raise ArgumentError(message("make_circles", "a factor of at least 0 and below 1 is required", repr(factor)))
    outer, inner = (np.linspace(0, 2 * np.pi, n, endpoint=False) for n in shares(n_samples, 2))
    return shuffled([circle(outer), circle(inner, factor)], noise, numpy_generator(seed))


def make_spirals(n_samples: int = 100, *, classes: int = 2, turns: float = 1.0, noise: float = 0.0, seed: Seed = None) -> tuple[Any, Any]:
    """Arms of a spiral that ends at radius 1, one for each class: points (n_samples, 2) and classes (n_samples,).

    turns  how often an arm goes around

    >>> x, y = nn.data.make_spirals(90, classes=3, seed=0)
    >>> x.shape, np.bincount(y).tolist()
    ((90, 2), [30, 30, 30])
    """
    rng = numpy_generator(seed)
    radii = [np.linspace(1 / n, 1, n) for n in shares(n_samples, classes)]
    arms = [circle(2 * np.pi * (turns * radius + i / classes), radius) for i, radius in enumerate(radii)]
    return shuffled(arms, noise, rng)


def make_blobs(
    n_samples: int = 100, n_features: int = 2, *, centers: Any = 3, cluster_std: float = 1.0,
    center_box: tuple[float, float] = (-10.0, 10.0), seed: Seed = None,
) -> tuple[Any, Any]:  # fmt: skip
    """Clouds of N(c_i, cluster_std²) around centres c_i: points (n_samples, n_features) and classes (n_samples,).

    centers  their number, drawn uniformly from center_box in each feature; or the centres (k, n_features) themselves

    >>> x, y = nn.data.make_blobs(40, centers=[[0.0, 5.0], [5.0, 0.0]], cluster_std=0.1, seed=0)
    >>> (x[:, 0] > x[:, 1]).tolist() == (y == 1).tolist()
    True
    """
    rng = numpy_generator(seed)
    places = rng.uniform(*center_box, (centers, n_features)) if isinstance(centers, int) else np.asarray(centers, float)
    counts = shares(n_samples, len(places))
    return shuffled([np.tile(place, (n, 1)) for place, n in zip(places, counts, strict=True)], cluster_std, rng)


def make_regression(
    n_samples: int = 100, n_features: int = 10, *, n_informative: int = 10, bias: float = 0.0, noise: float = 0.0, seed: Seed = None
) -> tuple[Any, Any, Any]:
    """y = X w + bias + noise ε with X, ε ~ N(0, 1): X (n_samples, n_features), y (n_samples,) and the true weights w (n_features,).

    n_informative  how many of the weights, drawn from 0 ... 100, are not 0

    >>> x, y, w = nn.data.make_regression(50, 3, bias=2.0, seed=0)
    >>> np.allclose(x @ w + 2, y, atol=1e-3)
    True
    """
    rng = numpy_generator(seed)
    x = rng.standard_normal((n_samples, n_features)).astype(np.float32)
    w = np.zeros(n_features, np.float32)
    told = rng.permutation(n_features)[:n_informative]
    w[told] = rng.uniform(0, 100, len(told))
    return x, (x @ w + bias + noise * rng.standard_normal(n_samples)).astype(np.float32), w
