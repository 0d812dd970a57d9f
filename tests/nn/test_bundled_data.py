"""Data that comes with the library: tables, text, and what is made to measure."""
from __future__ import annotations

import re

import numpy as np
import pytest

import autograd as ag
import nn
from nn import data
from nn.data import DataLoader, Standardize, TensorDataset, load_diabetes, train_test_split
from nn.training import accuracy, evaluate, fit

TABLES = {
    "iris": (data.load_iris, (150, 4), [50, 50, 50]),
    "wine": (data.load_wine, (178, 13), [59, 71, 48]),
    "breast_cancer": (data.load_breast_cancer, (569, 30), [212, 357]),
    "diabetes": (load_diabetes, (442, 10), None),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables(name):
    load, shape, counts = TABLES[name]
    table = load()
    features, targets = table
    assert (features.shape, features.dtype, targets.shape) == (shape, np.float32, shape[:1])
    assert len(table.feature_names) == shape[1]
    assert np.isfinite(features).all()
    if counts is None:
        assert (targets.dtype, targets.min(), targets.max(), table.target_names) == (np.float32, 25, 346, ("progression",))
    else:
        assert targets.dtype == np.int64
        assert np.bincount(targets).tolist() == counts
        assert len(table.target_names) == len(counts)
    assert repr(table) == f"Table({name!r}: {shape[0]} samples of {shape[1]} features)"
    assert table.description.startswith(f"{name}.csv: {shape[0]} ")
    assert re.search(r"(?s)\nSource\n.*\nLicence\n.*\nChanges\n", table.description)


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_those_of_scikit_learn(name):
    datasets = pytest.importorskip("sklearn.datasets")
    theirs = getattr(datasets, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
    features, targets = TABLES[name][0]()
    np.testing.assert_array_equal(features, theirs.data.astype(np.float32))
    np.testing.assert_array_equal(targets, theirs.target)


@pytest.mark.parametrize(("name", "least"), [("iris", 0.9), ("wine", 0.95), ("breast_cancer", 0.95)])
def test_a_linear_model_learns_the_classes(name, least):
    ag.manual_seed(0)
    features, targets = TABLES[name][0]()
    x, test_x, y, test_y = train_test_split(features, targets, stratify=targets, seed=0)
    scale = Standardize().fit(x)
    train, test = (DataLoader(TensorDataset(scale.transform(a), b), 32) for a, b in ((x, y), (test_x, test_y)))
    model, loss = nn.Linear(x.shape[1], targets.max() + 1), nn.CrossEntropyLoss()
    fit(model, loss, nn.optim.Adam(model.parameters(), lr=0.02), train, epochs=150, progress=False)
    assert evaluate(model, loss, test, accuracy)[1] > least


def test_a_linear_model_explains_half_of_diabetes():
    x, y = load_diabetes()
    x = np.concatenate([Standardize().fit_transform(x), np.ones((len(x), 1), np.float32)], 1)
    rest = y - x @ ag.linalg.lstsq(ag.tensor(x), ag.tensor(y[:, None])).solution[:, 0].numpy()
    assert 1 - rest.var() / y.var() == pytest.approx(0.5177, abs=1e-3)  # R², as in Efron et al.


def test_text():
    text = data.load_text()
    assert 300_000 < len(text) < 2_000_000
    assert len(set(text)) < 200
    assert 'The "assert" statement' in text
    assert text == data.load_text()


MADE = {
    "moons": (data.make_moons, {"noise": 0.1}, 2),
    "circles": (data.make_circles, {"noise": 0.1}, 2),
    "spirals": (data.make_spirals, {"noise": 0.1, "classes": 3}, 3),
    "blobs": (data.make_blobs, {"centers": 4}, 4),
}


@pytest.mark.parametrize("name", MADE)
def test_made_classes_are_balanced_and_seeded(name):
    make, options, classes = MADE[name]
    x, y = make(101, **options, seed=0)
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((101, 2), np.float32, (101,), np.int64)
    assert sorted(np.bincount(y)) == sorted(101 // classes + (i < 101 % classes) for i in range(classes))
    assert (np.diff(y) != 0).sum() > 10  # in random order
    np.testing.assert_array_equal(make(101, **options, seed=ag.Generator().manual_seed(0))[0], x)
    assert not np.array_equal(make(101, **options, seed=1)[0], x)
    ag.manual_seed(0)
    np.testing.assert_array_equal(make(101, **options)[0], x)


def test_shapes_without_noise():
    x, y = data.make_circles(60, factor=0.3)
    np.testing.assert_allclose(np.hypot(*x.T), np.where(y == 0, 1, 0.3), rtol=1e-5)
    x, y = data.make_moons(60)
    np.testing.assert_allclose(np.hypot(*(x - np.where(y == 1, [[1], [0.5]], 0).T).T), 1, rtol=1e-5)
    assert (np.where(y == 0, x[:, 1], 0.5 - x[:, 1]) > -1e-6).all()
    x, y = data.make_spirals(60, classes=2, turns=1.5)
    radius = np.hypot(*x.T)
    angle = 2 * np.pi * (1.5 * radius + y / 2)
    np.testing.assert_allclose(x, np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), atol=1e-5)
    assert radius.max() == pytest.approx(1)
    x, y = data.make_blobs(3000, 3, centers=[[0, 0, 0], [9, 9, 9]], cluster_std=2, seed=0)
    np.testing.assert_allclose([x[y == i].mean() for i in (0, 1)], [0, 9], atol=0.1)
    np.testing.assert_allclose([x[y == i].std() for i in (0, 1)], 2, rtol=0.05)


def test_regression():
    x, y, w = data.make_regression(400, 6, n_informative=2, bias=3, noise=0.5, seed=0)
    assert (x.shape, y.shape, (w != 0).sum()) == ((400, 6), (400,), 2)
    rest = y - x @ w - 3
    assert (rest.mean(), rest.std()) == (pytest.approx(0, abs=0.1), pytest.approx(0.5, rel=0.1))
    np.testing.assert_array_equal(data.make_regression(400, 6, n_informative=2, bias=3, noise=0.5, seed=0)[1], y)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: data.make_moons(1), "each of 2 classes is required; got 1"),
        (lambda: data.make_spirals(10, classes=0), "each of 0 classes"),
        (lambda: data.make_circles(10, factor=1.0), "below 1 is required; got 1.0"),
    ],
)
def test_mistakes(call, match):
    with pytest.raises(ValueError, match=match):
        call()
