"""Data: datasets, order, batches, splits, scaling, the bundled digits."""
from __future__ import annotations

import pickle
from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest

import autograd as ag
from nn import data
from nn.data import DataLoader, Standardize, Subset, TensorDataset, load_digits, random_split, train_test_split


def numbers(n: int = 10) -> TensorDataset:
    return TensorDataset(ag.arange(n), ag.arange(n) * 10)


class Squares(data.Dataset):
    """A dataset as a user writes it."""

    def __init__(self, n: int = 10) -> None:
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        if not 0 <= index < self.n:
            raise IndexError(index)
        return np.full((2,), index, np.float32), index**2


class Duck:
    """The least that a dataset can be."""

    def __len__(self):
        return 4

    def __getitem__(self, index):
        return index


# ── datasets ──


def test_tensor_dataset():
    dataset = numbers()
    assert len(dataset) == 10
    x, y = dataset[3]
    assert (x.item(), y.item()) == (3, 30)
    assert [t.tolist() for t in dataset.gather([1, 9])] == [[1, 9], [10, 90]]
    assert isinstance(TensorDataset(np.zeros((3, 2)))[0][0], ag.Tensor)


@pytest.mark.parametrize("tensors", [(), (np.zeros(3), np.zeros(4)), (np.zeros(()),)])
def test_tensor_dataset_needs_equal_lengths(tensors):
    with pytest.raises(ValueError, match="of the same length"):
        TensorDataset(*tensors)


def test_subset_and_concatenation():
    subset = Subset(numbers(), [7, 2])
    assert len(subset) == 2
    assert subset[1][1].item() == 20
    assert [t.tolist() for t in subset.gather([1, 0])] == [[2, 7], [20, 70]]
    both = Squares(3) + Squares(4)
    assert [both[i][1] for i in range(len(both))] == [0, 1, 4, 0, 1, 4, 9]
    assert both[-1][1] == 9
    with pytest.raises(IndexError):
        both[7]
    assert len(pickle.loads(pickle.dumps(subset))) == 2


def test_stacked_datasets():
    by_place, by_name = data.StackDataset(Squares(3), [5, 6, 7]), data.StackDataset(x=[1, 2], name=["a", "b"])
    assert (len(by_place), by_place[2][0][1], by_place[2][1]) == (3, 4, 7)
    assert next(iter(DataLoader(by_name, batch_size=2)))["name"] == ["a", "b"]
    with pytest.raises(ValueError, match="either all by position or all by name"):
        data.StackDataset([1], x=[1])
    with pytest.raises(ValueError, match=r"equal length are required; got lengths \[1, 2\]"):
        data.StackDataset([1], [1, 2])


@pytest.mark.parametrize("lengths", [[6, 4], [10, 0], [0.5, 0.3, 0.2], [1 / 3, 1 / 3, 1 / 3], [1.0]])
def test_random_split_is_disjoint_and_complete(lengths):
    parts = random_split(numbers(), lengths, generator=1)
    assert sorted(i for part in parts for i in part.indices) == list(range(10))
    if lengths[0] > 1:
        assert [len(part) for part in parts] == lengths


def test_random_split_gives_what_remains_to_the_first():
    assert [len(part) for part in random_split(numbers(11), [1 / 3, 1 / 3, 1 / 3])] == [4, 4, 3]


def test_random_split_is_seeded():
    def split(seed):
        return [part.indices for part in random_split(numbers(100), [0.5, 0.5], generator=seed)]

    assert split(3) == split(3) == split(ag.Generator().manual_seed(3))
    assert split(3) != split(4)
    with pytest.raises(ValueError, match="sum 10"):
        random_split(numbers(), [5, 4])


# ── samplers ──


def test_samplers():
    assert list(data.SequentialSampler(range(4))) == [0, 1, 2, 3]
    assert sorted(data.RandomSampler(range(50), generator=0)) == list(range(50))
    assert list(data.RandomSampler(range(50), generator=0)) != list(range(50))
    assert len(list(data.RandomSampler(range(5), num_samples=12))) == 12
    assert set(data.RandomSampler(range(3), replacement=True, num_samples=100, generator=0)) == {0, 1, 2}
    assert sorted(data.SubsetRandomSampler([4, 8, 6], generator=0)) == [4, 6, 8]
    assert list(data.BatchSampler(range(5), 2, drop_last=False)) == [[0, 1], [2, 3], [4]]
    assert list(data.BatchSampler(range(5), 2, drop_last=True)) == [[0, 1], [2, 3]]


def test_weighted_sampler_draws_in_proportion():
    drawn = Counter(data.WeightedRandomSampler([1.0, 0.0, 3.0], 4000, generator=0))
    assert drawn[1] == 0
    assert drawn[2] / drawn[0] == pytest.approx(3, rel=0.15)
    assert sorted(data.WeightedRandomSampler([1.0, 1.0, 1.0], 3, replacement=False, generator=0)) == [0, 1, 2]


# ── loader ──


@pytest.mark.parametrize("dataset", [numbers(), Subset(numbers(20), range(10)), Squares()], ids=["tensors", "subset", "own"])
@pytest.mark.parametrize(("size", "drop_last"), [(1, False), (3, False), (3, True), (5, True), (10, False), (64, False), (64, True)])
def test_batches_cover_the_data_once(dataset, size, drop_last):
    loader = DataLoader(dataset, batch_size=size, shuffle=True, drop_last=drop_last)
    batches = list(loader)
    assert len(batches) == len(loader) == (10 // size if drop_last else -(-10 // size))
    seen = [int(y) for _, ys in batches for y in ys.tolist()]
    expected = [int(dataset[i][1]) for i in range(10)]
    assert len(set(seen)) == len(seen) == (10 // size * size if drop_last else 10)
    assert set(seen) <= set(expected)
    assert all(len(ys) == size for _, ys in batches[:-1])


def test_gathered_batches_equal_collated_ones():
    dataset = numbers(23)
    fast = list(DataLoader(dataset, batch_size=5, shuffle=True, generator=0))
    slow = list(DataLoader(dataset, batch_size=5, shuffle=True, generator=0, collate_fn=lambda batch: data.default_collate(batch)))
    assert [[t.tolist() for t in batch] for batch in fast] == [[t.tolist() for t in batch] for batch in slow]


def order(loader: DataLoader) -> list[int]:
    return [int(i) for batch in loader for i in batch[0].tolist()]


def test_shuffle_is_reproducible_by_seed_generator_and_global_seed():
    def loader(generator=None):
        return DataLoader(numbers(40), batch_size=7, shuffle=True, generator=generator)

    first = loader(5)
    passes = [order(first), order(first)]
    assert passes[0] != passes[1]  # a new order in each pass
    assert sorted(passes[0]) == list(range(40))
    again, by_generator = loader(5), loader(ag.Generator().manual_seed(5))
    assert [order(again), order(again)] == passes
    assert order(by_generator) == passes[0]
    assert order(loader(6)) != passes[0]
    ag.manual_seed(11)
    by_global = order(loader())
    ag.manual_seed(11)
    assert order(loader()) == by_global


def test_without_shuffle_the_order_stays():
    assert order(DataLoader(numbers(), batch_size=3)) == list(range(10))


def test_own_samplers_and_collate():
    assert order(DataLoader(numbers(), batch_size=2, sampler=[5, 1, 3])) == [5, 1, 3]
    assert order(DataLoader(numbers(), batch_sampler=[[1, 2, 3], [9]])) == [1, 2, 3, 9]
    assert list(DataLoader(Duck(), batch_size=3, collate_fn=sum)) == [3, 3]
    assert [batch.tolist() for batch in DataLoader(Duck(), batch_size=3)] == [[0, 1, 2], [3]]


def test_single_samples():
    loader = DataLoader(Squares(3), batch_size=None)
    assert len(loader) == 3
    x, y = list(loader)[2]
    assert isinstance(x, ag.Tensor)
    assert (x.tolist(), y) == ([2.0, 2.0], 4)


def test_iterable_dataset():
    class Stream(data.IterableDataset):
        def __iter__(self):
            yield from range(5)

    assert [batch.tolist() for batch in DataLoader(Stream(), batch_size=2)] == [[0, 1], [2, 3], [4]]
    assert [batch.tolist() for batch in DataLoader(Stream(), batch_size=2, drop_last=True)] == [[0, 1], [2, 3]]
    assert list(DataLoader(Stream(), batch_size=None)) == [0, 1, 2, 3, 4]
    assert list(Stream() + Stream()) == [*range(5), *range(5)]
    with pytest.raises(TypeError, match="requires a dataset with __len__"):
        len(DataLoader(Stream()))
    with pytest.raises(ValueError, match="its own order"):
        DataLoader(Stream(), shuffle=True)


def test_samples_that_a_dataset_reads_together():
    class Table:
        def __len__(self):
            return 5

        def __getitems__(self, indices):
            return [10 * i for i in indices]

    assert [batch.tolist() for batch in DataLoader(Table(), batch_size=3)] == [[0, 10, 20], [30, 40]]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"num_workers": -1}, "0 or more"),
        ({"timeout": -1}, "0 or more"),
        ({"num_workers": 1, "prefetch_factor": 0}, "0 or more"),
        ({"prefetch_factor": 2}, "need workers; got num_workers=0"),
        ({"persistent_workers": True}, "need workers; got num_workers=0"),
        ({"batch_size": 0}, "positive integer; got 0"),
        ({"batch_size": 2.5}, "positive integer; got 2.5"),
        ({"sampler": [1], "shuffle": True}, "either sampler or shuffle"),
        ({"batch_sampler": [[1]], "batch_size": 2}, "batch_sampler decides"),
        ({"batch_size": None, "drop_last": True}, "drop_last needs batches"),
    ],
)
def test_loader_errors(options, text):
    with pytest.raises(ValueError, match=text):
        DataLoader(numbers(), **options)


def test_empty_dataset():
    assert list(DataLoader(TensorDataset(np.zeros((0, 2))), batch_size=4, shuffle=True)) == []


class Point(NamedTuple):
    x: int
    y: int



COLLATED = [
    [1, 2], [1.5, 2.5], [True, False], ["a", "b"],
    [(1, 2.0), (3, 4.0)], [[1, 2], [3, 4]], [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], [Point(1, 2), Point(3, 4)],
    [np.float32(1), np.float32(2)], [np.zeros(2), np.ones(2)], [(np.zeros((2, 3), np.float32), {"y": (1, "s")})] * 2,
]  # fmt: skip


def plain(value):
    if hasattr(value, "tolist"):
        return str(value.dtype).removeprefix("torch."), value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, str):
        return value
    return type(value).__name__, [plain(item) for item in value]


@pytest.mark.parity
@pytest.mark.parametrize("batch", COLLATED, ids=str)
def test_collate_equals_torch(batch):
    default_collate = pytest.importorskip("torch.utils.data").default_collate
    assert plain(data.default_collate(batch)) == plain(default_collate(batch))


def test_collate_errors():
    with pytest.raises(TypeError, match="pass a collate_fn"):
        data.default_collate([object()])
    with pytest.raises(ValueError, match="equal length"):
        data.default_collate([(1, 2), (1,)])


# ── digits ──


def test_digits():
    images, labels = load_digits()
    assert (images.shape, images.dtype, labels.shape, labels.dtype) == ((1797, 8, 8), np.float32, (1797,), np.int64)
    assert (images.min(), images.max()) == (0, 16)
    assert set(np.bincount(labels)) <= set(range(170, 190))
    raw = load_digits(raw=True)
    assert raw.images.dtype == np.uint8
    np.testing.assert_array_equal(raw.images, images)
    assert "UCI" in raw.description
    assert "Licence" in raw.description


def test_digits_are_those_of_scikit_learn():
    theirs = pytest.importorskip("sklearn.datasets").load_digits()
    images, labels = load_digits()
    np.testing.assert_array_equal(images, theirs.images)
    np.testing.assert_array_equal(labels, theirs.target)


# ── preprocessing ──


def test_standardize(rng):
    train, new = rng.normal(5, 3, (200, 4)).astype(np.float32), rng.normal(5, 3, (20, 4)).astype(np.float32)
    scale = Standardize()
    scaled = scale.fit_transform(train)
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.std(axis=0), 1, rtol=1e-5)
    np.testing.assert_allclose(scale.inverse_transform(scaled), train, rtol=1e-5)
    np.testing.assert_allclose(scale.transform(new), (new - train.mean(0)) / train.std(0), rtol=1e-3, atol=1e-5)
    other = Standardize()
    other.load_state_dict(scale.state_dict())
    np.testing.assert_array_equal(other.transform(new), scale.transform(new))
    assert isinstance(scale.transform(ag.tensor(new)), ag.Tensor)
    np.testing.assert_array_equal(scale.transform(ag.tensor(new)).numpy(), scale.transform(new))


def test_standardize_a_feature_that_never_varies():
    train = np.array([[0.1, 1.0, 7], [0.1, 2.0, 7], [0.1, 4.0, 7]])  # the deviation of equal 0.1s is 1e-17, not 0
    scale = Standardize().fit(train)
    assert np.all(scale.transform(train)[:, [0, 2]] == 0)
    assert np.all(scale.transform(np.array([[5.0, 1.0, -3.0]]))[:, [0, 2]] == 0)
    np.testing.assert_allclose(scale.inverse_transform(scale.transform(train)), train)


def test_standardize_images_and_integers():
    images = load_digits(raw=True).images
    scaled = Standardize().fit_transform(images)
    assert scaled.shape == images.shape
    assert scaled.dtype == np.float32
    assert np.isfinite(scaled).all()


def test_standardize_errors():
    with pytest.raises(RuntimeError, match=r"fit\(\) is required"):
        Standardize().transform(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="as in fit"):
        Standardize().fit(np.zeros((2, 2))).transform(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="n > 0"):
        Standardize().fit(np.zeros((0, 3)))


@pytest.mark.parametrize("stratified", [False, True])
@pytest.mark.parametrize("test_size", [0.2, 7, 0.5])
def test_split_is_disjoint_complete_and_seeded(stratified, test_size):
    indices, labels = np.arange(30), np.repeat([0, 1, 2], [5, 10, 15])

    def split(seed):
        return train_test_split(indices, labels, test_size=test_size, stratify=labels if stratified else None, seed=seed)

    train, test, train_labels, test_labels = split(0)
    assert len(test) == (test_size if isinstance(test_size, int) else 30 * test_size)
    assert sorted([*train, *test]) == list(range(30))
    np.testing.assert_array_equal(labels[train], train_labels)
    np.testing.assert_array_equal(labels[test], test_labels)
    np.testing.assert_array_equal(split(0)[1], test)
    assert list(split(1)[1]) != list(test)
    if stratified:
        np.testing.assert_allclose(np.bincount(test_labels, minlength=3), np.array([5, 10, 15]) * len(test) / 30, atol=1)


def test_split_keeps_the_form_of_each_array():
    a, b, c, d = train_test_split(ag.arange(8), list("abcdefgh"), test_size=0.25, seed=0)
    assert isinstance(a, ag.Tensor)
    assert isinstance(b, ag.Tensor)
    assert ["abcdefgh"[i] for i in a.tolist() + b.tolist()] == c + d


def test_split_errors():
    with pytest.raises(ValueError, match="equal length"):
        train_test_split(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="test_size"):
        train_test_split(np.zeros(3), test_size=1.5)
