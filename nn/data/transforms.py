"""Augmentation: the same sample, a little different each time it is read. Names and defaults are those of ``torchvision.transforms.v2``.

A transform takes an image (..., H, W), as an array or a tensor, and returns one of the same kind; the leading dims, channels or a batch,
share what is drawn. It is called where a sample is read::

    augment = Compose([RandomCrop(8, padding=1), RandomHorizontalFlip(), GaussianNoise(sigma=0.05)])

    class Augmented(Dataset):
        def __getitem__(self, i):
            return augment(images[i]), labels[i]

    loader = DataLoader(Augmented(), batch_size=64, shuffle=True, num_workers=2, generator=0)

``MixUp`` and ``CutMix`` take a batch: call them in the loop, or let ``collate_fn=lambda samples: mix(*default_collate(samples))``.

Seeds. A transform draws from ``generator=``, an ``ag.Generator`` or a seed, if it is called with one; else from ``current_generator()``.
In a DataLoader that is the stream of the batch, which the loader's generator and the number of the batch settle: one seed gives the same
augmented data in every run, whatever ``num_workers`` is, and other data in every pass. Elsewhere it is the stream that ``ag.manual_seed``
seeds.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn.data.random import Seed, current_generator, drawing_from, numpy_generator

__all__ = [
    "Compose", "CutMix", "GaussianNoise", "MixUp", "Normalize", "RandomCrop", "RandomErasing", "RandomHorizontalFlip", "RandomVerticalFlip",
    "Transform",
]  # fmt: skip


def like(result: Any, given: Any) -> Any:
    """The result as a tensor where a tensor was given."""
    return ag.tensor(result) if isinstance(given, Tensor) else result


def array_of(x: Any) -> Any:
    """The values of an array or a tensor."""
    return x.detach().numpy() if isinstance(x, Tensor) else np.asarray(x)


class Transform:
    """Base of the transforms of an image: a new one writes ``apply``, from array to array, which draws from a NumPy generator."""

    def __call__(self, x: Any, generator: Seed = None) -> Any:
        return like(self.apply(array_of(x), numpy_generator(generator)), x)

    def apply(self, x: Any, rng: np.random.Generator) -> Any:
        """The new image: (..., H, W) -> (..., H', W')."""
        raise NotImplementedError


class Compose:
    """One transform, or any function of one argument, after the other.

    >>> from nn.data.transforms import *
    >>> Compose([RandomCrop(4, padding=1), RandomHorizontalFlip(), lambda x: 2 * x])(ag.ones(1, 4, 4), generator=0).shape
    (1, 4, 4)
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = list(transforms)

    def __call__(self, x: Any, generator: Seed = None) -> Any:
        with drawing_from(current_generator() if generator is None else generator):
            for transform in self.transforms:
                x = transform(x)
        return x

    def __repr__(self) -> str:
        return f"Compose({self.transforms})"


@dataclass
class RandomHorizontalFlip(Transform):
    """Left becomes right, with probability p: (..., H, W) -> (..., H, W).

    >>> RandomHorizontalFlip(p=1)(ag.tensor([[1, 2, 3]]))
    tensor([[3, 2, 1]])
    """

    p: float = 0.5

    def apply(self, x: Any, rng: np.random.Generator) -> Any:
        return np.ascontiguousarray(x[..., ::-1]) if rng.random() < self.p else x


@dataclass
class RandomVerticalFlip(Transform):
    """Top becomes bottom, with probability p: (..., H, W) -> (..., H, W).

    >>> RandomVerticalFlip(p=1)(ag.tensor([[1], [2]])).tolist()
    [[2], [1]]
    """

    p: float = 0.5

    def apply(self, x: Any, rng: np.random.Generator) -> Any:
        return np.ascontiguousarray(x[..., ::-1, :]) if rng.random() < self.p else x


@dataclass
class RandomCrop(Transform):
    """A part of the image at a random place: (..., H, W) -> (..., size, size).

    size          height and width, or one number for both
    padding       rows and columns added on each side before: one number, or (left and right, top and bottom)
    fill          their value; padding_mode "reflect", "edge" or "symmetric" takes the image's instead

    >>> RandomCrop((2, 3), padding=1, fill=9)(ag.zeros(3, 2, 2)).shape
    (3, 2, 3)
    """

    size: int | tuple[int, int]
    padding: int | tuple[int, int] = 0
    fill: float = 0
    padding_mode: Any = "constant"

    def apply(self, x: Any, rng: np.random.Generator) -> Any:
        height, width = (self.size, self.size) if isinstance(self.size, int) else self.size
        sideways, up = (self.padding, self.padding) if isinstance(self.padding, int) else self.padding
        if sideways or up:
            filling = {"constant_values": self.fill} if self.padding_mode == "constant" else {}
            x = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(up, up), (sideways, sideways)], self.padding_mode, **filling)
        rows, columns = x.shape[-2:]
        if height > rows or width > columns:
            raise ShapeError(message(
                "RandomCrop", f"images of at least {height} x {width} are required", f"{rows} x {columns} with padding", "raise padding",
            ))  # fmt: skip
        top, left = rng.integers(0, rows - height + 1), rng.integers(0, columns - width + 1)
        return x[..., top : top + height, left : left + width]


@dataclass
class Normalize(Transform):
    """(x - mean) / std for each channel: (..., C, H, W) -> (..., C, H, W).

    mean, std  one number, or one for each channel

    >>> Normalize([0.5], [0.25])(ag.tensor([[[0.0, 1.0]]]))
    tensor([[[-2.,  2.]]])
    """

    mean: float | Sequence[float]
    std: float | Sequence[float]

    def apply(self, x: Any, rng: np.random.Generator) -> Any:
        dtype = x.dtype if x.dtype.kind == "f" else ag.get_default_dtype()
        mean, std = (np.reshape(np.asarray(values, dtype), (-1, 1, 1)) for values in (self.mean, self.std))
        if not std.all():
            raise ArgumentError(message("Normalize", "a std other than 0 is required", f"{self.std}"))
        return (x - mean) / std


@dataclass
class GaussianNoise(Transform):
    """x + ε, ε ~ N(mean, sigma²) for each pixel: shape -> shape.

    clip  keep the values between 0 and 1

    >>> GaussianNoise(sigma=0.5)(ag.zeros(2, 8, 8), generator=0).max() <= 1
    tensor(True)
    """

    mean: float = 0.0
    sigma: float = 0.1
    clip: bool = True

    def apply(self, x: Any, rng: np.random.Generator) -> Any:
        dtype = x.dtype if x.dtype.kind == "f" else ag.get_default_dtype()
        noisy = x + (self.mean + self.sigma * rng.standard_normal(x.shape)).astype(dtype)
        return noisy.clip(0, 1) if self.clip else noisy


@dataclass
class RandomErasing(Transform):
    """A rectangle at a random place is overwritten (Zhong et al. 2017, arXiv:1708.04896): (..., H, W) -> (..., H, W).

    p      probability
    scale  smallest and largest part of the image's area
    ratio  smallest and largest ratio of height to width
    value  what is written, a number; "random": N(0, 1)

    >>> (RandomErasing(p=1, scale=(0.2, 0.3))(ag.ones(1, 8, 8), generator=0) == 0).any()
    tensor(True)
    """

    p: float = 0.5
    scale: tuple[float, float] = (0.02, 0.33)
    ratio: tuple[float, float] = (0.3, 3.3)
    value: float | str = 0

    def apply(self, x: Any, rng: np.random.Generator) -> Any:
        if rng.random() >= self.p:
            return x
        rows, columns = x.shape[-2:]
        for _ in range(10):  # a rectangle may not fit
            area, ratio = rows * columns * rng.uniform(*self.scale), np.exp(rng.uniform(*np.log(self.ratio)))
            height, width = round(np.sqrt(area * ratio)), round(np.sqrt(area / ratio))
            if height < rows and width < columns:
                top, left = rng.integers(0, rows - height + 1), rng.integers(0, columns - width + 1)
                hole = (..., slice(top, top + height), slice(left, left + width))
                x = x.copy()
                x[hole] = rng.standard_normal(x[hole].shape) if self.value == "random" else self.value
                break
        return x


@dataclass
class MixUp:
    """λ x + (1 - λ) x', λ ~ Beta(alpha, alpha), x' the sample before in the batch, labels alike (Zhang et al. 2017, arXiv:1710.09412).

    Images (N, ...) and labels (N,) of integers, or (N, num_classes) of probabilities -> images (N, ...) and labels (N, num_classes), which
    ``CrossEntropyLoss`` takes.

    >>> images, labels = MixUp(num_classes=3)(ag.ones(4, 1, 8, 8), ag.tensor([0, 1, 2, 2]), generator=0)
    >>> labels.shape, labels.sum(1)
    ((4, 3), tensor([1., 1., 1., 1.]))
    """

    _: KW_ONLY
    alpha: float = 1.0
    num_classes: int | None = None

    def __call__(self, images: Any, labels: Any, generator: Seed = None) -> tuple[Any, Any]:
        x, rng = array_of(images), numpy_generator(generator)
        share = float(rng.beta(self.alpha, self.alpha))
        mixed, share = self.mix(x, np.roll(x, 1, 0), share, rng)
        y = self.probabilities(array_of(labels), mixed.dtype)
        return like(mixed, images), like(blend(y, np.roll(y, 1, 0), share), labels)

    def mix(self, x: Any, other: Any, share: float, rng: np.random.Generator) -> tuple[Any, float]:
        """The new images, and what share of each is x."""
        return blend(x, other, share), share

    def probabilities(self, labels: Any, dtype: Any) -> Any:
        """(N,) of integers -> (N, num_classes); probabilities as they are."""
        if labels.ndim == 2:
            return labels
        if self.num_classes is None:
            raise ArgumentError(message(type(self).__name__, "num_classes is required for labels that are integers", "None"))
        return np.eye(self.num_classes, dtype=dtype if dtype.kind == "f" else ag.get_default_dtype())[labels]


class CutMix(MixUp):
    """A rectangle of the sample before in the batch is pasted into each; labels by area (Yun et al. 2019, arXiv:1905.04899).

    Images (N, ..., H, W) and labels as in ``MixUp``. The rectangle has the part 1 - λ of the area, λ ~ Beta(alpha, alpha), unless it lies
    across the border.

    >>> images, labels = CutMix(num_classes=2)(ag.tensor([[[0.0] * 8] * 8, [[1.0] * 8] * 8]), ag.tensor([0, 1]), generator=0)
    >>> (images[0].mean() - labels[0, 1]).abs() < 1e-6
    tensor(True)
    """

    def mix(self, x: Any, other: Any, share: float, rng: np.random.Generator) -> tuple[Any, float]:
        rows, columns = x.shape[-2:]
        (top, bottom), (left, right) = (span(n, (1 - share) ** 0.5, rng) for n in (rows, columns))
        x = x.copy()
        x[..., top:bottom, left:right] = other[..., top:bottom, left:right]
        return x, 1 - (bottom - top) * (right - left) / (rows * columns)


def span(n: int, part: float, rng: np.random.Generator) -> tuple[int, int]:
    """Where a stretch of this part of n begins and ends, its centre anywhere, what lies outside cut off."""
    centre, half = int(rng.integers(0, n)), int(0.5 * part * n)
    return max(centre - half, 0), min(centre + half, n)


def blend(x: Any, other: Any, share: float) -> Any:
    """Share of x and the rest of the other."""
    return share * x + (1 - share) * other
