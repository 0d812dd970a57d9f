"""Pages that need nothing but a browser: one file, no network. In a notebook they stand in a frame of their own."""
from __future__ import annotations

import base64
import html
import json
import os
from collections.abc import Sequence
from importlib import resources
from typing import Any


class Page:
    """A page of HTML: ``html()``, ``save(path)``; notebooks show it by itself, and a picture where scripts are not trusted."""

    height = 460

    def __init__(self, name: str, scripts: Sequence[str], title: str, picture: str, data: Any, text: str) -> None:
        self._name, self._scripts, self._title, self._picture, self._data, self._text = name, scripts, title, picture, data, text

    def html(self) -> str:
        """The page, complete in itself."""
        parts = {
            "title": html.escape(self._title), "style": part("page.css"), "picture": self._picture,
            "data": json.dumps(self._data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c"),
            "script": "".join(map(part, ("page.js", *self._scripts))),
        }  # fmt: skip
        page = part(f"{self._name}.html")
        pieces = [page]
        for name, content in parts.items():  # each place once, and never inside what has been put in
            pieces = [piece for text in pieces for piece in ([text] if text in parts.values() else split(text, "{" + name + "}", content))]
        return "".join(pieces)

    def save(self, path: str | os.PathLike[str]) -> str:
        """Write the page to a file. Returns the path."""
        path = os.fspath(path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.html())
        return path

    def __str__(self) -> str:
        return self._text

    def _repr_mimebundle_(self, *_: Any, **__: Any) -> dict[str, str]:
        picture = base64.b64encode(self._picture.encode()).decode()
        frame = html.escape(self.html(), quote=True)
        look = f"width:100%;height:{self.height}px;border:1px solid #8b949e55;border-radius:6px"
        made = (  # an untrusted notebook drops style and frame, and keeps the picture
            "<style>.ag-fallback{display:none!important}</style>"
            f'<img class="ag-fallback" alt="{html.escape(self._title, quote=True)}" src="data:image/svg+xml;base64,{picture}">'
            f'<iframe srcdoc="{frame}" sandbox="allow-scripts" style="{look}"></iframe>'
        )
        return {"text/html": made, "text/plain": self._text}


def split(text: str, place: str, content: str) -> list[str]:
    """The text with the content put in the place, if that is there."""
    before, found, after = text.partition(place)
    return [before, content, after] if found else [text]


def part(name: str) -> str:
    """A file of this folder."""
    return resources.files("autograd.viz").joinpath("pages", name).read_text(encoding="utf-8")
