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

needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="needs torch")


def run(command: list[str], program: Path, weights: Path, losses: Path) -> dict[str, list[float]]:
    """What a program writes about its training."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run([*command, program, weights, losses], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(losses.read_text())


@needs_torch
@pytest.mark.parity
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_the_same_program_learns_the_same(tmp_path, program):
    weights = tmp_path / "weights.npz"
    theirs = run([sys.executable], program, weights, tmp_path / "theirs.json")
    ours = run(ON_THIS, program, weights, tmp_path / "ours.json")
    assert len(theirs["losses"]) >= 20
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-3, err_msg=name)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_learns(tmp_path, program):
    """Without PyTorch too: the losses fall, but for games, where both sides learn."""
    losses = run(ON_THIS, program, tmp_path / "weights.npz", tmp_path / "ours.json")["losses"]
    assert np.isfinite(losses).all()
    if program.stem not in ("gan", "reinforce"):
        assert np.mean(losses[-5:]) < 0.95 * losses[0]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_programs_are_short(program):
    assert len(program.read_text(encoding="utf-8").splitlines()) < 150
