"""Checks of notebook 2."""
from __future__ import annotations

from typing import Any

from exercises import NotYet, exercise, expect, returned

import autograd as ag


@exercise
def check_order(order: Any) -> str:
    """Every node once, each after its parents, for a graph with a diamond and for a deep one."""
    x = ag.tensor(1.0, requires_grad=True)
    y = x * x
    for root, count in ((((y + x) * y).grad_fn, 4), (deep(x, 5000), 5001)):
        found = order(root)
        returned(found, "order_without_recursion", "a list of nodes")
        if len(found) != len(set(found)):
            raise NotYet("a node is on the list twice")
        expect(len(found), count, "the number of nodes on the list")
        place = {node: i for i, node in enumerate(found)}
        if late := [node.name for node in found for parent in node.parents if parent and place[parent] > place[node]]:
            raise NotYet(f"a node called {late[0]} stands before one of its parents")
    return "Also for a chain of 5,000."


def deep(x: Any, length: int) -> Any:
    """The last node of a chain."""
    for _ in range(length):
        x = x + 1
    return x.grad_fn


@exercise
def check_arrivals(answer: Any) -> str:
    """x + x + x + x."""
    expect(answer, (4, 1), "your pair")
    return "Four at x: where paths meet, add."
