"""Pictures of a training: what runs through a network, what it confuses, where it draws the line. They need matplotlib."""
from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

import autograd as ag
from autograd import Tensor
from autograd.errors import ArgumentError, ShapeError, message
from nn.training.figure import figure_of, finished
from nn.training.history import plot_history

BINS = 60


def plot_histograms(model: Any, kind: str = "weights", inputs: Any = None, path: str | os.PathLike[str] | None = None) -> Any:
    """The distributions of a model's weights, of their gradients, or of its layers' outputs for some inputs: one panel each.

    kind    "weights", "gradients" (of what has one in .grad), or "activations" (of every layer without parts; needs inputs)
    path    where to save the picture; the figure is returned

    The share of zeros is in the title: of activations, of units that are off.
    """
    arrays = distributions(model, kind, inputs)
    if not arrays:
        remedy = "call backward() first" if kind == "gradients" else "give the model some layers"
        raise ArgumentError(message("plot_histograms", f"a model with {kind} is required", "one without", remedy))
    columns = min(4, len(arrays))
    figure, axes = figure_of("plot_histograms", -(-len(arrays) // columns), columns, (3.0, 2.2))
    for ax, (name, array) in zip(axes.flat, arrays.items(), strict=False):
        finite = array[np.isfinite(array)]
        ax.hist(finite.ravel(), bins=BINS, color="#2166ac")
        zeros, odd = float((array == 0).mean()), array.size - finite.size
        ax.set_title(f"{name}{f', {zeros:.0%} zero' if zeros >= 0.005 else ''}{f', {odd} not finite' if odd else ''}", fontsize=9)
        ax.tick_params(labelsize=7)
        ax.set_yticks([])
    for ax in axes.flat[len(arrays) :]:
        ax.axis("off")
    return finished(figure, path)


def distributions(model: Any, kind: str, inputs: Any = None) -> dict[str, np.ndarray[Any, Any]]:
    """The arrays behind ``plot_histograms``, by name. The model runs in evaluation mode, and is left as it was."""
    if kind == "weights":
        return {name: p.detach().numpy() for name, p in model.named_parameters()}
    if kind == "gradients":
        return {name: p.grad.numpy() for name, p in model.named_parameters() if p.grad is not None}
    if kind != "activations" or inputs is None:
        required = 'kind "weights", "gradients", or "activations" with inputs, is required'
        raise ArgumentError(message("plot_histograms", required, f"kind={kind!r}", "pass inputs= for activations"))
    found: dict[str, np.ndarray[Any, Any]] = {}

    def noting(name: str) -> Callable[..., None]:
        def note(module: Any, args: Any, output: Any) -> None:
            if isinstance(output, Tensor) and output.is_floating_point():
                found[name or type(module).__name__] = output.detach().numpy()

        return note

    layers = [(name, module) for name, module in model.named_modules() if not any(True for _ in module.children())]
    handles = [module.register_forward_hook(noting(name)) for name, module in layers]
    training = {module: module.training for module in model.modules()}
    try:
        model.eval()
        with ag.no_grad():
            model(inputs)
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in training.items():
            module.training = mode
    return found


def confusion_matrix(predicted: Any, target: Any, classes: int | None = None) -> np.ndarray[Any, Any]:
    """(n,) labels and (n,) labels -> (classes, classes) counts: row is the true class, column the predicted one."""
    p, t = (np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x) for x in (predicted, target))
    if p.shape != t.shape or p.ndim != 1:
        given = f"{p.shape} and {t.shape}"
        raise ShapeError(message("confusion_matrix", "labels of one shape (n,) are required", given, "take the argmax of scores"))
    classes = int(max(p.max(initial=-1), t.max(initial=-1))) + 1 if classes is None else classes
    pairs = t.astype(np.int64) * classes + p.astype(np.int64)
    return np.bincount(pairs, minlength=classes * classes).reshape(classes, classes)


def plot_confusion(predicted: Any, target: Any, names: Iterable[str] | None = None, path: str | os.PathLike[str] | None = None) -> Any:
    """The confusion matrix as a picture: how often each class (row) was taken for each (column), with the counts."""
    counts = confusion_matrix(predicted, target)
    figure, axes = figure_of("plot_confusion", 1, 1, (1.5 + 0.42 * len(counts), 1.2 + 0.42 * len(counts)))
    ax = axes[0, 0]
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (i, j), count in np.ndenumerate(counts):
        if count:
            ax.text(j, i, str(count), ha="center", va="center", fontsize=8, color="white" if shares[i, j] > 0.5 else "black")
    labels = list(names) if names is not None else list(map(str, range(len(counts))))
    ax.set_xticks(range(len(counts)), labels, rotation=90 if max(map(len, labels), default=0) > 3 else 0)
    ax.set_yticks(range(len(counts)), labels)
    ax.set_xlabel("predicted")
    ax.set_ylabel("true")
    return finished(figure, path)


def plot_decision(model: Any, inputs: Any, target: Any, path: str | os.PathLike[str] | None = None, *, steps: int = 200) -> Any:
    """Where a classifier of points in the plane draws the line: its answer on a grid, with the points (n, 2) and their labels (n,).

    The model gives one score (its sign decides) or one per class (the largest decides).
    """
    points, labels = (np.asarray(x.detach().numpy() if isinstance(x, Tensor) else x) for x in (inputs, target))
    if points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError(message("plot_decision", "points of shape (n, 2) are required", str(points.shape), "choose two features"))
    low, high = points.min(0) - 0.5, points.max(0) + 0.5
    x, y = np.meshgrid(*(np.linspace(a, b, steps) for a, b in zip(low, high, strict=True)))
    training = model.training
    model.eval()
    with ag.no_grad():
        scores = model(ag.tensor(np.stack([x.ravel(), y.ravel()], 1).astype(np.float32))).numpy()
    model.train(training)
    answer = scores.argmax(1) if scores.ndim == 2 and scores.shape[1] > 1 else (scores.ravel() > 0).astype(int)
    figure, axes = figure_of("plot_decision", 1, 1, (5.0, 4.2))
    ax = axes[0, 0]
    many = max(int(answer.max()), int(labels.max())) + 1
    ax.contourf(x, y, answer.reshape(x.shape), levels=np.arange(many + 1) - 0.5, cmap="tab10", vmin=0, vmax=9, alpha=0.25)
    ax.scatter(*points.T, c=labels.ravel(), cmap="tab10", vmin=0, vmax=9, s=14, edgecolors="white", linewidths=0.4)
    return finished(figure, path)


class LivePlot:
    """The loss curve in a notebook, drawn anew as training goes on: ``fit(..., progress=False, on_epoch=LivePlot())``.

    Called with the history after each epoch. At most two pictures a second; the last one stays. Outside a notebook it does nothing.
    """

    def __init__(self, seconds: float = 0.5) -> None:
        self.seconds, self.last, self.handle = seconds, 0.0, None

    def __call__(self, history: Mapping[str, list[float]], final: bool = False) -> None:
        now = time.monotonic()
        if not in_notebook() or (not final and now - self.last < self.seconds):
            return
        self.last = now
        from IPython.display import Image, display

        picture = io.BytesIO()
        plot_history(dict(history)).savefig(picture, dpi=80)
        if self.handle is None:
            self.handle = display(Image(picture.getvalue()), display_id=True)
        else:
            self.handle.update(Image(picture.getvalue()))


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    shell = get_ipython()
    return shell is not None and shell.__class__.__name__ == "ZMQInteractiveShell"
