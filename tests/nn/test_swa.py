"""Averaged weights: PyTorch's numbers, state and rates."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
from nn import optim
from nn.optim import swa_utils


def model(library):
    return library.Sequential(library.Linear(3, 4), library.BatchNorm1d(4), library.Linear(4, 2)).double()


KINDS = {
    "mean": lambda _: {},
    "moving": lambda library: {"avg_fn": library.get_ema_avg_fn(0.9)},
    "moving, all at once": lambda library: {"multi_avg_fn": library.get_ema_multi_avg_fn(0.8)},
    "mean, all at once": lambda library: {"multi_avg_fn": library.get_swa_multi_avg_fn()},
    "own": lambda _: {"avg_fn": lambda average, current, n: (average * n + current) / (n + 2), "use_buffers": True},
}


@pytest.mark.parity
@pytest.mark.parametrize("kind", KINDS)
def test_averages_equal_pytorch(kind):
    torch = pytest.importorskip("torch")
    ours, theirs = model(nn), model(torch.nn)
    averaged = swa_utils.AveragedModel(ours, **KINDS[kind](swa_utils))
    reference = torch.optim.swa_utils.AveragedModel(theirs, **KINDS[kind](torch.optim.swa_utils))
    rng = np.random.default_rng(0)
    for _ in range(4):
        for (name, p), q in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
            value = rng.integers(0, 9, p.shape) if "num_batches" in name else rng.random(p.shape)
            p.copy_(ag.tensor(value))
            q.copy_(torch.tensor(value))
        averaged.update_parameters(ours)
        reference.update_parameters(theirs)
    mine, other = averaged.state_dict(), reference.state_dict()
    assert list(mine) == list(other)
    for key, value in other.items():
        np.testing.assert_allclose(mine[key], value, rtol=1e-7, err_msg=key)  # PyTorch has 1 / (n + 1) in float32
    x = rng.random((5, 3))
    np.testing.assert_allclose(averaged.eval()(ag.tensor(x)).detach(), reference.eval()(torch.tensor(x)).detach(), rtol=1e-6)


@pytest.mark.parity
def test_running_values_anew_equal_pytorch():
    torch = pytest.importorskip("torch")
    ours, theirs = model(nn), model(torch.nn)
    ours.load_state_dict(theirs.state_dict())
    batches = np.random.default_rng(0).random((3, 5, 3))
    swa_utils.update_bn([(ag.tensor(b), None) for b in batches], ours.eval())
    torch.optim.swa_utils.update_bn([torch.tensor(b) for b in batches], theirs.eval())
    for (key, mine), other in zip(ours.state_dict().items(), theirs.state_dict().values(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12, err_msg=key)
    assert not ours.training
    assert ours[1].momentum == 0.1
    swa_utils.update_bn([], nn.Linear(1, 1))  # without batch norms there is nothing to do


@pytest.mark.parity
@pytest.mark.parametrize("options", [{}, {"anneal_epochs": 5, "anneal_strategy": "linear"}, {"anneal_epochs": 0}, {"swa_lr": [0.05, 0.01]}])
def test_rates_equal_pytorch(options):
    torch = pytest.importorskip("torch")
    options = {"swa_lr": 0.05, **options}
    rates = []
    for library, kind, schedule in ((ag, optim.SGD, swa_utils.SWALR), (torch, torch.optim.SGD, torch.optim.swa_utils.SWALR)):
        p, q = (library.ones(1, requires_grad=True) for _ in range(2))
        optimizer = kind([{"params": [p], "lr": 0.5}, {"params": [q], "lr": 0.001}], lr=0.1)
        scheduler = schedule(optimizer, **options)
        rates.append([])
        for _ in range(15):
            optimizer.step()
            scheduler.step()
            rates[-1].append([group["lr"] for group in optimizer.param_groups])
    np.testing.assert_allclose(*rates, rtol=1e-12)


def test_mistakes():
    layer = nn.Linear(1, 1)
    with pytest.raises(ValueError, match="one of avg_fn and multi_avg_fn"):
        swa_utils.AveragedModel(layer, avg_fn=swa_utils.get_swa_avg_fn(), multi_avg_fn=swa_utils.get_swa_multi_avg_fn())
    with pytest.raises(ValueError, match="decay between 0 and 1"):
        swa_utils.get_ema_avg_fn(1.5)
    with pytest.raises(ValueError, match='"cos" or "linear"'):
        swa_utils.SWALR(optim.SGD(layer.parameters()), 0.1, anneal_strategy="exp")
