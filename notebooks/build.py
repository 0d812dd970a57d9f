"""Source to notebook: ``src/NAME.py`` (percent format, read by jupytext) is run from top to bottom and kept with what it showed.

A rebuild gives the same bytes: ids of cells are their numbers, times and versions are left out, and the sources seed what they draw.
"""
from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Self

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell

FOLDER = Path(__file__).resolve().parent
SOURCES = sorted((FOLDER / "src").glob("*.py"))
KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}

# Run in the kernel before the first cell: a warning is an error, and so is any look beyond this machine.
GUARD = """
import socket, warnings

def only_here(self, address, connect=socket.socket.connect, internet=(socket.AF_INET, socket.AF_INET6)):
    if self.family in internet and address[0] not in ("127.0.0.1", "::1", "localhost"):
        raise OSError(f"a notebook works offline; it tried to reach {address}")
    return connect(self, address)

socket.socket.connect = only_here
warnings.simplefilter("error")
warnings.filterwarnings("ignore", module="ipykernel|IPython|traitlets|zmq")  # how the kernel is made is not the notebook's matter
del only_here, socket, warnings
"""


def path_of(source: Path) -> Path:
    """The notebook that belongs to a source."""
    return FOLDER / f"{source.stem}.ipynb"


def read(source: Path) -> Any:
    """A source as a notebook that has not been run."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNEL, "language_info": {"name": "python"}})
    notebook.nbformat_minor = 5
    for number, cell in enumerate(notebook.cells):
        cell.id, cell.metadata = f"cell-{number:02}", nbformat.from_dict({})
    return notebook


class Session:
    """A notebook with its own kernel, in the folder of the notebooks: ``with Session(notebook) as session: session.run()``."""

    def __init__(self, notebook: Any, *, fast: bool = False, timeout: int = 60) -> None:
        self.client = NotebookClient(
            notebook, timeout=timeout, kernel_name="python3", record_timing=False, coalesce_streams=True,
            resources={"metadata": {"path": str(FOLDER)}},
        )  # fmt: skip
        self.client.extra_arguments = ["--log-level=CRITICAL"]  # that it talks over TCP on this machine
        paths = os.pathsep.join(filter(None, [str(FOLDER.parent), os.environ.get("PYTHONPATH")]))
        self.environment = {**os.environ, "PYTHONPATH": paths, "AUTOGRAD_FAST": "1" if fast else ""}

    def __enter__(self) -> Self:
        self.kernel = self.client.setup_kernel(env=self.environment)
        self.kernel.__enter__()
        self.output(GUARD)
        return self

    def __exit__(self, *error: object) -> None:
        self.kernel.__exit__(*error)

    def run(self) -> None:
        """Every cell; the first that fails raises nbclient's CellExecutionError, and the source and the message are in it."""
        for number, cell in enumerate(self.client.nb.cells):
            self.client.execute_cell(cell, number)
        self.client.nb.metadata.language_info = nbformat.from_dict({"name": "python"})

    def output(self, code: str) -> str:
        """What code prints that is no part of the notebook."""
        cells = self.client.nb.cells
        cells.append(new_code_cell(code))
        try:
            cell = self.client.execute_cell(cells[-1], len(cells) - 1, store_history=False)
        finally:
            cells.pop()
        return "".join(output.get("text", "") for output in cell.outputs)


def build(source: Path) -> str:
    """Run a source and return the notebook as the text of its file."""
    with Session(notebook := read(source)) as session:
        session.run()
    return text(notebook)


def text(notebook: Any) -> str:
    """A notebook as its file holds it."""
    return nbformat.writes(notebook) + "\n"
