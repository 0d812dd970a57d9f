"""docs/ops.md is what ``python -m autograd.ops`` prints."""
from __future__ import annotations

from pathlib import Path

from autograd.formulas import formulas
from autograd.op import REGISTRY
from autograd.ops.__main__ import table

PAGE = Path(__file__).parents[1] / "docs" / "ops.md"


def test_the_docs_hold_the_table():
    assert PAGE.read_text(encoding="utf-8") == table(), "write it anew: python -m autograd.ops > docs/ops.md"


def test_every_op_is_in_it():
    assert table().count("\n| `") == len(REGISTRY)


def test_every_derivative_is_stated():
    assert not [name for name, op in REGISTRY.items() if op.differentiable and not op.derived and not any(formulas(op))]
    assert formulas(REGISTRY["mul"]) == ("g * b", "g * a")
    assert formulas(REGISTRY["where"])[0] == ""
