"""A first model, from the data to the trained weights: ``python -m nn.quickstart``.

It learns to read handwritten digits: 1,797 pictures of 8 × 8 pixels, which come with the library. ``main`` below does it step by step;
read it from top to bottom, change something, and run it again.
"""
from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd as ag
import nn
from autograd.viz import graph
from nn.data import DataLoader, Standardize, TensorDataset, load_digits, train_test_split
from nn.training import accuracy, evaluate, fit


def main(arguments: Sequence[str] | None = None) -> int:
    """Train, measure, write what was found into a folder. Returns the exit code."""
    options = parser().parse_args(arguments)
    say = (lambda *_: None) if options.quiet else print
    if problem := unwritable(options.out):
        print(f"quickstart: cannot write into {options.out}: {problem}; choose another folder with --out", file=sys.stderr)  # noqa: T201
        return 1
    ag.manual_seed(options.seed)  # everything random below follows from this: same seed, same numbers
    start = time.perf_counter()

    # 1. Data. The test part is the same in every run, and nothing is decided by looking at it.
    images, labels = load_digits()
    images, test_images, labels, test_labels = train_test_split(images, labels, test_size=0.2, stratify=labels, seed=0)
    train_images, val_images, train_labels, val_labels = train_test_split(
        images, labels, test_size=0.125, stratify=labels, seed=options.seed
    )
    say(f"digits: {len(train_images)} for training, {len(val_images)} for validation, {len(test_images)} for the test")

    # 2. More training data for nothing: a digit moved by one pixel is still that digit.
    train_images, train_labels = with_shifts(train_images, train_labels)

    # 3. Every pixel to mean 0 and deviation 1, as measured on the training part alone.
    scale = Standardize().fit(flat(train_images))
    train, validation, test = (
        TensorDataset(scale.transform(flat(x)), y)
        for x, y in [(train_images, train_labels), (val_images, val_labels), (test_images, test_labels)]
    )
    train_loader = DataLoader(train, batch_size=128, shuffle=True)
    validation_loader, test_loader = DataLoader(validation, batch_size=512), DataLoader(test, batch_size=512)

    # 4. The model: 64 pixels -> 256 hidden units -> 10 scores, one for each digit. The loss: how far the scores are from the label.
    model = nn.MLP(64, [256], 10, activation="relu", dropout=0.3)
    loss = nn.CrossEntropyLoss(label_smoothing=0.1)
    optimizer = nn.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.01)
    schedule = nn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=0.01, total_steps=options.epochs * len(train_loader))
    say(f"{model}\n{sum(p.numel() for p in model.parameters()):,} parameters")

    # 5. Training. `fit` is a loop of 30 lines in nn/training/fit.py; its heart is
    #        optimizer.zero_grad(); loss(model(x), y).backward(); optimizer.step(); schedule.step()
    history = fit(
        model, loss, optimizer, train_loader, validation_loader, options.epochs,
        scheduler=schedule, metric=accuracy, progress=not options.quiet,
    )  # fmt: skip

    # 6. How good is it? Only the last number says what to expect of digits that nobody has seen.
    parts = {"train": train_loader, "validation": validation_loader, "test": test_loader}
    scores = {name: evaluate(model, loss, loader, accuracy)[1] for name, loader in parts.items()}
    say("accuracy: " + "   ".join(f"{name} {score:.4f}" for name, score in scores.items()))
    say(f"{time.perf_counter() - start:.1f} s")

    # 7. What to keep: the weights with the scale that belongs to them, the graph of the loss, the curves.
    written = save(model, scale, options.out)
    x, y = next(iter(train_loader))
    written.append(graph(loss(model(x), y)).save(os.path.join(options.out, "loss_graph.svg")))
    try:
        history.plot(os.path.join(options.out, "loss_curve.png"))
        written.append(os.path.join(options.out, "loss_curve.png"))
    except ImportError:
        say('left out: loss_curve.png, which needs matplotlib: pip install "glassgrad[train]"')
    say("written: " + "  ".join(written))
    if options.quiet:
        print(f"test accuracy {scores['test']:.4f}")  # noqa: T201
    return 0


def flat(images: Any) -> Any:
    """(n, 8, 8) -> (n, 64)."""
    return images.reshape(len(images), -1)


def with_shifts(images: Any, labels: Any) -> tuple[Any, Any]:
    """The images (n, 8, 8), and each moved by one pixel up, down, left and right: (5n, 8, 8), with their labels (5n,)."""
    wide = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    moved = [wide[:, y : y + 8, x : x + 8] for y, x in [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]]
    return np.concatenate(moved), np.tile(labels, len(moved))


def save(model: Any, scale: Standardize, folder: str) -> list[str]:
    """Write the weights by name, and the scale. ``model.load_state_dict(dict(np.load("weights.npz")))`` reads them again."""
    weights, standardize = os.path.join(folder, "weights.npz"), os.path.join(folder, "standardize.npz")
    np.savez(weights, **{name: value.detach().numpy() for name, value in model.state_dict().items()})
    np.savez(standardize, **scale.state_dict())
    return [weights, standardize]


def unwritable(folder: str) -> str:
    """Why files cannot be written into a folder (which is made if need be); "" if they can."""
    try:
        os.makedirs(folder, exist_ok=True)
        probe = os.path.join(folder, ".probe")
        with open(probe, "w", encoding="utf-8"):
            pass
        os.remove(probe)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def parser() -> argparse.ArgumentParser:
    """The options of the command line."""
    options = argparse.ArgumentParser(prog="python -m nn.quickstart", description="Train a small network to read handwritten digits.")
    options.add_argument("--seed", type=int, default=0, help="same seed, same numbers (default: %(default)s)")
    options.add_argument("--epochs", type=positive, default=12, help="passes over the training data (default: %(default)s)")
    options.add_argument("--out", default="quickstart-output", metavar="FOLDER", help="folder for what it writes (default: %(default)s)")
    options.add_argument("--quiet", action="store_true", help="print the test accuracy and nothing else")
    return options


def positive(text: str) -> int:
    """A whole number above 0."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
