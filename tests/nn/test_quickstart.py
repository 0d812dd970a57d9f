"""The main job: it trains, says what it did, writes what it promises, and gives the same numbers for the same seed."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nn
from nn.data import Standardize, load_digits, train_test_split
from nn.quickstart import flat, main, with_shifts

ROOT = Path(__file__).resolve().parents[2]


def accuracies(text: str) -> dict[str, float]:
    return {name: float(value) for name, value in re.findall(r"(train|validation|test) (?:accuracy )?(\d\.\d+)", text)}


@pytest.fixture(scope="module")
def full(tmp_path_factory):
    """One run as a user starts it: (what it printed, its folder)."""
    folder = tmp_path_factory.mktemp("quickstart") / "new" / "folder"
    command = [sys.executable, "-W", "error", "-m", "nn.quickstart", "--out", str(folder)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    return result, folder


def test_reads_97_percent_of_unseen_digits(full):
    result, _ = full
    found = accuracies(result.stdout)
    assert found["test"] >= 0.97
    assert found["train"] >= 0.99
    assert found["validation"] >= 0.95
    seconds = float(re.search(r"^(\d+\.\d) s$", result.stdout, re.MULTILINE)[1])
    assert seconds < 30  # 3 s where nothing else runs


def test_names_what_it_wrote_and_wrote_it(full):
    result, folder = full
    written = [Path(name) for name in re.search(r"^written: (.*)$", result.stdout, re.MULTILINE)[1].split("  ")]
    assert {path.name for path in folder.iterdir()} == {path.name for path in written}
    assert all(path.stat().st_size > 100 for path in written)
    names = {path.name for path in written}
    assert {"loss_graph.svg", "weights.npz", "standardize.npz"} <= names
    picture = (folder / "loss_graph.svg").read_text()
    for name, _ in nn.MLP(64, [256], 10, dropout=0.3).named_parameters():
        assert f">{name.rpartition('.')[2]}</text>" in picture


def test_weights_and_scale_predict_again(full):
    result, folder = full
    model = nn.MLP(64, [256], 10, activation="relu", dropout=0.3).eval()
    model.load_state_dict(dict(np.load(folder / "weights.npz")))
    scale = Standardize()
    scale.load_state_dict(dict(np.load(folder / "standardize.npz")))
    images, labels = load_digits()
    _, images, _, labels = train_test_split(images, labels, test_size=0.2, stratify=labels, seed=0)
    predicted = model(nn.Parameter(scale.transform(flat(images)))).argmax(dim=1).numpy()
    assert np.mean(predicted == labels) == pytest.approx(accuracies(result.stdout)["test"], abs=1e-4)


def short(tmp_path, capsys, *options: str) -> str:
    assert main(["--epochs", "1", "--quiet", "--out", str(tmp_path), *options]) == 0
    return capsys.readouterr().out


def test_same_seed_same_numbers(tmp_path, capsys):
    weights = []
    for seed in ("3", "3", "4"):
        short(tmp_path / seed, capsys, "--seed", seed)
        weights.append(dict(np.load(tmp_path / seed / "weights.npz")))
    for name in weights[0]:
        np.testing.assert_array_equal(weights[0][name], weights[1][name])
    assert any(not np.array_equal(weights[0][name], weights[2][name]) for name in weights[0])


def test_quiet_prints_one_line(tmp_path, capsys):
    assert re.fullmatch(r"test accuracy 0\.\d{4}\n", short(tmp_path, capsys))


def test_without_optional_packages(tmp_path):
    """No tqdm, no matplotlib, no dot: it trains all the same and says what was left out."""
    hidden = tmp_path / "hidden"
    for name in ("tqdm", "matplotlib"):
        (hidden / name).mkdir(parents=True)
        (hidden / name / "__init__.py").write_text(f"raise ImportError({name!r})")
    environment = {**os.environ, "PYTHONPATH": f"{hidden}{os.pathsep}{ROOT}", "PATH": ""}
    command = [sys.executable, "-m", "nn.quickstart", "--epochs", "1", "--out", str(tmp_path / "out")]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert result.returncode == 0, result.stderr
    assert "epoch 1/1" in result.stderr
    assert 'loss_curve.png, which needs matplotlib: pip install "glassgrad[train]"' in result.stdout
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"loss_graph.svg", "weights.npz", "standardize.npz"}


def test_unwritable_folder(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main(["--out", str(tmp_path / "file" / "folder")]) == 1
    shown = capsys.readouterr()
    assert shown.err.startswith("quickstart: cannot write into")
    assert "choose another folder with --out" in shown.err
    assert not shown.out


@pytest.mark.parametrize("options", [["--epochs", "0"], ["--epochs", "many"], ["--sed", "1"]])
def test_wrong_options(options, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(options)
    assert stopped.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_help_names_every_option(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    for option in ("--seed", "--epochs", "--out", "--quiet"):
        assert option in text


def test_shifts():
    images = np.arange(64, dtype=np.float32).reshape(1, 8, 8)
    moved, labels = with_shifts(images, np.array([7]))
    assert labels.tolist() == [7] * 5
    np.testing.assert_array_equal(moved[0], images[0])
    np.testing.assert_array_equal(moved[1][1:], images[0][:-1])  # down: a row of paper comes in at the top
    assert not moved[1][0].any()
    np.testing.assert_array_equal(moved[4][:, :-1], images[0][:, 1:])


@pytest.mark.slow
def test_every_seed_reads_97_percent(tmp_path, capsys):
    found = []
    for seed in range(10):
        assert main(["--quiet", "--seed", str(seed), "--out", str(tmp_path)]) == 0
        found.append(accuracies(capsys.readouterr().out)["test"])
    print(found)
    assert min(found) >= 0.97
