"""Which boxes a picture has: every node its own, or modules closed, equal neighbours counted, chains drawn together, until it is readable.

Whatever is drawn together is an interval of the order in which the program ran, or a chain, so that no folding makes a cycle.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from autograd.op import REGISTRY
from autograd.viz.model import Edge, GraphNode, Module, shape_text

SIDE = ("parameter", "input")  # kinds that are drawn into the only op that uses them, if there is too much to draw


@dataclasses.dataclass(slots=True)
class Box:
    """What is drawn as one: a node, a folded group, a closed module, or an open one with boxes inside."""

    key: str
    title: str
    kind: str  # of a node, or "module", "chain", "lines"
    members: list[int]  # ids of the nodes in it
    detail: str = ""  # under the title
    children: list[Box] = dataclasses.field(default_factory=list)
    module: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """All edges from one box to another."""

    source: str
    target: str
    count: int
    broadcast: str


@dataclasses.dataclass(frozen=True, slots=True)
class Folding:
    """What is drawn: boxes (open ones hold others), the lines between closed ones, and in words what was folded."""

    boxes: list[Box]
    lines: list[Line]
    caption: str
    closed: int


@dataclasses.dataclass(frozen=True, slots=True)
class Way:
    """How much is drawn together."""

    depth: int | None = None  # modules deeper than this are closed
    chains: bool = False  # of elementwise ops
    repeats: bool = False  # equal modules in a row
    sides: bool = False  # parameters and inputs go into the op that uses them
    stretch: int = 0  # so many nodes in the order of the program are one box


def fold(
    nodes: Sequence[GraphNode], edges: Sequence[Edge], modules: Sequence[Module], depth: int | str | None, folding: bool, most: int
) -> Folding:
    """The boxes for a graph: as few as are asked for, as much in them as they may hold."""
    return Folder(nodes, edges, modules).fold(depth, folding, most)


class Folder:
    """Tries one way after the other until the picture is small enough."""

    def __init__(self, nodes: Sequence[GraphNode], edges: Sequence[Edge], modules: Sequence[Module]) -> None:
        self.nodes, self.edges, self.modules = nodes, edges, modules
        self.paths: list[tuple[int, ...]] = []  # of each module call: those around it, itself last
        for module in modules:
            self.paths.append((*(self.paths[module.parent] if module.parent is not None else ()), module.id))
        self.into: list[list[int]] = [[] for _ in nodes]
        self.out: list[list[int]] = [[] for _ in nodes]
        for edge in edges:
            self.out[edge.source].append(edge.target)
            self.into[edge.target].append(edge.source)
        self.deepest = max(map(len, self.paths), default=0)
        self.shown_by: dict[int, int] = {}  # node of a repeated module -> its like in the first
        self.runs: dict[int, list[tuple[str, int]]] = {}  # node -> (key of the first module of a run that it is in, its number there)

    def fold(self, depth: int | str | None, folding: bool, most: int) -> Folding:
        """The first way that gives few enough boxes."""
        limit = depth if isinstance(depth, int) else None
        for way in self.ways(limit, folding):
            drawn = self.drawn(way)
            if drawn.closed <= most:
                return drawn
        return self.drawn(Way(stretch=-(-len(self.nodes) // most), sides=True))

    def ways(self, depth: int | None, folding: bool) -> Iterator[Way]:
        """From all there is to less and less."""
        yield Way(depth)
        if folding:
            yield Way(depth, chains=True, repeats=True)
            yield Way(depth, chains=True, repeats=True, sides=True)
        if depth is None:
            for level in range(self.deepest - 1, 0, -1):
                yield Way(level, chains=folding, repeats=folding, sides=True)

    # ── one way ──

    def drawn(self, way: Way) -> Folding:
        """The boxes and lines of one way of folding."""
        self.shown_by.clear()
        self.runs.clear()
        if way.stretch:
            top = self.stretches(way.stretch)
        else:
            top = self.inside(None, self.grouped(), way)
            if way.sides:
                top = self.without_sides(top)
            if way.chains:
                self.chain(top)
        home = {member: box.key for box in closed_boxes(top) for member in box.members}
        lines: dict[tuple[str, str], list[Edge]] = {}
        for edge in self.edges:
            (a, _), (b, runs) = self.stand_in(edge.source), self.stand_in(edge.target)
            if home[a] != home[b] and not any(runs.values()):  # what goes into the others of equal modules is not drawn
                lines.setdefault((home[a], home[b]), []).append(edge)
        single = {box.key for box in closed_boxes(top) if box.kind not in ("module", "chain")}
        found = [
            Line(a, b, len(group) if a in single and b in single else 1, group[0].broadcast if len(group) == 1 else "")
            for (a, b), group in lines.items()
        ]
        closed = list(closed_boxes(top))
        return Folding(top, found, self.caption(closed, way), len(closed))

    def stand_in(self, node: int) -> tuple[int, dict[str, int]]:
        """(the node drawn in the place of this one, its number in each run of equal modules that it is in)."""
        runs: dict[str, int] = {}
        while True:
            for run, number in self.runs.get(node, ()):
                runs.setdefault(run, number)
            if node not in self.shown_by:
                return node, runs
            node = self.shown_by[node]

    def drawn_as(self, node: int) -> int:
        """The node drawn in the place of this one."""
        return self.stand_in(node)[0]

    def grouped(self) -> dict[int | None, list[int | Module]]:
        """What is directly inside each module call: nodes by id and calls, in order."""
        first: dict[int, int] = {}
        for node in self.nodes:
            for module in self.paths[node.module] if node.module is not None and node.op else ():
                first.setdefault(module, node.id)
        inside: dict[int | None, list[tuple[int, int | Module]]] = {}
        for node in self.nodes:
            inside.setdefault(node.module, []).append((node.id, node.id))
        for call in self.modules:
            if call.id in first:
                inside.setdefault(call.parent, []).append((first[call.id], call))
        return {key: [item for _, item in sorted(items, key=lambda pair: pair[0])] for key, items in inside.items()}

    def inside(self, module: int | None, groups: dict[int | None, list[int | Module]], way: Way) -> list[Box]:
        """The boxes directly inside a module call."""
        boxes = []
        for item in groups.get(module, ()):
            if not isinstance(item, Module):
                boxes.append(self.node_box(self.nodes[item]))
                continue
            box = Box(f"m{item.id}", item.name, "module", [], item.type, self.inside(item.id, groups, way), item.id)
            if way.depth is not None and len(self.paths[item.id]) > way.depth:
                box.members, box.children = all_members(box), []
                box.detail = f"{item.type}, {self.ops(box.members)}"
            boxes.append(box)
        return self.repeated(boxes) if way.repeats else boxes

    def node_box(self, node: GraphNode) -> Box:
        """A node as a box of its own. Inside its module, a parameter needs no path."""
        name = node.label.rpartition(".")[2] if node.module is not None and node.kind == "parameter" else node.label
        several = node.shape and isinstance(node.shape[0], tuple)
        return Box(f"n{node.id}", name, node.kind, [node.id], shape_text(node.shape[0] if several else node.shape))

    def ops(self, members: Sequence[int]) -> str:
        """How many calls there are among nodes."""
        count = sum(1 for member in members if self.nodes[member].op)
        return f"{count:,} op{'s' if count != 1 else ''}"

    # ── equal modules in a row ──

    def repeated(self, boxes: list[Box]) -> list[Box]:
        """Of modules of one structure, one after the other with nothing between, only the first is drawn, with their count."""
        result: list[Box] = []
        run: list[Box] = []
        for box in [*boxes, None]:
            if box is not None and run and box.kind == "module" and self.alike(run[-1], box):
                run.append(box)
                continue
            if len(run) > 2:
                run[0].title = f"{run[0].title} … {run[-1].title}"
                run[0].detail = f"{self.modules[run[0].module or 0].type} × {len(run)}"
                first = sorted(all_members(run[0]))
                for number, module in enumerate(run):
                    for member, stand_in in zip(sorted(all_members(module)), first, strict=True):
                        self.runs.setdefault(member, []).append((run[0].key, number))
                        if number:
                            self.shown_by[member] = stand_in
                result.append(run[0])
            else:
                result += run
            run = [box] if box is not None else []
        return result

    def alike(self, a: Box, b: Box) -> bool:
        """Whether two module calls do the same with the same shapes."""
        return self.structure(a) == self.structure(b)

    def structure(self, box: Box) -> list[tuple[str, object, object]]:
        """Op and shapes of all that is in a module, with where the arguments come from: inside, or outside."""
        members = sorted(all_members(box))
        place = {member: i for i, member in enumerate(members)}
        return [
            (node.op or node.kind, node.shape, tuple(place.get(source, -1) for source in self.into[node.id]))
            for node in (self.nodes[member] for member in members)
        ]

    # ── parameters and inputs ──

    def without_sides(self, boxes: list[Box]) -> list[Box]:
        """Leaves and inputs with one use go into the box of that use."""
        home = {member: box for box in closed_boxes(boxes) for member in box.members}
        gone = set()
        for box in list(closed_boxes(boxes)):
            if box.kind in SIDE:
                uses = {home[use].key: home[use] for member in box.members for use in map(self.drawn_as, self.out[member])}
                if len(uses) == 1:
                    next(iter(uses.values())).members += box.members
                    gone.add(box.key)
        return pruned(boxes, gone)

    # ── chains ──

    def chain(self, boxes: list[Box]) -> None:
        """Elementwise ops of which each only feeds the next, as one box: "mul, add, tanh"."""
        for box in boxes:
            if box.children:
                self.chain(box.children)
        home = {member: box for box in boxes if not box.children for member in box.members}
        result: list[Box] = []
        for box in boxes:
            chain = self.feeder(box, home) if box.kind == "op" else None
            if chain is None:
                result.append(box)
                continue
            chain.members += box.members
            chain.kind = "chain"
            home |= dict.fromkeys(box.members, chain)
        for box in result:
            if box.kind == "chain":
                self.name_chain(box)
        boxes[:] = result

    def feeder(self, box: Box, home: dict[int, Box]) -> Box | None:
        """The box of elementwise ops that does nothing but feed this elementwise op."""
        own = self.op_of(box)
        sources = {source for source in self.into[own.id] if source not in box.members}
        if len(sources) != 1 or not elementwise(own):
            return None
        (source,) = sources
        before = home.get(source)
        if before is None or any(use != own.id for use in self.out[source]):
            return None
        fits = before.kind == "chain" or (before.kind == "op" and elementwise(self.op_of(before)))
        return before if fits else None

    def op_of(self, box: Box) -> GraphNode:
        """The op of a box, apart from what is drawn into it."""
        return next(self.nodes[m] for m in box.members if self.nodes[m].op)

    def name_chain(self, box: Box) -> None:
        """The title of a chain: its ops in order, those that are repeated with a count."""
        ops = [self.nodes[m].op for m in box.members if self.nodes[m].op]
        runs: list[list[str]] = []
        for op in ops:
            if runs and runs[-1][0] == op:
                runs[-1].append(op)
            else:
                runs.append([op])
        names = [run[0] if len(run) == 1 else f"{run[0]} × {len(run):,}" for run in runs]
        box.title = ", ".join(names) if len(names) <= 4 else f"{', '.join(names[:3])} … {names[-1]}"
        box.detail = f"{len(ops):,} ops, {shape_text(self.nodes[box.members[-1]].shape)}"

    # ── whatever it is ──

    def stretches(self, length: int) -> list[Box]:
        """So many nodes at a time, in the order of the program."""
        boxes = []
        for start in range(0, len(self.nodes), length):
            part = self.nodes[start : start + length]
            ops = [node.op for node in part if node.op]
            common = max(dict.fromkeys(ops), key=ops.count, default="inputs")
            site = next((node.site.split(":", 2) for node in part if node.site), None)
            line = f"{site[0]}:{site[1]}" if site else ""
            members = [node.id for node in part]
            boxes.append(Box(f"s{start}", f"{common} and others", "chain", members, f"{self.ops(members)} {line}".strip()))
        return boxes

    def caption(self, closed: Sequence[Box], way: Way) -> str:
        """What is drawn, and what was folded."""
        tensors = f"{len(self.nodes):,} node{'s' if len(self.nodes) != 1 else ''}"
        if len(closed) == len(self.nodes):
            return tensors
        folded = [
            f"modules closed below depth {way.depth}" if way.depth is not None else "",
            "equal modules in a row drawn once" if self.shown_by else "",
            "chains of elementwise ops drawn as one" if any(box.kind == "chain" for box in closed) and not way.stretch else "",
            "parameters and inputs drawn into the op that uses them" if way.sides and not way.stretch else "",
            f"stretches of {way.stretch:,} nodes drawn as one" if way.stretch else "",
        ]
        return f"{tensors}, {len(closed)} boxes: {'; '.join(filter(None, folded))}"


def elementwise(node: GraphNode) -> bool:
    """Whether a node is the call of an elementwise op."""
    return node.op in REGISTRY and REGISTRY[node.op].elementwise


def closed_boxes(boxes: Sequence[Box]) -> Iterator[Box]:
    """The boxes that hold no others."""
    for box in boxes:
        if box.children:
            yield from closed_boxes(box.children)
        else:
            yield box


def all_members(box: Box) -> list[int]:
    """The ids of all nodes in a box and in the boxes inside it."""
    return [*box.members, *(member for child in box.children for member in all_members(child))]


def pruned(boxes: Sequence[Box], gone: set[str]) -> list[Box]:
    """The boxes without some; open ones that become empty go too."""
    kept = []
    for box in boxes:
        if box.children:
            box.children = pruned(box.children, gone)
            if box.children:
                kept.append(box)
        elif box.key not in gone:
            kept.append(box)
    return kept
