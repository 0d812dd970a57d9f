"""Docstrings as Markdown: their tables of arguments become lists, their examples become blocks of code."""
from __future__ import annotations

import re
from typing import Any

from griffe import Extension

CODE = re.compile(r"(``.*?``|`.*?`)")
ARGUMENT = re.compile(r"(\*{0,2}\w+(?:, \*{0,2}\w+)*) {2,}(\S.*)")


class Docstrings(Extension):
    """Called by mkdocstrings for each object it has read."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Rewrite its docstring in place."""
        if obj.docstring is not None:
            obj.docstring.value = markdown(obj.docstring.value)


def markdown(text: str) -> str:
    """A docstring's text as Markdown."""
    made: list[str] = []
    state = ""
    for line in re.sub(r"^::$|(?<=:):$", "", text, flags=re.MULTILINE).splitlines():
        argument = ARGUMENT.fullmatch(line)
        if line.startswith(">>>") and state != "example":
            made += ["", "```pycon"]
            state = "example"
        elif state == "example" and not line:
            made.append("```")
            state = ""
        elif state != "example" and argument:
            made += [*([""] if state != "list" else []), f"* `{argument[1]}`: {literal(argument[2])}"]
            state = "list"
            continue
        elif state == "list" and not line.startswith(" "):
            made.append("")
            state = ""
        if state == "example" or line.startswith("    "):
            made.append(line)
        else:
            made.append("  " * (state == "list") + literal(line.strip()))
    return "\n".join([*made, *(["```"] if state == "example" else [])])


def literal(line: str) -> str:
    """A line whose stars and angles are not Markdown's: (*, in_features), x < 0."""
    return "".join(part if i % 2 else part.replace("*", r"\*").replace("<", "&lt;") for i, part in enumerate(CODE.split(line)))
