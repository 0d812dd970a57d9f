"""Where the user wrote it: the first frame outside these packages, kept cheaply and resolved to a line only when asked."""
from __future__ import annotations

import itertools
import linecache
import os
import sys
from types import CodeType, FrameType
from typing import NamedTuple

import numpy as np

_HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PACKAGES = (*(os.path.join(_HOME, name) + os.sep for name in ("autograd", "nn")), os.path.dirname(np.__file__) + os.sep)
PROGRAMS = ("quickstart.py", "__main__.py")  # run by the user: their lines are the user's lines


class Internal(dict[str, bool]):
    """Whether a file belongs to these packages, or to NumPy or Python's import, which call back into them.

    A dict, for a look-up costs 25 ns and a comparison of paths 200.
    """

    def __missing__(self, filename: str) -> bool:
        inside = filename.startswith((*PACKAGES, "<frozen importlib")) and not filename.endswith(PROGRAMS)
        self[filename] = inside
        return inside


INTERNAL = Internal()


class Site(NamedTuple):
    """A place in the user's program: a code object and the offset of an instruction in it."""

    code: CodeType
    offset: int

    @property
    def filename(self) -> str:
        """The file, or what stands for one in a notebook or at the prompt."""
        return self.code.co_filename

    @property
    def line(self) -> int:
        """Line number in the file (1-based)."""
        return self._position()[0]

    def _position(self) -> tuple[int, int, int, int]:
        start, end, column, end_column = next(itertools.islice(self.code.co_positions(), self.offset // 2, None), (None,) * 4)
        first = self.code.co_firstlineno
        return start or first, end or start or first, column or 0, end_column or 0

    @property
    def text(self) -> str:
        """The expression itself where it stands on one line, else the whole line; "" where the source is not at hand."""
        start, end, column, end_column = self._position()
        line = linecache.getline(self.filename, start)
        if start == end and end_column > column:
            return line.encode()[column:end_column].decode(errors="replace")
        return line.strip()

    def __str__(self) -> str:
        place = f"{file_name(self.filename)}:{self.line}"
        return f"{place}: {self.text}" if self.text else place


def file_name(path: str) -> str:
    """What to call a file: its last part; ``In[3]`` for a cell of a notebook, whose file is a temporary one with a number for a name."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    cell = shell.compile.format_code_name(path) if shell is not None else None
    return cell[1] if cell else os.path.basename(path)


def outside(frame: FrameType) -> FrameType:
    """The first frame at or above this one that is not inside these packages."""
    while INTERNAL[frame.f_code.co_filename] and (back := frame.f_back) is not None:
        frame = back
    return frame


def here() -> Site:
    """The line of the user's program that is running."""
    frame = outside(sys._getframe(1))
    return Site(frame.f_code, frame.f_lasti)
