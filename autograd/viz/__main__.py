"""``python -m autograd.viz script.py``: run a program, and step through the graph of its loss in the terminal, or save a page."""
from __future__ import annotations

import argparse
import os
import runpy
import sys

from autograd.tensor import Tensor
from autograd.viz import graph, step


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    options = parser().parse_args(arguments)
    sys.argv = [options.script, *options.arguments]
    sys.path.insert(0, os.path.dirname(os.path.abspath(options.script)))
    _namespace = runpy.run_path(options.script, run_name="__main__")
    tensor = _namespace.get(options.name)
    if not isinstance(tensor, Tensor) or tensor.node is None:
        recorded = [name for name, value in _namespace.items() if isinstance(value, Tensor) and value.grad_fn is not None]
        there = f"it has {', '.join(recorded)}" if recorded else "it has none"
        print(f"{options.script} leaves no recorded tensor named {options.name!r}: {there}; choose one with --name", file=sys.stderr)  # noqa: T201
        return 1
    loss = tensor  # so that pictures find the name
    if options.graph:
        print(graph(loss).save(options.graph))  # noqa: T201
    if options.save:
        print(step(loss).save(options.save))  # noqa: T201
    if not options.graph and not options.save:
        step(loss).run()
    return 0


def parser() -> argparse.ArgumentParser:
    """The options of the command line."""
    options = argparse.ArgumentParser(prog="python -m autograd.viz", description="Step through the backward pass of a program's loss.")
    options.add_argument("script", help="a Python program that leaves a tensor in a variable")
    options.add_argument("arguments", nargs="*", help="arguments of the program")
    options.add_argument("--name", default="loss", help="the variable (default: %(default)s)")
    options.add_argument("--save", metavar="FILE.html", help="write the stepper as a page, and ask nothing")
    options.add_argument("--graph", metavar="FILE", help="write the graph, as the suffix says: .svg .png .pdf .dot .html .json .txt")
    return options


if __name__ == "__main__":
    sys.exit(main())
