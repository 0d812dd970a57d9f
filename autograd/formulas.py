"""The derivative of an op as its source states it: what tables, pictures and the stepper show is the rule itself."""
from __future__ import annotations

import ast
import functools
import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

from autograd.op import Op


@functools.cache
def formulas(op: Op) -> tuple[str, ...]:
    """One text per argument, "g @ mT(b)"; "" where an argument has no derivative. A joint rule is one text for all."""
    count = 1 if op.joint is not None and not op.rules else len(op.rules)
    stated = tuple(_expressions(op))
    if len(stated) == 1:
        return stated * max(count, 1)
    return stated[:count] if len(stated) >= count else (*stated, *("" for _ in range(count - len(stated))))


def _expressions(op: Op) -> Iterator[str]:
    call = _declaration(op)
    if call is None:
        return
    given = next((keyword.value for keyword in call.keywords if keyword.arg in ("joint", "rules", "vjp")), None)
    rules = call.args[0] if call.args else given
    if rules is None:
        return
    for rule in rules.elts if isinstance(rules, ast.Tuple) else [rules]:
        yield _expression(rule, op)


def _expression(rule: ast.expr, op: Op) -> str:
    """The right side of a rule."""
    if isinstance(rule, ast.Constant):
        return ""
    if isinstance(rule, ast.Lambda):
        return ast.unparse(rule.body)
    function = inspect.unwrap(op.kernel).__globals__.get(ast.unparse(rule))
    if function is None or not callable(function):
        return ast.unparse(rule)
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return ast.unparse(rule)
    if isinstance(tree, ast.Assign) and isinstance(tree.value, ast.Lambda):
        return ast.unparse(tree.value.body)
    returns = [node for node in ast.walk(tree) if isinstance(node, ast.Return) and node.value is not None]
    if isinstance(tree, ast.FunctionDef) and len(returns) == 1 and _only_statement(tree):
        return ast.unparse(returns[0].value)  # type: ignore[arg-type]
    return f"{ast.unparse(rule)}({', '.join(inspect.signature(function).parameters)})"


def _only_statement(tree: ast.FunctionDef) -> bool:
    """Whether a function is nothing but a docstring and a return."""
    body = tree.body[1:] if ast.get_docstring(tree) else tree.body
    return len(body) == 1


def _declaration(op: Op) -> ast.Call | None:
    """The decorator that declares the op, as it is written."""
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(op.kernel)))).body
    except (OSError, TypeError, SyntaxError, ValueError):
        return None
    decorators: list[Any] = getattr(tree, "decorator_list", [])
    return next((decorator for decorator in decorators if isinstance(decorator, ast.Call)), None)
