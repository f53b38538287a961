"""Files of the laboratory: what a page shows as CSV or PNG, and saved mixtures to begin at."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from pathlib import Path

from gmmseg.control import Progress
from gmmseg.io.csv_lines import Cell, csv_lines
from gmmseg.io.models import TABLE_FORMAT, load_model, load_table_model, model_format, read_model_bytes
from gmmseg.io.outputs import check_suffix, write
from gmmseg.laboratory.scene import Scene
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.params import MixtureParams

SUFFIXES = (".csv", ".png")


def encode_scene(scene: Scene) -> bytes:
    """Return the bars and tables of a scene below each other as CSV (RFC 4180, UTF-8)."""
    rows: list[Sequence[Cell]] = [(bar.group, bar.label, float(bar.value)) for bar in scene.bars]
    for table in scene.tables:
        rows += [(), (table.title,), table.headings, *(tuple(map(_cell, row)) for row in table.rows)]
    return csv_lines(rows)


def _cell(text: str) -> Cell:
    """Return a text of a table as a number where it is one, as rounded as it is shown."""
    try:
        return float(text.replace("−", "-"))
    except ValueError:
        return text


def scene_export_events(scene: Scene, picture: bytes, path: Path) -> Generator[Progress, None, list[Path]]:
    """Write a page and return the path; raises `WriteError` where that cannot be done.

    Parameters
    ----------
    scene : Scene
    picture : bytes
        The page as it is drawn, a PNG file.
    path : Path
        Ends in one of `SUFFIXES`, which says what is written.
    """
    check_suffix(path, "figures", SUFFIXES)
    yield Progress("Writing")
    write(path, picture if path.suffix.lower() == ".png" else encode_scene(scene))
    return [path]


def read_mixture(path: str | os.PathLike[str]) -> MixtureParams:
    """Return the mixture of a model file, of a picture or of a table, in feature units.

    Raises
    ------
    ReadError, ModelError
        It cannot be read, or is no model.
    """
    data = read_model_bytes(path)
    model = load_table_model(data) if model_format(data) == TABLE_FORMAT else load_model(data)
    return MixtureParams(model.params.weights.copy(), model.means, Full(model.matrices))
