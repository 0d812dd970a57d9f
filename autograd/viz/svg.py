"""A picture as SVG, in attributes only: it survives GitHub's sanitiser, and is readable on a light page and on a dark one."""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from autograd.viz.fold import Box, Folding, Line, closed_boxes
from autograd.viz.layout import HEADER, PADDING, Layout, Rect, layout
from autograd.viz.layout import Box as Placed

FONT = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
SIZE, SMALL = 12.0, 10.0  # of letters
LEADING = 15.0
MARGIN = 12.0
INK, FAINT, LINE = "#1f2328", "#57606a", "#8b949e"  # in boxes; beside them, grey enough for both backgrounds
ALARM = "#cf222e"


@dataclasses.dataclass(frozen=True, slots=True)
class Style:
    """How a kind of box is drawn: kinds differ in form and not by colour alone. The colours are told apart by the colour-blind."""

    fill: str
    form: str  # rect, round, pill, dashed, double, folder, stack
    name: str


STYLES = {
    "parameter": Style("#cfe3f7", "round", "parameter"),
    "leaf": Style("#cdebd8", "pill", "leaf that requires grad"),
    "input": Style("#eceff2", "dashed", "input"),
    "op": Style("#fff4d6", "rect", "op"),
    "output": Style("#f7d9cf", "double", "output"),
    "module": Style("#e5e0f4", "folder", "module"),
    "chain": Style("#fff4d6", "stack", "ops drawn as one"),
}


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What is written in a box, and how it stands out."""

    lines: tuple[str, ...]  # the first is the title
    tooltip: str
    fill: str = ""  # instead of its kind's
    alarm: bool = False


def text_width(text: str, size: float) -> float:
    """An estimate on the wide side of the width of text in pixels."""
    return sum(0.32 if c in "ilj.,:;|'!()[] " else 0.85 if c in "mwMW@%" else 0.7 if c.isupper() else 0.6 for c in text) * size


def size_of(look: Look) -> tuple[float, float]:
    """Width and height of a closed box."""
    widths = [text_width(line, SIZE if i == 0 else SMALL) for i, line in enumerate(look.lines)]
    return max(36.0, max(widths, default=0.0) + 18.0), LEADING * len(look.lines) + 9.0


def arranged(folding: Folding, looks: Mapping[str, Look]) -> Layout:
    """The places of all boxes and lines."""

    def placed(box: Box) -> Placed:
        if box.children:
            return Placed(box.key, text_width(title_of(box), SMALL), children=[placed(child) for child in box.children])
        return Placed(box.key, *size_of(looks[box.key]))

    return layout([placed(box) for box in folding.boxes], [(line.source, line.target) for line in folding.lines])


def svg(folding: Folding, looks: Mapping[str, Look], place: Layout | None = None) -> str:
    """The picture."""
    place = place or arranged(folding, looks)
    parts = [frame(box, place.boxes, place.lines.values()) for box in open_boxes(folding.boxes)]
    parts += [drawn_line(line, place.lines[line.source, line.target]) for line in folding.lines]
    parts += [drawn_box(box, looks[box.key], place.boxes[box.key]) for box in closed_boxes(folding.boxes)]
    width = max(place.width, text_width(folding.caption, SMALL) if folding.caption else 0.0) + 2 * MARGIN
    height = place.height + 2 * MARGIN + (LEADING if folding.caption else 0.0)
    caption = text(folding.caption, MARGIN, height - MARGIN / 2, SMALL, LINE, "start") if folding.caption else ""
    body = "\n".join(filter(None, [f'<g transform="translate({n(MARGIN)} {n(MARGIN)})">', *parts, "</g>", caption]))
    size = f'width="{n(width)}" height="{n(height)}" viewBox="0 0 {n(width)} {n(height)}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family={quoteattr(FONT)} role="img">\n{body}\n</svg>\n'


def n(x: float) -> str:
    """A length with one digit behind the point, where it is needed."""
    return f"{round(x, 1) + 0.0:.1f}".removesuffix(".0")  # + 0.0: no -0


def open_boxes(boxes: Sequence[Box]) -> list[Box]:
    """The boxes that hold others, the outer ones first."""
    found = []
    for box in boxes:
        if box.children:
            found += [box, *open_boxes(box.children)]
    return found


def text(words: str, x: float, y: float, size: float, fill: str, anchor: str = "middle", weight: str = "") -> str:
    """One line of text."""
    bold = f' font-weight="{weight}"' if weight else ""
    return f'<text x="{n(x)}" y="{n(y)}" font-size="{n(size)}" fill="{fill}" text-anchor="{anchor}"{bold}>{escape(words)}</text>'


def title_of(box: Box) -> str:
    """The title of an open box: its name and its class."""
    return f"{box.title}: {box.detail}" if box.detail and box.detail != box.title else box.title


def frame(box: Box, boxes: Mapping[object, Rect], lines: Iterable[Sequence[tuple[float, float]]]) -> str:
    """The border and the title of an open box, in the corner where no line crosses it."""
    r = boxes[box.key]
    crossings = [x for points in lines for x, y in points if abs(y - r.y - PADDING - HEADER) < 1 and r.x <= x <= r.x + r.width]
    shape = f'<rect x="{n(r.x)}" y="{n(r.y)}" width="{n(r.width)}" height="{n(r.height)}" rx="6"'
    title = title_of(box)
    room = [x - r.x for x in crossings], text_width(title, SMALL) + 12
    right = any(x < room[1] for x in room[0]) and not any(x > r.width - room[1] for x in room[0])  # where no line comes in
    words = text(title, r.x + (r.width - 8 if right else 8), r.y + 15, SMALL, LINE, "end" if right else "start", "bold")
    return f'{shape} fill="#8b949e" fill-opacity="0.09" stroke="{LINE}" stroke-opacity="0.6"/>\n{words}'


def drawn_box(box: Box, look: Look, r: Rect) -> str:
    """A closed box with its text."""
    style = STYLES[box.kind]
    stroke, width = (ALARM, 2.5) if look.alarm else (FAINT, 1.0)
    corner = {"round": 8.0, "pill": min(r.height / 2, 14.0)}.get(style.form, 2.0)
    dash = ' stroke-dasharray="4 3"' if style.form == "dashed" else ""

    def rect(x: float, y: float, w: float, h: float, fill: str) -> str:
        outline = f'stroke="{stroke}" stroke-width="{n(width)}"{dash}'
        return f'<rect x="{n(x)}" y="{n(y)}" width="{n(w)}" height="{n(h)}" rx="{n(corner)}" fill="{fill}" {outline}/>'

    fill = look.fill or style.fill
    shapes = [rect(r.x, r.y, r.width, r.height, fill)]
    if style.form == "double":
        shapes.append(rect(r.x + 3, r.y + 3, r.width - 6, r.height - 6, "none"))
    elif style.form == "stack":
        shapes.insert(0, rect(r.x + 3, r.y + 3, r.width, r.height, fill))
    elif style.form == "folder":
        shapes.insert(0, rect(r.x, r.y - 4, min(30.0, r.width / 2), 8, fill))
    middle, top = r.x + r.width / 2, r.y + (r.height - LEADING * len(look.lines)) / 2
    words = [text(look.lines[0], middle, top + 11.5, SIZE, INK, weight="bold")] + [
        text(line, middle, top + LEADING * i + 11.5, SMALL, ALARM if line.startswith("⚠") else FAINT)
        for i, line in enumerate(look.lines[1:], 1)
    ]
    return "\n".join([f"<g data-box={quoteattr(box.key)}><title>{escape(look.tooltip)}</title>", *shapes, *words, "</g>"])


def drawn_line(line: Line, points: Sequence[tuple[float, float]]) -> str:
    """A line with its head; beside it, how a value is repeated, or how many lines it stands for."""
    path = [f"M{n(points[0][0])} {n(points[0][1])}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        if abs(x0 - x1) < 0.5:
            path.append(f"V{n(y1)}" if x0 == x1 else f"L{n(x1)} {n(y1)}")
        else:
            bend = (y1 - y0) / 2
            path.append(f"C{n(x0)} {n(y0 + bend)} {n(x1)} {n(y1 - bend)} {n(x1)} {n(y1)}")
    x, y = points[-1]
    head = f'<path d="M{n(x)} {n(y)}l-3.5 -7h7z" fill="{LINE}"/>'
    label = line.broadcast or (f"× {line.count}" if line.count > 1 else "")
    words = text(label, x + 6, y - 6, 9, LINE, "start") if label else ""
    return "\n".join(filter(None, [f'<path d="{"".join(path)}" fill="none" stroke="{LINE}" stroke-width="1.2"/>', head, words]))


def heat(value: float, low: float, high: float) -> str:
    """A colour from white to deep orange, by the logarithm of a positive figure between two others."""
    if value <= 0 or high <= low:
        return "#ffffff"
    part = (math.log(value) - math.log(low)) / (math.log(high) - math.log(low)) if low > 0 else 1.0
    part = min(max(part, 0.0), 1.0)
    red, green, blue = (round(a + (b - a) * part) for a, b in ((255, 230), (251, 120), (240, 40)))
    return f"#{red:02x}{green:02x}{blue:02x}"
