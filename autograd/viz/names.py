"""What the user calls things: variables of the calling frames, attributes of modules, targets of assignments in the source."""
from __future__ import annotations

import ast
import functools
import linecache
import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

import numpy as np

from autograd.op import Recorder
from autograd.source import Site, outside

LARGEST = 200  # a container with more elements is not searched for names


def variables() -> dict[int, tuple[str, Any]]:
    """id -> (name, object) of every tensor, array and model in sight from the line of the user's program that is running.

    The nearest frame names first, the shortest way second: a variable, then an attribute or an element of one.
    """
    found: dict[int, tuple[str, Any]] = {}
    frame: FrameType | None = outside(sys._getframe(1))
    while frame is not None:
        here = [(name, value) for name, value in frame.f_locals.items() if not name.startswith("_")]
        for name, value in here:
            if wanted(value):
                found.setdefault(id(value), (name, value))
        for name, value in here:
            for path, part in parts(name, value):
                if wanted(part):
                    found.setdefault(id(part), (path, part))
        frame = frame.f_back
    return found


def wanted(value: Any) -> bool:
    """Whether pictures may show this object."""
    return isinstance(value, Recorder | np.ndarray) or is_module(value)


def is_module(value: Any) -> bool:
    """Whether this is a module. The class is asked: some objects answer to any name."""
    return hasattr(type(value), "named_parameters") and hasattr(type(value), "named_modules")


def parts(name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The elements of a container, the attributes of an object that is no module, with their paths."""
    if isinstance(value, list | tuple) and len(value) <= LARGEST:
        yield from ((f"{name}[{i}]", part) for i, part in enumerate(value))
    elif isinstance(value, dict) and len(value) <= LARGEST:
        yield from ((f"{name}[{key!r}]", part) for key, part in value.items())
    elif type(value).__module__ not in ("builtins", "types") and not wanted(value) and not isinstance(value, type):
        attributes = getattr(value, "__dict__", {})
        if isinstance(attributes, Mapping) and len(attributes) <= LARGEST:
            yield from ((f"{name}.{key}", part) for key, part in list(attributes.items()) if isinstance(key, str))


def path_within(outer: Any, inner: Any) -> str:
    """The attribute path from one module to a module inside it; "" if it is not there."""
    if not is_module(outer):
        return ""
    return next((name for name, module in outer.named_modules() if module is inner and name), "")


def assigned(site: Site) -> str:
    """The name that the expression at a site is assigned to: "h" in ``h = x.tanh()``; "" where it is only a part of a line."""
    position = site._position()
    return targets(site.filename, len(linecache.getlines(site.filename))).get(position, "")


def operand(site: Site, op: str, position: int) -> str:
    """What stands in the source for an argument of an op: "t" for the second of ``y - t``; "" where that is no plain name."""
    try:
        tree = ast.parse(site.text.strip(), mode="eval").body
    except SyntaxError:
        return ""
    if isinstance(tree, ast.BinOp):
        args = [tree.left, tree.right]
    elif isinstance(tree, ast.Compare):
        args = [tree.left, *tree.comparators]
    elif isinstance(tree, ast.Call) and ast.unparse(tree.func).rpartition(".")[2] == op:
        owner = tree.func.value if isinstance(tree.func, ast.Attribute) else None
        method = isinstance(owner, ast.expr) and len(tree.args) <= position
        args = [owner, *tree.args] if method and owner is not None else tree.args
    else:
        return ""
    found = args[position] if position < len(args) else None
    return ast.unparse(found) if isinstance(found, ast.Name | ast.Attribute | ast.Subscript) else ""


@functools.lru_cache(64)
def targets(filename: str, _: int) -> dict[tuple[int, int, int, int], str]:
    """(line, last line, column, last column) of each assigned expression in a file -> its name."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
    except SyntaxError:
        return {}
    found = {}
    for node in ast.walk(tree):
        value = getattr(node, "value", None)
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(value, ast.expr) and isinstance(target, ast.Name | ast.Attribute):
            found[value.lineno, value.end_lineno or value.lineno, value.col_offset, value.end_col_offset or 0] = ast.unparse(target)
    return found
