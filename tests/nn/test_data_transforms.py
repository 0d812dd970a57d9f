"""Augmentation: what each transform may change, and that a seed settles it, whoever reads the data."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
from nn.data import DataLoader, Dataset, default_collate, load_digits, transforms
from nn.data.transforms import (
    Compose,
    CutMix,
    GaussianNoise,
    MixUp,
    Normalize,
    RandomCrop,
    RandomErasing,
    RandomHorizontalFlip,
    RandomVerticalFlip,
)

IMAGE = np.arange(2 * 5 * 6, dtype=np.float32).reshape(2, 5, 6)
ALL = [
    RandomHorizontalFlip(), RandomVerticalFlip(), RandomCrop(4, padding=1), RandomCrop(3), Normalize([0.5, 1.0], 2.0), GaussianNoise(),
    RandomErasing(p=1), RandomErasing(p=1, value="random"), Compose([RandomCrop(4), GaussianNoise(clip=False)]),
]  # fmt: skip


class Augmented(Dataset):
    """Digits, each drawn anew when it is read."""

    def __init__(self) -> None:
        images, self.labels = load_digits()
        self.images = images[:200, None] / 16
        self.augment = Compose([RandomCrop(8, padding=1), RandomHorizontalFlip(), GaussianNoise(sigma=0.2), RandomErasing()])

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return self.augment(self.images[index]), self.labels[index]


@pytest.mark.parametrize("transform", ALL, ids=repr)
def test_arrays_and_tensors_alike_and_settled_by_the_generator(transform):
    before = IMAGE.copy()
    array, tensor = transform(IMAGE, generator=3), transform(ag.tensor(IMAGE), generator=ag.Generator().manual_seed(3))
    assert isinstance(array, np.ndarray)
    assert isinstance(tensor, ag.Tensor)
    assert array.dtype == np.float32
    assert array.shape[0] == 2
    np.testing.assert_array_equal(array, tensor.numpy())
    np.testing.assert_array_equal(IMAGE, before)  # never written to
    ag.manual_seed(3)
    np.testing.assert_array_equal(transform(IMAGE), array)


@pytest.mark.parametrize("num_workers", [1, 3])
def test_a_seed_gives_the_same_data_whatever_reads_it(num_workers):
    def passes(workers, seed, mix):
        collate_fn = (lambda samples: mix(*default_collate(samples))) if mix else None
        loader = DataLoader(Augmented(), 32, shuffle=True, num_workers=workers, generator=seed, collate_fn=collate_fn)
        return [np.concatenate([x.numpy() for x, _ in loader]) for _ in range(2)]

    for mix in (None, CutMix(num_classes=10)):
        first, second = passes(0, 1, mix)
        again = passes(num_workers, 1, mix)
        np.testing.assert_array_equal(again[0], first)
        np.testing.assert_array_equal(again[1], second)
        assert not np.array_equal(first, second)
        assert not np.array_equal(passes(num_workers, 2, mix)[0], first)


def test_flips():
    np.testing.assert_array_equal(RandomHorizontalFlip(p=1)(IMAGE), IMAGE[..., ::-1])
    np.testing.assert_array_equal(RandomVerticalFlip(p=1)(IMAGE), IMAGE[..., ::-1, :])
    assert RandomHorizontalFlip(p=0)(IMAGE) is IMAGE
    flipped = [not np.array_equal(RandomVerticalFlip(p=0.3)(IMAGE, seed), IMAGE) for seed in range(400)]
    assert np.mean(flipped) == pytest.approx(0.3, abs=0.07)


def test_crops_come_from_everywhere():
    places = {RandomCrop((4, 3))(IMAGE, seed)[0, 0, 0] for seed in range(200)}
    assert places == set(IMAGE[0, :2, :4].ravel())
    padded = np.pad(IMAGE, [(0, 0), (2, 2), (1, 1)], constant_values=7)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 6), (1, 2)).reshape(2, -1, 5, 6)
    for seed in range(20):
        crop = RandomCrop((5, 6), padding=(1, 2), fill=7)(IMAGE, seed)
        assert any(np.array_equal(crop, windows[:, i]) for i in range(windows.shape[1]))
    assert 0 not in RandomCrop(7, padding=1, padding_mode="reflect")(IMAGE + 1)
    with pytest.raises(ValueError, match="at least 9 x 9 are required; got 7 x 8 with padding"):
        RandomCrop(9, padding=1)(IMAGE)


def test_normalize():
    np.testing.assert_allclose(Normalize([1, 2], [3, 4])(IMAGE), (IMAGE - [[[1]], [[2]]]) / [[[3]], [[4]]], rtol=1e-6)
    assert Normalize(1, 2)(IMAGE.astype(np.uint8)).dtype == np.float32
    with pytest.raises(ValueError, match="other than 0"):
        Normalize([0, 0], [1, 0])(IMAGE)


def test_noise():
    noise = GaussianNoise(mean=1.0, sigma=0.5, clip=False)(np.zeros((100, 100)), 0)
    assert (noise.mean(), noise.std()) == (pytest.approx(1.0, abs=0.02), pytest.approx(0.5, abs=0.02))
    clipped = GaussianNoise(sigma=2)(np.full((20, 20), 0.5), 0)
    assert (clipped.min(), clipped.max()) == (0, 1)


def test_erasing():
    parts = []
    for seed in range(100):
        hole = RandomErasing(p=1, scale=(0.1, 0.3))(np.ones((3, 32, 32)), seed) == 0
        assert (hole == hole[0]).all()
        rows, columns = hole[0].any(1), hole[0].any(0)
        assert hole[0].sum() == rows.sum() * columns.sum()  # a rectangle
        assert 0.25 < rows.sum() / columns.sum() < 4
        parts.append(hole[0].mean())
    assert 0.08 < min(parts) < 0.15
    assert 0.25 < max(parts) < 0.33
    assert RandomErasing(p=0)(IMAGE) is IMAGE
    assert RandomErasing(p=1, scale=(1, 1))(IMAGE, 0) is IMAGE  # nothing fits
    assert (RandomErasing(p=1, value="random")(IMAGE, 0) != IMAGE).any()


def test_mixup_of_tensors_and_of_probabilities():
    images, labels = ag.tensor([[0.0], [1.0], [2.0]]), ag.tensor([0, 1, 1])
    x, y = MixUp(num_classes=2)(images, labels, generator=0)
    share = y[0, 0].item()
    assert 0 < share < 1
    np.testing.assert_allclose(x.flatten().numpy(), [2 * (1 - share), share, 2 * share + 1 - share], rtol=1e-6)
    np.testing.assert_allclose(y.numpy(), [[share, 1 - share], [1 - share, share], [0, 1]], rtol=1e-6)
    again = MixUp()(images, ag.tensor([[1.0, 0], [0, 1], [0, 1]]), generator=0)
    np.testing.assert_array_equal(again[1].numpy(), y.numpy())
    assert nn.CrossEntropyLoss()(ag.zeros(3, 2), y).item() == pytest.approx(np.log(2))
    with pytest.raises(ValueError, match="MixUp: num_classes is required"):
        MixUp()(images, labels)


def test_mixup_shares_follow_alpha():
    shares = [MixUp(alpha=0.2, num_classes=2)(np.zeros((2, 1)), np.array([0, 1]), seed)[1][0, 0] for seed in range(300)]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.08)
    assert np.var(shares) == pytest.approx(0.25 / 1.4, rel=0.15)  # of Beta(0.2, 0.2)


def test_cutmix_labels_are_areas():
    images = np.stack([np.full((2, 9, 7), i, np.float32) for i in range(3)])
    before, boxes = images.copy(), 0
    for seed in range(30):
        x, y = CutMix(num_classes=3)(images, np.arange(3), seed)
        for i in range(3):
            pasted = x[i] == (i - 1) % 3
            np.testing.assert_allclose(pasted.mean(), y[i, (i - 1) % 3], rtol=1e-5, atol=1e-6)
            np.testing.assert_array_equal(x[i] == i, ~pasted)
        boxes += pasted.any()
    assert boxes > 20
    np.testing.assert_array_equal(images, before)


def test_names():
    assert repr(Compose([RandomCrop(4, padding=1)])) == "Compose([RandomCrop(size=4, padding=1, fill=0, padding_mode='constant')])"
    assert all(">>>" in (getattr(transforms, name).__doc__ or "") for name in transforms.__all__ if name != "Transform")
