"""``python tests/page.py PAGE``: run the code of a page of the documentation, and compare what it prints with what the page says.

The Python blocks of a page are one program, which its errors call example.py. Where a block is followed by one of text, that is what it
prints; a block that is meant to fail shows the error as the last line of that text.
"""
from __future__ import annotations

import contextlib
import doctest
import io
import itertools
import linecache
import re
import sys
from collections.abc import Iterator
from pathlib import Path

BLOCK = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LANGUAGES = {"python", "pycon", "text", "console"}
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks(page: Path) -> list[tuple[str, str, int]]:
    """(language, code, line number) of each block of code."""
    text = page.read_text(encoding="utf-8")
    return [(found[1], found[2], text[: found.start()].count("\n") + 2) for found in BLOCK.finditer(text)]


def problems(page: Path) -> Iterator[str]:
    """What is not as the page says."""
    names = {"__name__": "__page__"}
    found = blocks(page)
    program = ""
    for (language, code, line), after in itertools.zip_longest(found, found[1:]):
        if language not in LANGUAGES:
            yield f"line {line}: a block is one of {', '.join(sorted(LANGUAGES))}"
        elif language == "pycon":
            test = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), line)
            if doctest.DocTestRunner(optionflags=FLAGS).run(test, clear_globs=False).failed:
                yield f"line {line}: see above"
            names = test.globs
        elif language == "python":
            printed = run(program, code, names)
            program += code
            expected = after[1] if after and after[0] == "text" else ""
            if not doctest.OutputChecker().check_output(expected, printed, FLAGS):
                yield f"line {line} printed:\n{printed}"


def run(program: str, code: str, names: dict[str, object]) -> str:
    """What the code prints that comes after a program, and the error that ended it."""
    source = program + code
    linecache.cache["example.py"] = (len(source), None, source.splitlines(keepends=True), "example.py")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        try:
            exec(compile("\n" * program.count("\n") + code, "example.py", "exec"), names)
        except Exception as error:  # noqa: BLE001  whatever it is, the page has to say so
            print(f"{type(error).__name__}: {error}", *getattr(error, "__notes__", ()), sep="\n")
    return printed.getvalue()


if __name__ == "__main__":
    sys.exit("\n".join(problems(Path(sys.argv[1]))) or 0)
