"""Figures for the plots of this package. They need matplotlib, and not pyplot: no display is asked for, and no setting is changed."""
from __future__ import annotations

import io
import os
from typing import Any


def figure_of(name: str, rows: int, columns: int, size: tuple[float, float]) -> tuple[Any, Any]:
    """(figure, its axes as an array (rows, columns)), each panel of this size in inches."""
    try:
        Picture = figure_class()
    except ImportError as error:
        raise ImportError(f'{name}: matplotlib is required; it is not installed; pip install "glassgrad[train]"') from error
    figure = Picture(figsize=(size[0] * columns, size[1] * rows), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False)


def finished(figure: Any, path: str | os.PathLike[str] | None) -> Any:
    """The figure, saved if a path is given."""
    if path is not None:
        figure.savefig(path, dpi=120)
    return figure


def figure_class() -> Any:
    """matplotlib's Figure, which a notebook shows even where pyplot has not been used."""
    from matplotlib.figure import Figure

    class Picture(Figure):
        """A figure that is a picture in a notebook."""

        def _repr_png_(self) -> bytes:
            self.savefig(png := io.BytesIO(), format="png")
            return png.getvalue()

    return Picture
