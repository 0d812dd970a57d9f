"""Files that come with the library: the data, and beside each a text that says where it is from and under which licence."""
from __future__ import annotations

from importlib.resources import files

FOLDER = files(__package__)


def description(name: str) -> str:
    """Where the data comes from, how it was made, and its licence: the text beside it."""
    return FOLDER.joinpath(f"{name}.txt").read_text(encoding="utf-8")
