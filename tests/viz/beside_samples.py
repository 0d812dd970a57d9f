"""The samples of all ops, from where they are tested."""
from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "ops"))

from test_generated import CASES, FUNCTIONS, arguments, leaves, outputs, weights

__all__ = ["CASES", "FUNCTIONS", "arguments", "leaves", "outputs", "weights"]
