"""The samples of the ops are those of tests/ops; what is known to be wrong is expected to fail."""
from __future__ import annotations

import fnmatch
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "ops"))
sys.path.append(str(Path(__file__).parent))

from known_bugs import BUGS


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = item.nodeid.rpartition("compile/")[2]
        for pattern, reason in BUGS.items():
            if fnmatch.fnmatchcase(name, pattern):
                item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
                break
