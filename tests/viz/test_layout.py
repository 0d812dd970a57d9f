"""The built-in layout: nothing overlaps, all lines run downward, everything is inside its box, few lines cross."""
from __future__ import annotations

import json
import random
import shutil
import subprocess
import time
from itertools import combinations, pairwise

import pytest

from autograd.viz.layout import Box, layout, spread


def random_graph(n, seed, span=12):
    """Boxes of several widths, and edges from earlier to later ones."""
    rng = random.Random(seed)
    edges = {(f"n{rng.randrange(max(0, j - span), j)}", f"n{j}") for j in range(1, n) for _ in range(rng.choice([1, 1, 2, 3]))}
    return [Box(f"n{i}", 40 + rng.randrange(60), 36) for i in range(n)], sorted(edges, key=lambda e: (int(e[1][1:]), int(e[0][1:])))


def clustered(boxes, seed):
    """The same boxes in open ones, which are intervals: some inside others."""
    rng = random.Random(seed)
    result, rest, number = [], list(boxes), 0
    while rest:
        part, rest = rest[: (size := rng.randrange(1, 9))], rest[size:]
        number += 1
        if len(part) > 4:
            inner = Box(f"c{number}", 50, children=part[1:4])
            result.append(Box(f"d{number}", 50, children=[part[0], inner, *part[4:]]))
        else:
            result.append(Box(f"c{number}", 50, children=part) if len(part) > 1 else part[0])
    return result


def overlap(a, b):
    return min(a.x + a.width, b.x + b.width) - max(a.x, b.x) > 0.01 and min(a.y + a.height, b.y + b.height) - max(a.y, b.y) > 0.01


def inside(inner, outer):
    return (
        outer.x <= inner.x + 0.01 and inner.x + inner.width <= outer.x + outer.width + 0.01
        and outer.y <= inner.y + 0.01 and inner.y + inner.height <= outer.y + outer.height + 0.01
    )  # fmt: skip


def check(boxes, found):
    for siblings in [boxes, *(box.children for box in boxes if box.children)]:
        for a, b in combinations(siblings, 2):
            assert not overlap(found.boxes[a.key], found.boxes[b.key]), (a.key, b.key)
        for box in siblings:
            assert inside(found.boxes[box.key], type(found.boxes[box.key])(0, 0, found.width, found.height))
            for child in box.children:
                assert inside(found.boxes[child.key], found.boxes[box.key])
            if box.children:
                check(box.children, found)


def through(found, closed):
    """Boxes that lines run through, apart from those they join."""
    return [
        (line, key)
        for line, points in found.lines.items()
        for (x0, y0), (x1, y1) in pairwise(points)
        for key in closed
        if key not in line and abs(x0 - x1) < 0.5
        and (r := found.boxes[key]).x < x0 < r.x + r.width and min(y1, r.y + r.height) - max(y0, r.y) > 0.01
    ]  # fmt: skip


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("nested", [False, True])
def test_nothing_overlaps_and_lines_run_downward(seed, nested):
    boxes, edges = random_graph(50, seed)
    top = clustered(boxes, seed) if nested else boxes
    found = layout(top, edges)
    check(top, found)
    assert set(found.lines) == set(edges)
    for (source, target), points in found.lines.items():
        a, b = found.boxes[source], found.boxes[target]
        assert points[0][1] == pytest.approx(a.y + a.height)
        assert points[-1][1] == pytest.approx(b.y)
        assert a.x <= points[0][0] <= a.x + a.width
        assert b.x <= points[-1][0] <= b.x + b.width
        assert all(y1 >= y0 - 1e-6 for (_, y0), (_, y1) in pairwise(points))
    assert not through(found, [box.key for box in boxes])


def crossings(lines):
    """How many pairs of polylines without a common end cross."""
    def side(p, q, r):
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    def cross(a, b, c, d):
        return side(a, b, c) * side(a, b, d) < 0 and side(c, d, a) * side(c, d, b) < 0

    return sum(
        any(cross(*s, *t) for s in pairwise(p) for t in pairwise(q))
        for (e, p), (f, q) in combinations(lines.items(), 2)
        if not set(e) & set(f)
    )


def by_dot(boxes, edges):
    """The lines as Graphviz draws them: the control points of its splines, in fine steps."""
    text = "digraph {nodesep=0.2; ranksep=0.35; node[shape=box,fixedsize=true]\n"
    text += "\n".join(f"{b.key}[width={b.width / 72},height={b.height / 72}]" for b in boxes) + "\n"
    text += "\n".join(f"{a}->{b}[dir=none]" for a, b in edges) + "}"
    drawn = json.loads(subprocess.run(["dot", "-Tjson"], input=text, capture_output=True, text=True, check=True).stdout)
    names = {o["_gvid"]: o["name"] for o in drawn["objects"]}
    lines = {}
    for edge in drawn["edges"]:
        points = [tuple(map(float, p.split(","))) for p in edge["pos"].split()]
        line = points[:1]
        for i in range(0, len(points) - 1, 3):
            p, q, r, s = points[i : i + 4]
            for k in range(1, 9):
                t, u = k / 8, 1 - k / 8
                ends = zip(p, q, r, s, strict=True)
                line.append(tuple(u**3 * a + 3 * u * u * t * b + 3 * u * t * t * c + t**3 * d for a, b, c, d in ends))
        lines[names[edge["tail"]], names[edge["head"]]] = line
    return lines


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not installed")
def test_few_lines_cross():
    ours = theirs = 0
    for seed in range(20):
        boxes, edges = random_graph(40, seed)
        ours += crossings(layout(boxes, edges).lines)
        theirs += crossings(by_dot(boxes, edges))
    print(f"crossings in 20 graphs: {ours}, by dot {theirs}")
    assert ours <= 2 * theirs


def test_it_is_fast():
    boxes, edges = random_graph(5000, 0)
    start = time.perf_counter()
    layout(boxes, edges)
    assert time.perf_counter() - start < 2


def test_places_keep_their_order_and_distance():
    places = spread([5.0, 0.0, 1.0, 9.0], [1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0])
    assert places == pytest.approx([0.0, 2.0, 4.0, 9.0])


@pytest.mark.parametrize(("keys", "edges"), [("", []), ("a", []), ("ab", [("a", "b"), ("a", "b"), ("a", "a")])])
def test_small_cases(keys, edges):
    boxes = [Box(key, 10, 10) for key in keys]
    found = layout(boxes, edges)
    assert set(found.boxes) == {box.key for box in boxes}
    assert set(found.lines) == {edge for edge in edges if edge[0] != edge[1]}
