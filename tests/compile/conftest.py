"""The samples of the ops are those of tests/ops."""
from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "ops"))
