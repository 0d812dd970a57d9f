"""What the site is made of beside the pages in docs/: the notebooks, and a page of the reference for each public module."""
from __future__ import annotations

import functools
import importlib
import json
import posixpath
import re
import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "docs" / "build")]
from pages import notebook, with_formulas  # noqa: E402  it lies in this folder, which is no package

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
READMES = {
    "index.md": "README.md", "inside/engine.md": "autograd/README.md", "inside/nn.md": "nn/README.md",
    "notebooks/index.md": "notebooks/README.md",
}  # fmt: skip
PAGES = {readme: page for page, readme in READMES.items()}
LINK = re.compile(r"\]\(([^)\s]+)")
FACES = ("autograd", "autograd.linalg", "autograd.fft", "autograd.special", "autograd.viz", "autograd.distributions", "nn")

# Title of a section: its modules; a folder stands for all modules in it.
REFERENCE = {
    "The engine": [
        "autograd.tensor", "autograd.attributes", "autograd.creation", "autograd.random", "autograd.transforms", "autograd.modes",
        "autograd.function", "autograd.check", "autograd.checkpoint", "autograd.compile.compiled", "autograd.io", "autograd.errors",
        "autograd.memory", "autograd.threads",
    ],
    "Ops": ["autograd/ops", "autograd.linalg", "autograd.fft", "autograd.special", "autograd.windows", "autograd.lowrank"],
    "Pictures": ["autograd.viz.picture", "autograd.viz.stepper", "autograd.viz.model", "autograd.viz.engines"],
    "Distributions": ["autograd/distributions"],
    "Models": [
        "nn.module", "nn.state", "nn.hooks", "nn.parameter", "nn.containers", "nn/layers", "nn/graph", "nn/models", "nn.init", "nn.summary",
    ],
    "Functions and losses": ["nn/functional", "nn.losses"],
    "Training": ["nn/optim", "nn/optim/lr_scheduler", "nn/training", "nn/data", "nn/utils"],
    "PyTorch's programs": ["nn.compat"],
}  # fmt: skip


def modules(name: str) -> list[str]:
    """The modules that an entry of REFERENCE stands for."""
    if "/" not in name:
        return [name]
    return [f"{name}/{path.stem}".replace("/", ".") for path in sorted((ROOT / name).glob("*.py")) if path.stem[0] != "_"]


def on_config(config: Any) -> Any:
    """Put the notebooks and the reference into the table of contents."""
    notebooks = ["notebooks/index.md", *({title(path): f"notebooks/{path.stem}.md"} for path in NOTEBOOKS)]
    reference = [{part: [{m: f"reference/{m}.md"} for name in names for m in modules(name)]} for part, names in REFERENCE.items()]
    for entry in config.nav:
        if "Notebooks" in entry:
            entry["Notebooks"] = notebooks
        if "Reference" in entry:
            entry["Reference"] = reference
    return config


def title(path: Path) -> str:
    """The first line of a notebook."""
    return json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"][0].strip("# \n")


def on_files(files: Any, *, config: Any) -> Any:
    """Add their pages."""
    for path in NOTEBOOKS:
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=notebook(path)))
        files.append(File.generated(config, f"notebooks/{path.name}", abs_src_path=str(path)))
    for page, readme in READMES.items():
        files.append(File.generated(config, page, content=(ROOT / readme).read_text(encoding="utf-8")))
    for name in (m for names in REFERENCE.values() for entry in names for m in modules(entry)):
        files.append(File.generated(config, f"reference/{name}.md", content=reference(name)))
    return files


def reference(name: str) -> str:
    """The page of a module: what it exports, or else what a public face of the packages shows of it."""
    module = importlib.import_module(name)
    own = [n for n, thing in vars(module).items() if n[0] != "_" and id(thing) in shown() and is_of(thing, name)]
    public = getattr(module, "__all__", None) or own
    members = "".join(f"        - {member}\n" for member in public)
    return f"# {name}\n\n::: {name}\n    options:\n      members:\n{members or '        []'}\n"


@functools.cache
def shown() -> set[int]:
    """What the public faces of the packages show, by id."""
    return {id(thing) for face in FACES for thing in vars(importlib.import_module(face)).values()}


def is_of(thing: Any, module: str) -> bool:
    """Whether it was defined in this module."""
    return getattr(thing, "__module__", module) == module and not isinstance(thing, type(importlib))


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Formulas in every page, and links to where things are on the site."""
    linked = LINK.sub(lambda found: f"]({site_link(found[1], page.file.src_uri)}", markdown)
    return with_formulas(linked.replace('src="docs/', 'src="'))


def site_link(target: str, page: str) -> str:
    """A link between files of the repository as one between pages of the site."""
    path, hash_, anchor = target.partition("#")
    if "://" in target or not path:
        return target
    file = READMES.get(page, page if page.startswith("notebooks/") else f"docs/{page}")
    there = posixpath.normpath(posixpath.join(posixpath.dirname(file), path))
    there = PAGES.get(there, there.removeprefix("docs/").replace(".ipynb", ".md"))
    return posixpath.relpath(there, posixpath.dirname(page) or ".") + hash_ + anchor
