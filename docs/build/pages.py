"""Pages of the site that are not written by hand: notebooks as Markdown, formulas as MathML, which browsers show without a script."""
from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert

CODE = re.compile(r"(```.*?```|`[^`\n]*`)", re.DOTALL)
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$\w])\$([^\s$](?:[^$\n]*[^\s$])?)\$(?![\d$])", re.DOTALL)


def with_formulas(markdown: str) -> str:
    """``$...$`` and ``$$...$$`` outside of code as MathML."""
    parts = CODE.split(markdown)
    return "".join(part if i % 2 else FORMULA.sub(mathml, part) for i, part in enumerate(parts))


def mathml(found: re.Match[str]) -> str:
    """One formula."""
    block, inline = found.groups()
    return f"\n\n{convert(block, display='block')}\n\n" if block else convert(inline)


def notebook(path: Path) -> str:
    """A notebook as Markdown, with what its cells showed."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    parts = [f'<a class="md-button" href="{path.name}" download>The notebook</a>']
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            parts.append(source.replace("<details>", '<details markdown="1">'))
        else:
            parts += [f"```python\n{source}\n```", *map(shown, cell["outputs"])]
    title, _, text = parts[1].partition("\n")
    return "\n\n".join([title, parts[0], text, *parts[2:]])


def shown(output: dict[str, Any]) -> str:
    """An output of a cell, in the richest form that it has."""
    data = {kind: "".join(content) for kind, content in output.get("data", {"text/plain": output.get("text", "")}).items()}
    if "text/html" in data:
        return f"<div>{flat(data['text/html'])}</div>"
    if "image/svg+xml" in data:
        return f'<div class="picture">{flat(data["image/svg+xml"])}</div>'
    if "image/png" in data:
        return f'<img alt="a plot" src="data:image/png;base64,{flat(data["image/png"])}">'
    return f"```text\n{data['text/plain'].rstrip()}\n```"


def flat(markup: str) -> str:
    """On one line, or Markdown would read it as text; of a file of SVG, what stands in a page."""
    return re.sub(r"\s*\n\s*", " ", re.sub(r"<\?xml.*?\?>|<!DOCTYPE.*?>", "", markup, flags=re.DOTALL)).strip()
