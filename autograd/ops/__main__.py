"""``python -m autograd.ops``: the table of all ops, as Markdown: docs/ops.md holds it."""
from __future__ import annotations

import inspect

from autograd.formulas import formulas
from autograd.op import REGISTRY, Op

HEAD = """# Ops

Every op of the registry: `python -m autograd.ops` prints this page. The derivative is the rule itself, as its source states it:
`g` is the gradient of the output `y`; one entry per argument, "–" where there is none. A derived op is written in terms of others, and
has its derivative from them. "What it saves" is what the rule reads the values of; of all else, shape and dtype are kept only.
"""


def table() -> str:
    """The page."""
    rows = [row(op) for _, op in sorted(REGISTRY.items())]
    primitives = sum(not op.derived for op in REGISTRY.values())
    lines = [HEAD, f"{len(rows)} ops: {primitives} primitive, {len(rows) - primitives} derived.\n"]
    lines += ["| op | signature | derivative | NumPy twin | what it saves |", "|---|---|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def row(op: Op) -> str:
    """One op."""
    signature = str(inspect.signature(op.kernel)).replace(": 'Array'", "").replace(": Array", "").partition(" -> ")[0]
    twin = f"`numpy.{op.numpy.__name__}`" if op.numpy is not None else ""
    saves = ", ".join(dict.fromkeys(name for names in op.saves for name in names.split()))
    return f"| `{op.name}` | `{escaped(signature)}` | {derivative(op)} | {twin} | {f'`{saves}`' if saves else ''} |"


def derivative(op: Op) -> str:
    """The rules of an op."""
    if op.derived:
        return "derived"
    stated = list(dict.fromkeys(formulas(op))) if op.joint is not None else list(formulas(op))
    if not any(stated):
        return "none" if not op.differentiable else "see its source"
    return "; ".join(f"`{escaped(text)}`" if text else "–" for text in stated)


def escaped(text: str) -> str:
    """Text for a cell of a table."""
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(table(), end="")  # noqa: T201  what it is for
