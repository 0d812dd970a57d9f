"""``python -m nn.compat [--shadow] script.py arguments``: run a program of PyTorch's on this library, unchanged.

The script runs as ``__main__``, with its own ``sys.argv``, and finds the modules beside it, as under ``python script.py``.
"""
from __future__ import annotations

import argparse
import os
import runpy
import sys
from collections.abc import Sequence

from autograd import Tensor
from nn.compat.finder import ShadowError, install


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the script that the arguments name. Returns the exit code."""
    options = parser().parse_args(arguments)
    try:
        install(shadow=options.shadow)
    except ShadowError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    sys.argv = [options.script, *options.arguments]
    sys.path[0] = os.path.dirname(os.path.abspath(options.script))
    try:
        runpy.run_path(options.script, run_name="__main__")
    except AttributeError as error:
        if isinstance(error.obj, Tensor):
            error.add_note(f"torch.Tensor.{error.name}: this library does not have it; write it with what dir(torch.Tensor) lists")
        raise
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of the command line: all that follow the script are the script's."""
    options = argparse.ArgumentParser(prog="python -m nn.compat", description="Run a program written for PyTorch on this library.")
    options.add_argument("--shadow", action="store_true", help="although PyTorch is installed here: hide it from the program")
    options.add_argument("script", help="the program")
    options.add_argument("arguments", nargs=argparse.REMAINDER, help="what it finds in sys.argv")
    return options


if __name__ == "__main__":
    sys.exit(main())
