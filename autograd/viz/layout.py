"""A layered layout of boxes inside boxes: no program and no package is needed for a picture.

Every box that is open is laid out by itself, and is one box in the layout around it; lines cross its border at ports. One layout goes by
the steps of Sugiyama, Tagawa and Toda (1981, doi:10.1109/TSMC.1981.4308636): ranks along the data; points where a long line passes a rank;
an order in each rank with few crossings (the median heuristic of Gansner et al. 1993, doi:10.1109/32.221135); places as near to the
neighbours as the order allows (isotonic regression, rank by rank). All lines run downward; none passes through a box.
"""
from __future__ import annotations

import bisect
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

Key = Hashable
GAP_X, GAP_Y = 16.0, 28.0  # between boxes, between ranks
PADDING, HEADER = 12.0, 20.0  # inside the border of an open box, above its content
SWEEPS = 8
PATIENT = 4000  # up to so many points a rank order is refined further


class Rect(NamedTuple):
    """A box: its left upper corner, and its size."""

    x: float
    y: float
    width: float
    height: float


class Layout(NamedTuple):
    """Where everything is: boxes, open or not, by key; lines as points from source to target, by (source, target)."""

    boxes: dict[Key, Rect]
    lines: dict[tuple[Key, Key], list[tuple[float, float]]]
    width: float
    height: float


class Box:
    """A box to be placed: of a size; or open, with boxes inside and a title of this width."""

    def __init__(self, key: Key, width: float = 0.0, height: float = 0.0, children: Sequence[Box] = ()) -> None:
        self.key, self.width, self.height, self.children = key, width, height, list(children)


class Port(NamedTuple):
    """Where the lines of a source cross the border of an open box: "in" above, "out" below."""

    kind: str
    source: Key


def layout(boxes: Sequence[Box], edges: Iterable[tuple[Key, Key]]) -> Layout:
    """Place boxes, and draw the lines between closed ones. The edges have no cycle."""
    root = Box(None, children=boxes)
    path = paths(root)
    level = Level(root, [(a, b) for a, b in dict.fromkeys(edges) if a != b], path)
    placed: dict[Key, Rect] = {}
    lines: dict[tuple[Key, Key], list[tuple[float, float]]] = {}
    level.emit(0.0, 0.0, placed, lines)
    return Layout(placed, {edge: joined(points) for edge, points in lines.items()}, level.width, level.height)


def paths(root: Box) -> dict[Key, tuple[Key, ...]]:
    """The keys of the open boxes around each closed one, from the outermost, itself at the end."""
    found: dict[Key, tuple[Key, ...]] = {}
    stack: list[tuple[Box, tuple[Key, ...]]] = [(child, ()) for child in root.children]
    while stack:
        box, above = stack.pop()
        here = (*above, box.key)
        if box.children:
            stack += [(child, here) for child in box.children]
        else:
            found[box.key] = here
    return found


def joined(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points of a line without those that are twice there."""
    return [point for i, point in enumerate(points) if not i or point != points[i - 1]]


class Level:
    """What is inside one open box: its children, the lines between them, and ports for those that go further."""

    width: float
    height: float

    def __init__(self, box: Box, edges: list[tuple[Key, Key]], path: Mapping[Key, tuple[Key, ...]], depth: int = 0) -> None:
        self.box, self.depth, self.path = box, depth, path
        self.edges = edges
        self.inner: dict[Key, Level] = {}
        self.by_key = {child.key: child for child in box.children}
        ends = [(self.child(a), self.child(b)) for a, b in edges]
        for child in box.children:
            if child.children:
                own = [edge for edge, (start, end) in zip(edges, ends, strict=True) if child.key in (start, end)]
                self.inner[child.key] = Level(child, own, path, depth + 1)
        self.place(ends)

    def child(self, key: Key) -> Key:
        """The child that a closed box is in; None if it is not in this level."""
        path = self.path[key]
        here = self.depth == 0 or (len(path) > self.depth and path[self.depth - 1] == self.box.key)
        return path[self.depth] if here else None

    def place(self, ends: list[tuple[Key, Key]]) -> None:
        """Lay out the children, with a port above for each line that comes in and one below for each that goes out."""
        sizes: dict[Key, tuple[float, float]] = {}
        for key, child in self.by_key.items():
            level = self.inner.get(key)
            sizes[key] = (level.width, level.height) if level else (child.width, child.height)
        pairs = zip(self.edges, ends, strict=True)
        lines = [(start or Port("in", source), end or Port("out", source), source) for (source, _), (start, end) in pairs]
        lines = [line for line in dict.fromkeys(lines) if line[0] != line[1]]
        ports = dict.fromkeys(end for start, end, _ in lines for end in (start, end) if isinstance(end, Port))
        self.ranks = Ranks(sizes | dict.fromkeys(ports, (1.0, 0.0)), lines, list(ports), self.anchors())
        self.top = PADDING + HEADER if self.depth else 0.0
        entered = any(port.kind == "in" for port in ports)
        title = (self.box.width + PADDING) * (2 if entered else 1)  # so that a line into the middle does not cross it
        self.width = max(self.ranks.width + 2 * PADDING, title) if self.depth else self.ranks.width
        self.left = (self.width - self.ranks.width) / 2
        self.height = self.ranks.height + self.top + (PADDING if self.depth else 0.0)

    def anchors(self) -> dict[tuple[Key, Port], float]:
        """(open child, port of it) -> how far from the middle of the child the port is."""
        return {
            (key, port): level.left + level.ranks.centre[port] - level.width / 2
            for key, level in self.inner.items()
            for port in level.ranks.ports
        }

    def emit(self, x: float, y: float, placed: dict[Key, Rect], lines: dict[tuple[Key, Key], list[tuple[float, float]]]) -> None:
        """Add boxes and lines, with this level's corner at (x, y)."""
        x, y = x + self.left, y + self.top
        for key in self.by_key:
            width, height = self.ranks.sizes[key]
            placed[key] = Rect(x + self.ranks.centre[key] - width / 2, y + self.ranks.y[key], width, height)
        for source, target in self.edges:
            start, end = self.child(source) or Port("in", source), self.child(target) or Port("out", source)
            if start != end:
                route = [(x + px, y + py) for px, py in self.ranks.route(start, end, source)]
                lines[source, target] = merged(lines.get((source, target), []), route)
        for key, level in self.inner.items():
            level.emit(placed[key].x, placed[key].y, placed, lines)


def merged(line: list[tuple[float, float]], part: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A line and one more part of it, above or below what is there."""
    return [*part, *line] if line and part[0][1] < line[0][1] else [*line, *part]


class Ranks:
    """One layered layout. ``centre`` and ``y`` say where each key is; ``route`` where a line goes.

    Boxes are numbered from 0; the points where long lines pass a rank follow.
    """

    def __init__(
        self, sizes: dict[Key, tuple[float, float]], lines: list[tuple[Key, Key, Key]], ports: list[Port],
        anchors: Mapping[tuple[Key, Port], float],
    ) -> None:  # fmt: skip
        self.sizes, self.ports, self.anchors = sizes, ports, anchors
        self.keys = list(sizes)
        self.number = {key: i for i, key in enumerate(self.keys)}
        self.lines = [(self.number[start], self.number[end], source) for start, end, source in lines]
        self.rank = self._ranks()
        self._split()
        self._order()
        self._place()

    # ── ranks ──

    def _ranks(self) -> list[int]:
        """The longest way from a start; then whatever has more lines below than above goes down, next to where it is used."""
        n = len(self.keys)
        below: list[list[int]] = [[] for _ in range(n)]
        above: list[list[int]] = [[] for _ in range(n)]
        for a, b, _ in self.lines:
            below[a].append(b)
            above[b].append(a)
        rank, waiting = [0] * n, [len(a) for a in above]
        order = [i for i in range(n) if not waiting[i]]
        for i in order:
            for j in below[i]:
                rank[j] = max(rank[j], rank[i] + 1)
                waiting[j] -= 1
                if not waiting[j]:
                    order.append(j)
        for i in reversed(order):
            if len(below[i]) > len(above[i]):
                rank[i] = min(rank[j] for j in below[i]) - 1
        borders = {self.number[port]: port.kind for port in self.ports}  # ports have the first and the last rank for themselves
        inside = [rank[i] for i in range(n) if i not in borders] or [0]
        first, last = min(inside), max(inside)
        shift = int("in" in borders.values()) - first
        return [rank[i] + shift if i not in borders else 0 if borders[i] == "in" else last + shift + 1 for i in range(n)]

    def _split(self) -> None:
        """Points where long lines pass: each rank gets its list of boxes and points, and each of them its neighbours."""
        self.boxes = len(self.keys)
        self.up: list[list[tuple[int, float]]] = [[] for _ in self.rank]  # (neighbour, how far to its right a straight line would arrive)
        self.down: list[list[tuple[int, float]]] = [[] for _ in self.rank]
        self.chains: dict[tuple[int, int, Key], list[int]] = {}
        shared: dict[tuple[Key, int], int] = {}  # (source, rank) -> point: the lines of one source run together
        for a, b, source in self.lines:
            chain, last, dx = [], a, self.anchors.get((self.keys[a], Port("out", source)), 0.0)
            for r in range(self.rank[a] + 1, self.rank[b]):
                point = shared.get((source, r))
                if point is None:
                    point = shared[source, r] = len(self.rank)
                    self.rank.append(r)
                    self.up.append([])
                    self.down.append([])
                    self._link(last, point, dx)
                chain.append(point)
                last, dx = point, 0.0
            self._link(last, b, dx - self.anchors.get((self.keys[b], Port("in", source)), 0.0))
            self.chains[a, b, source] = chain
        self.total = len(self.rank)
        self.rows: list[list[int]] = [[] for _ in range(max(self.rank, default=-1) + 1)]
        for i, r in enumerate(self.rank):
            self.rows[r].append(i)

    def _link(self, i: int, j: int, dx: float) -> None:
        self.down[i].append((j, -dx))
        self.up[j].append((i, dx))

    # ── order ──

    def _order(self) -> None:
        """Sweeps down and up, each rank by the medians of its neighbours; the best order that came by is kept."""
        position = [0] * self.total
        self._start(position)
        best, fewest = [list(row) for row in self.rows], self._crossings(position)
        patient = self.total <= PATIENT
        for sweep in range(SWEEPS if patient else 3):
            if not fewest:
                break
            rows = range(1, len(self.rows)) if sweep % 2 == 0 else range(len(self.rows) - 2, -1, -1)
            neighbours = self.up if sweep % 2 == 0 else self.down
            for r in rows:
                self._by_median(self.rows[r], neighbours, position)
            if patient:
                self._exchange(position)
            crossings = self._crossings(position)
            if crossings < fewest:
                best, fewest = [list(row) for row in self.rows], crossings
        self.rows = best

    def _start(self, position: list[int]) -> None:
        """Begin with the order in which a walk from the ends meets everything: neighbours come to stand together."""
        seen = [False] * self.total
        fresh: list[list[int]] = [[] for _ in self.rows]
        for root in [i for row in reversed(self.rows) for i in row if not self.down[i]]:
            stack = [root]
            while stack:
                i = stack.pop()
                if not seen[i]:
                    seen[i] = True
                    position[i] = len(fresh[self.rank[i]])
                    fresh[self.rank[i]].append(i)
                    stack += [j for j, _ in reversed(self.up[i])]
        self.rows = fresh

    def _by_median(self, row: list[int], neighbours: list[list[tuple[int, float]]], position: list[int]) -> None:
        """Order a rank by the medians of the neighbours on one side."""
        wanted = [(median([position[j] for j, _ in neighbours[i]]) if neighbours[i] else p, p, i) for p, i in enumerate(row)]
        row[:] = [i for _, _, i in sorted(wanted)]
        for p, i in enumerate(row):
            position[i] = p

    def _exchange(self, position: list[int]) -> None:
        """Exchange neighbours in a rank where that saves crossings."""
        for row in self.rows:
            for p in range(len(row) - 1):
                a, b = row[p], row[p + 1]
                saved = 0
                for side in (self.up, self.down):
                    ends = [position[k] for k, _ in side[b]]
                    saved += sum((position[j] > k) - (position[j] < k) for j, _ in side[a] for k in ends)
                if saved > 0:
                    row[p], row[p + 1] = b, a
                    position[a], position[b] = p + 1, p

    def _crossings(self, position: list[int]) -> int:
        """How many pairs of lines cross between ranks: inversions of their ends."""
        count = 0
        for row in self.rows[:-1]:
            seen: list[int] = []
            for i in row:
                ends = [position[j] for j, _ in self.down[i]]
                count += sum(len(seen) - bisect.bisect_right(seen, end) for end in ends)
                for end in ends:
                    bisect.insort(seen, end)
        return count

    # ── places ──

    def _place(self) -> None:
        """x: each rank as near to its neighbours as its order allows, down and up in turns. y: rank below rank."""
        half = [(self.sizes[key][0] + GAP_X) / 2 for key in self.keys] + [GAP_X / 2] * (self.total - self.boxes)
        self.x = [0.0] * self.total
        for row in self.rows:
            for i, place in zip(row, spread([0.0] * len(row), [half[i] for i in row], [1.0] * len(row)), strict=True):
                self.x[i] = place
        for sweep in range(SWEEPS):
            down, last = sweep % 2 == 0, sweep >= SWEEPS - 2
            for row in self.rows if down else reversed(self.rows):
                wanted, weights = [], []
                for i in row:
                    near = self.up[i] + self.down[i] if last else self.up[i] if down else self.down[i]
                    wanted.append(median([self.x[j] + dx for j, dx in near]) if near else self.x[i])
                    weights.append((1.0 if i < self.boxes else 4.0) if near else 0.05)
                for i, place in zip(row, spread(wanted, [half[i] for i in row], weights), strict=True):
                    self.x[i] = place
        left = min((x - h for x, h in zip(self.x, half, strict=True)), default=-GAP_X / 2) + GAP_X / 2
        self.x = [x - left for x in self.x]
        self.width = max((x + h for x, h in zip(self.x, half, strict=True)), default=GAP_X / 2) - GAP_X / 2
        self.centre = {key: self.x[i] for i, key in enumerate(self.keys)}
        self._stack()

    def _stack(self) -> None:
        """Put the ranks one below the other; where lines go far sideways, with more room between."""
        self.tops: list[float] = []
        self.bottoms: list[float] = []
        self.y: dict[Key, float] = {}
        at = 0.0
        for r, row in enumerate(self.rows):
            boxes = [self.keys[i] for i in row if i < self.boxes]
            height = max((self.sizes[key][1] for key in boxes), default=0.0)
            sideways = max((abs(self.x[i] - self.x[j] - dx) for i in row for j, dx in self.up[i]), default=0.0)
            above = [self.keys[i] for i in self.rows[r - 1] if i < self.boxes] if r == 1 else []
            border = any(isinstance(key, Port) for key in (*boxes, *above))
            at += ((GAP_Y / 2 if border else GAP_Y) + min(24.0, sideways / 20)) if r else 0.0
            self.tops.append(at)
            for i in row:
                if i < self.boxes:  # next to its neighbours: at the bottom of the rank if all of them are below
                    share = 0.5 if self.up[i] and self.down[i] else 1.0 if self.down[i] else 0.0
                    self.y[self.keys[i]] = at + share * (height - self.sizes[self.keys[i]][1])
            at += height
            self.bottoms.append(at)
        self.height = at

    def route(self, start: Key, end: Key, source: Key) -> list[tuple[float, float]]:
        """The points of a line: out of the box below, straight through each rank, into the next box from above."""
        a, b = self.number[start], self.number[end]
        x = self.x[a] + self.anchors.get((start, Port("out", source)), 0.0)
        points = [(x, self.y[start] + self.sizes[start][1]), (x, self.bottoms[self.rank[a]])]
        for i in self.chains[a, b, source]:
            points += [(self.x[i], self.tops[self.rank[i]]), (self.x[i], self.bottoms[self.rank[i]])]
        x = self.x[b] + self.anchors.get((end, Port("in", source)), 0.0)
        return [*points, (x, self.tops[self.rank[b]]), (x, self.y[end])]


def median(values: list[float]) -> float:
    """The middle one; of an even number, the mean of the two in the middle."""
    values = sorted(values)
    count = len(values)
    return (values[(count - 1) // 2] + values[count // 2]) / 2


def spread(wanted: Sequence[float], half: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The places nearest to those wanted (by weighted squares) that keep the order and do not overlap: isotonic regression."""
    offset, at = [], 0.0
    for i, h in enumerate(half):
        at += (half[i - 1] + h) if i else 0.0
        offset.append(at)
    blocks: list[list[float]] = []  # (sum of weighted wishes, weight, count), wishes less the offset
    for place, o, w in zip(wanted, offset, weights, strict=True):
        blocks.append([w * (place - o), w, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] > blocks[-1][0] * blocks[-2][1]:
            total, weight, count = blocks.pop()
            blocks[-1][0] += total
            blocks[-1][1] += weight
            blocks[-1][2] += count
    means = [total / weight for total, weight, count in blocks for _ in range(int(count))]
    return [m + o for m, o in zip(means, offset, strict=True)]
