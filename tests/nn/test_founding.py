"""The three examples the library was founded on: each checks the answer, not only that it runs."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_linear_regression_finds_the_least_squares():
    """y = 2x + noise on 100 points in [-1, 1], by gradient descent: the line, and to 1e-4 the closed-form solution."""
    rng = np.random.default_rng(0)
    x = np.linspace(-1, 1, 100)
    y = 2 * x + 0.1 * rng.standard_normal(100)
    model, loss = nn.Linear(1, 1, dtype=ag.float64), nn.MSELoss()
    inputs, targets = ag.tensor(x[:, None]), ag.tensor(y[:, None])
    for _ in range(500):
        model.zero_grad()
        loss(model(inputs), targets).backward()
        with ag.no_grad():
            for p in model.parameters():
                p -= 0.1 * p.grad
    weight, bias = model.weight.item(), model.bias.item()
    assert weight == pytest.approx(2, abs=0.1)
    assert bias == pytest.approx(0, abs=0.1)
    best = np.linalg.lstsq(np.stack([x, np.ones(100)], axis=1), y, rcond=None)[0]
    assert [weight, bias] == pytest.approx(best, abs=1e-4)


def test_mlp_gradients_equal_hand_derived_ones():
    """2-4-1 with ReLU and a sigmoid output under the mean squared error."""
    ag.manual_seed(1)
    model = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1), nn.Sigmoid()).double()
    rng = np.random.default_rng(0)
    x, t = rng.standard_normal((6, 2)), rng.uniform(size=(6, 1))
    inputs = ag.tensor(x, requires_grad=True)
    nn.MSELoss()(model(inputs), ag.tensor(t)).backward()

    w1, b1, w2, b2 = (np.asarray(p.detach()) for p in model.parameters())
    z1 = x @ w1.T + b1
    h = np.maximum(z1, 0)
    y = sigmoid(h @ w2.T + b2)
    d2 = 2 * (y - t) / 6 * y * (1 - y)  # dL/dz2 = dL/dy · σ'
    d1 = d2 @ w2 * (z1 > 0)  # dL/dz1 = dL/dh · relu'
    hand = {"0.weight": d1.T @ x, "0.bias": d1.sum(0), "2.weight": d2.T @ h, "2.bias": d2.sum(0)}
    assert 0 < (z1 > 0).mean() < 1  # both branches of relu are taken
    for name, p in model.named_parameters():
        np.testing.assert_allclose(np.asarray(p.grad), hand[name], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(np.asarray(inputs.grad), d1 @ w1, rtol=1e-12, atol=1e-15)


ACTIVATIONS = {"relu": lambda x: np.maximum(x, 0), "tanh": np.tanh, "sigmoid": sigmoid}


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [[], [5], [5, 3], [4, 7, 2], [3] * 12], ids=lambda hidden: f"{len(hidden)} hidden")
def test_mlp_forward_equals_the_formula(hidden, activation):
    """y = W_L f(... f(W_1 x + b_1) ...) + b_L, in plain NumPy, for any depth."""
    model = nn.MLP(4, hidden, 2, activation=activation, dtype=ag.float64)
    x = np.random.default_rng(0).standard_normal((6, 4))
    state = {name: np.asarray(value) for name, value in model.state_dict().items()}
    y = x
    for i in range(len(hidden) + 1):
        y = y @ state[f"{2 * i}.weight"].T + state[f"{2 * i}.bias"]
        if i < len(hidden):
            y = ACTIVATIONS[activation](y)
    np.testing.assert_allclose(np.asarray(model(ag.tensor(x)).detach()), y, rtol=1e-12, atol=1e-14)


def test_mlp_learns_xor():
    ag.manual_seed(0)
    model, loss = nn.MLP(2, 8, 1, activation="tanh"), nn.BCEWithLogitsLoss()
    x, t = ag.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), ag.tensor([[0.0], [1.0], [1.0], [0.0]])
    for _ in range(400):
        model.zero_grad()
        loss(model(x), t).backward()
        with ag.no_grad():
            for p in model.parameters():
                p -= 0.5 * p.grad
    assert ((np.asarray(model(x).detach()) > 0) == np.asarray(t)).all()
