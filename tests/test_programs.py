"""Programs as people write them for PyTorch: each runs unchanged on PyTorch and on this library, and learns the same.

Both start from the same weights (the first run writes them, the second reads them) and see the same data; what is random comes from NumPy.
"""
from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = sorted(path for path in (ROOT / "tests" / "programs").glob("*.py") if path.name != "common.py")
ON_THIS = [sys.executable, "-W", "error", "-m", "nn.compat", "--shadow"]

TORCH = importlib.util.find_spec("torch") is not None


def run(command: list[str], program: Path, weights: Path, losses: Path) -> dict[str, list[float]]:
    """What a program writes about its training."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([*command, program, weights, losses], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(losses.read_text())


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_same_program_learns_the_same(tmp_path, program):
    """Where PyTorch is not installed, only that it learns: the losses fall, but for games, in which both sides learn."""
    weights = tmp_path / "weights.npz"
    theirs = run([sys.executable], program, weights, tmp_path / "theirs.json") if TORCH else {}
    ours = run(ON_THIS, program, weights, tmp_path / "ours.json")
    losses = ours["losses"]
    assert len(losses) >= 20
    assert program.stem in ("gan", "reinforce") or np.mean(losses[-5:]) < 0.95 * losses[0]
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-3, err_msg=name)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_programs_are_short(program):
    assert len(program.read_text(encoding="utf-8").splitlines()) < 150
