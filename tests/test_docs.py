"""The documentation: every block of code runs and prints what the page says, every link leads somewhere."""
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from page import BLOCK, blocks, run

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = [ROOT / "autograd" / "README.md", ROOT / "nn" / "README.md", ROOT / "notebooks" / "README.md"]
PAGES = [ROOT / "README.md", *FOLDERS, *sorted((ROOT / "docs").rglob("*.md"))]

pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=lambda page: str(page.relative_to(ROOT)))
def test_its_code_runs(page, tmp_path):
    """In a process and a folder of its own, so that no page sees what another did."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-W", "error", ROOT / "tests" / "page.py", page]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_picture_is_that_of_the_example(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    example = next(code for language, code, _ in blocks(ROOT / "README.md") if language == "python")
    run("", example.replace('.graph(loss).save("graph.svg")', '.graph(loss, engine="builtin").save("graph.svg")'), {})
    assert (ROOT / "docs" / "pictures" / "graph.svg").read_text(encoding="utf-8") == (tmp_path / "graph.svg").read_text(encoding="utf-8")


def anchors(page):
    """Of its headings, as GitHub makes them."""
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


@pages
def test_its_links_lead_somewhere(page):
    text = BLOCK.sub("", page.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists() or made_by_the_site(there), target
        if anchor and there.suffix == ".md" and there.exists():
            assert anchor in anchors(there), target


def made_by_the_site(path):
    """Whether a page that is no file is made for the site: that of a notebook, or of a module."""
    if path.parent.name == "notebooks":
        return (ROOT / "notebooks" / f"{path.stem}.ipynb").exists()
    module = ROOT.joinpath(*path.stem.split("."))
    return path.parent.name == "reference" and (module.is_dir() or module.with_suffix(".py").exists())
