"""The backward pass as data: one step per node, each with what arrives, what the rule makes of it, and where that is added.

It follows ``graph.backpropagate`` rule by rule and sum by sum, so its results are the same to the last bit (a test holds them together);
but nothing is freed, no hook is run and no ``.grad`` is written.
"""
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from autograd.errors import GraphError
from autograd.formulas import formulas
from autograd.graph import OUTPUT, Node, Recompute, check_unwritten, collect, sum_to_shape, zero_where_masked
from autograd.modes import silent

__all__ = ["Backward", "Contribution", "backward", "gradients"]


class Contribution(NamedTuple):
    """What one argument of a node gets."""

    parent: Node
    position: int  # of the argument
    formula: str  # the rule, as its source states it
    raw: Any  # what the rule returned
    term: Any  # the same in the shape of the parent: repeated elements summed up
    before: Any  # the parent's gradient so far; None for the first contribution
    after: Any
    number: int  # 1 for the first contribution to the parent
    total: int  # how many there will be


class Backward(NamedTuple):
    """One node's turn in the backward pass."""

    node: Node
    g: Any  # the gradient that has arrived; for a node of several outputs a tuple
    contributions: tuple[Contribution, ...]
    note: str  # why there are none; "" if there are, or for a leaf


def backward(order: Sequence[Node], seeds: Mapping[Node, Any]) -> list[Backward]:
    """The steps of a backward pass over nodes in topological order, given the gradients of the outputs."""
    with silent():
        return list(_steps(order, seeds))


def _steps(order: Sequence[Node], seeds: Mapping[Node, Any]) -> Iterator[Backward]:
    held: dict[Node, Any] = dict(seeds)
    masked: set[Node] = set()
    counts = uses(order, seeds)
    numbers: dict[Node, int] = {}
    for node in reversed(order):
        g = held.pop(node, None)
        if g is None:
            continue
        if node.op is None:
            yield Backward(node, g, (), "")
        elif node.op is OUTPUT:
            collect(held, node, g)
            yield Backward(node, g, (), "")
        else:
            if isinstance(g, list):
                whole = zip(g, node.shape, node.dtype, strict=True)
                g = tuple(np.zeros(s, d) if part is None and node.op.fill else part for part, s, d in whole)
            if note := unavailable(node):
                yield Backward(node, g, (), note)
                continue
            found = []
            for position, raw, term in terms(node, g, masked):
                parent = node.parents[position]
                assert parent is not None
                before = held.get(parent)
                held[parent] = after = term if before is None else before + term
                numbers[parent] = numbers.get(parent, 0) + 1
                rules = formulas(node.op) or ("",)
                formula = rules[min(position, len(rules) - 1)]
                found.append(Contribution(parent, position, formula, raw, term, before, after, numbers[parent], counts[parent]))
            yield Backward(node, g, tuple(found), "")


def uses(order: Sequence[Node], seeds: Mapping[Node, Any]) -> dict[Node, int]:
    """How many contributions each node gets, if every rule gives one."""
    counts = dict.fromkeys(order, 0)
    reached = set(seeds)
    for node in reversed(order):
        if node in reached:
            for position, parent in enumerate(node.parents):
                if parent is not None and (node.op is OUTPUT or has_rule(node, position)):
                    reached.add(parent)
                    counts[parent] += 1
    return counts


def has_rule(node: Node, position: int) -> bool:
    """Whether the op has a derivative for this argument."""
    op = node.op
    return op is not None and (op.joint is not None or (position < len(op.rules) and op.rules[position] is not None))


def unavailable(node: Node) -> str:
    """Why the rules of a node cannot be run now."""
    if node.args is None:
        return "freed: an earlier backward pass has used what was kept here"
    if isinstance(node.args, Recompute):
        return "not kept: a checkpoint computes it anew in the backward pass"
    try:
        check_unwritten(node)
    except GraphError as error:
        return str(error)
    return ""


def terms(node: Node, g: Any, masked: set[Node]) -> Iterator[tuple[int, Any, Any]]:
    """(position, what the rule returned, the same as the parent's shape and dtype want it), as backpropagate has them."""
    op, args, params = node.op, node.args, node.params
    assert op is not None
    assert isinstance(args, tuple)
    checking = node in masked and op.elementwise and any(op.saves)
    masking = op.masks or node in masked
    inputs = (g, node.y, *args)
    if op.joint is not None:
        needs = tuple(parent is not None for parent in node.parents)
        found = op.array_rule(*inputs, needs=needs, **params) if op.array_rule is not None else op.joint(*inputs, **params)
        answers = list(found)
    else:
        pairs = zip(node.parents, op.rules, strict=False)
        answers = [rule(*inputs, **params) if rule is not None and parent is not None else None for parent, rule in pairs]
    for position, (parent, raw) in enumerate(zip(node.parents, answers, strict=False)):
        if parent is None or raw is None:
            continue
        if masking:
            masked.add(parent)
        term = zero_where_masked(raw, g) if checking and raw is not g else raw
        if term.shape != parent.shape:
            term = sum_to_shape(term, parent.shape)
        if term.dtype != parent.dtype:
            term = (term.real if term.dtype.kind == "c" != parent.dtype.kind else term).astype(parent.dtype)
        yield position, raw, term


def gradients(order: Sequence[Node], seeds: Mapping[Node, Any]) -> dict[Node, Any]:
    """The gradient that arrives at each node."""
    return {step.node: step.g for step in backward(order, seeds)}
