"""The training loop: what it records, when it stops, which weights it leaves."""
from __future__ import annotations

import builtins
import sys

import numpy as np
import pytest

import autograd as ag
import nn
from nn import optim
from nn.data import DataLoader, TensorDataset
from nn.training import History, accuracy, evaluate, fit, plot_history


def line(n: int = 32) -> DataLoader:
    """y = 2x."""
    x = np.linspace(-1, 1, n, dtype=np.float32)[:, None]
    return DataLoader(TensorDataset(x, 2 * x), batch_size=8)


def model() -> nn.Linear:
    ag.manual_seed(0)
    return nn.Linear(1, 1)


def mse(output, target):
    return ((output - target) ** 2).mean()


@pytest.fixture
def without(monkeypatch):
    """Make a package look as if it were not installed."""

    def hide(name):
        real = builtins.__import__

        def refuse(module, *args, **kwargs):
            if module.split(".")[0] == name:
                raise ImportError(name)
            return real(module, *args, **kwargs)

        for module in [module for module in sys.modules if module.split(".")[0] == name]:
            monkeypatch.delitem(sys.modules, module)
        monkeypatch.setattr(builtins, "__import__", refuse)

    return hide


def test_accuracy():
    assert accuracy(ag.tensor([[0.0, 1.0], [1.0, 0.0], [3.0, 2.0]]), ag.tensor([1, 1, 0])) == pytest.approx(2 / 3)
    assert np.isnan(accuracy(ag.zeros(0, 2), ag.zeros(0, dtype=ag.int64)))


def test_fit_learns_and_records():
    net = model()
    history = fit(net, mse, optim.SGD(net.parameters(), lr=0.3), line(), line(8), epochs=20, progress=False)
    assert net.weight.item() == pytest.approx(2, abs=1e-3)
    assert set(history) == {"loss", "lr", "val_loss"}
    assert {len(numbers) for numbers in history.values()} == {20}
    assert history["val_loss"][-1] == pytest.approx(evaluate(net, mse, line(8))[0])
    assert net.training
    assert history.last()["loss"] == history["loss"][-1]


def test_loss_is_the_mean_over_samples_also_with_a_short_last_batch():
    net = model()
    loader = DataLoader(line(10).dataset, batch_size=4)
    whole = DataLoader(line(10).dataset, batch_size=10)
    assert evaluate(net, mse, loader)[0] == pytest.approx(evaluate(net, mse, whole)[0], rel=1e-6)


def test_evaluate_records_nothing_and_restores_the_mode():
    net = nn.Sequential(nn.Linear(1, 1), nn.Dropout(0.5))

    def loss(output, target):
        assert not output.requires_grad
        return mse(output, target)

    evaluate(net, loss, line())
    assert net.training
    assert evaluate(net.eval(), mse, line()) == pytest.approx(evaluate(net, mse, line()), nan_ok=True)
    assert not net.training


@pytest.mark.parametrize(
    ("make", "steps"),
    [
        (lambda o: optim.lr_scheduler.OneCycleLR(o, 0.1, total_steps=12), 12),
        (lambda o: optim.lr_scheduler.StepLR(o, 1, gamma=0.5), 3),
        (lambda o: optim.lr_scheduler.ReduceLROnPlateau(o), 3),
    ],
)  # fmt: skip
def test_schedules_step_after_batches_or_epochs(make, steps):
    net = model()
    optimizer = optim.SGD(net.parameters(), lr=0.1, momentum=0.5)
    scheduler = make(optimizer)
    fit(net, mse, optimizer, line(), line(), epochs=3, scheduler=scheduler, progress=False)
    assert scheduler.last_epoch == steps


def test_early_stopping_restores_the_best_weights():
    net = model()
    optimizer = optim.SGD(net.parameters(), lr=0.3)
    seen = []

    def loss(output, target):
        value = mse(output, target)
        if not output.requires_grad:
            seen.append(net.weight.item())
            return value * 0 + [3.0, 2.0, 1.0, 4.0, 5.0, 6.0][len(seen) - 1]
        return value

    one = DataLoader(line().dataset, batch_size=32)
    history = fit(net, loss, optimizer, line(), one, epochs=50, patience=1, progress=False)
    assert history["val_loss"] == [3.0, 2.0, 1.0, 4.0, 5.0]
    assert history.best_epoch == 3
    assert net.weight.item() == seen[2] != seen[-1]


def test_metric_takes_its_functions_name():
    net = nn.Linear(1, 2)
    loader = DataLoader(TensorDataset(np.ones((6, 1), np.float32), np.zeros(6, np.int64)), batch_size=4)
    history = fit(net, nn.CrossEntropyLoss(), optim.SGD(net.parameters(), lr=1.0), loader, loader, 5, metric=accuracy, progress=False)
    assert history["accuracy"][-1] == history["val_accuracy"][-1] == 1.0


def test_progress(capsys, without):
    def train(progress):
        net = model()
        fit(net, mse, optim.SGD(net.parameters(), lr=0.1), line(), epochs=2, progress=progress)
        return capsys.readouterr()

    assert train(False) == ("", "")
    if "tqdm" in sys.modules or __import__("importlib.util").util.find_spec("tqdm"):
        shown = train(True)
        assert not shown.out
        assert "epoch 2/2" in shown.err
        assert "8/8" in shown.err
    without("tqdm")
    shown = train(True)
    assert not shown.out
    assert [text.split("  ")[0] for text in shown.err.splitlines()] == ["epoch 1/2", "epoch 2/2"]


def test_wrong_arguments():
    net = model()
    with pytest.raises(ValueError, match="'batch' or 'epoch'"):
        fit(net, mse, optim.SGD(net.parameters()), line(), step_scheduler="day")


def test_plot(tmp_path):
    pytest.importorskip("matplotlib")
    history = History(loss=[1.0, 0.5], val_loss=[1.2, 0.7], accuracy=[0.5, 0.9], lr=[0.1, 0.1])
    figure = history.plot(tmp_path / "curve.png")
    assert (tmp_path / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert [axes.get_title() for axes in figure.axes] == ["loss", "accuracy"]


def test_plot_without_matplotlib_names_the_extra(without):
    without("matplotlib")
    with pytest.raises(ImportError, match=r'pip install "glassgrad\[train\]"'):
        plot_history(History(loss=[1.0]))
