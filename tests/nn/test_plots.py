"""Pictures of a training: what they show is what is there; nothing is changed by looking."""
from __future__ import annotations

import numpy as np
import pytest

import autograd as ag
import nn
from nn import optim
from nn.training import LivePlot, confusion_matrix, fit, plot_confusion, plot_decision, plot_histograms
from nn.training.plots import distributions

pytest.importorskip("matplotlib")


def model():
    ag.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))


def test_confusion_counts():
    found = confusion_matrix(ag.tensor([0, 1, 1, 2]), np.array([0, 1, 2, 2]))
    np.testing.assert_array_equal(found, [[1, 0, 0], [0, 1, 0], [0, 1, 1]])
    assert confusion_matrix([], [], 2).tolist() == [[0, 0], [0, 0]]
    with pytest.raises(ag.ShapeError, match="argmax"):
        confusion_matrix(np.ones((3, 2)), np.ones(3))


def test_histograms(tmp_path):
    net, x = model(), ag.randn(10, 2)
    assert set(distributions(net, "weights")) == {"0.weight", "0.bias", "3.weight", "3.bias"}
    with pytest.raises(ag.ArgumentError, match=r"backward\(\) first"):
        plot_histograms(net, "gradients")
    net(x).sum().backward()
    np.testing.assert_array_equal(distributions(net, "gradients")["3.bias"], net[3].bias.grad.numpy())
    found = distributions(net, "activations", x)
    np.testing.assert_array_equal(found["1"], np.maximum(found["0"], 0))
    assert net.training
    figure = plot_histograms(net, "activations", x, tmp_path / "h.png")
    assert "% zero" in figure.axes[1].get_title()
    assert (tmp_path / "h.png").stat().st_size > 1000
    with pytest.raises(ag.ArgumentError, match="pass inputs="):
        plot_histograms(net, "activations")


def test_confusion_and_decision(tmp_path):
    net, x = model(), ag.randn(30, 2)
    labels = ag.randint(0, 3, (30,))
    figure = plot_confusion(net.eval()(x).argmax(1), labels, ["a", "b", "cat"], tmp_path / "c.png")
    assert sum(int(text.get_text()) for text in figure.axes[0].texts) == 30
    net.train()
    assert plot_decision(net, x, labels, tmp_path / "d.png").axes
    assert net.training
    assert plot_decision(nn.Linear(2, 1), x, labels > 1).axes
    with pytest.raises(ag.ShapeError, match=r"\(n, 2\)"):
        plot_decision(net, ag.ones(3, 4), labels)


def test_fit_tells_after_each_epoch():
    net, heard = nn.Linear(2, 1), []
    data = [(ag.randn(4, 2), ag.randn(4, 1))]
    fit(net, nn.MSELoss(), optim.SGD(net.parameters(), 0.1), data, epochs=3, progress=False,
        on_epoch=lambda history, final: heard.append((len(history["loss"]), final)))  # fmt: skip
    assert heard == [(1, False), (2, False), (3, False), (3, True)]


def test_a_live_plot_outside_a_notebook_does_nothing():
    plot = LivePlot()
    plot({"loss": [1.0]}, final=True)
    assert plot.handle is None


def test_a_notebook_shows_a_figure_without_pyplot():
    shown = nn.training.plot_history({"loss": [2.0, 1.0]})._repr_png_()
    assert shown.startswith(b"\x89PNG")
