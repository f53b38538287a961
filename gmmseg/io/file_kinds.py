"""Says what a file is that was given where a model was wanted."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gmmseg.errors import ModelError, ReadError
from gmmseg.io.atomic import shown
from gmmseg.io.formats import recognise

_MARKS: tuple[tuple[str, frozenset[str]], ...] = (
    ("a report of a fitted table", frozenset({"version", "command", "table"})),
    ("a report of regions", frozenset({"version", "command", "n_regions"})),
    ("a report of a digit experiment", frozenset({"version", "command", "n_clusters"})),
    ("a report of a segmentation", frozenset({"version", "command", "n_components"})),
    ("the legend of a mask", frozenset({"generator", "values", "no_class"})),
    ("a label map in COCO's form", frozenset({"images", "annotations", "categories"})),
    ("a label map in LabelMe's form", frozenset({"shapes", "imagePath"})),
    ("a GeoJSON file", frozenset({"type", "features"})),
)
"""Kinds of JSON that the program writes besides models, and fields that tell them."""
_MODELS = {
    "gmmseg-model": "a model of a picture's pixels",
    "gmmseg-table": "a model of the rows of a table, which “sample” draws from but which labels no pictures",
    "gmmseg-digits": "a model of digits, which “sample” draws from but which labels no pictures",
}


@contextmanager
def telling_what_it_is(
    path: str | os.PathLike[str], data: bytes, formats: tuple[str, ...], remedy: str
) -> Iterator[None]:
    """Say of a file that turns out to be no wanted model what it is instead, where that can be told.

    Parameters
    ----------
    path : path
        For the sentence.
    data : bytes
        The file's content.
    formats : tuple of str
        Models that would do, by their field “format”.
    remedy : str
        What is needed in its place.

    Raises
    ------
    ModelError
        In place of one raised within, for another kind of file.
    """
    try:
        yield
    except ModelError as error:
        kind = _kind_of(data, formats)
        if kind is None:
            raise
        raise ModelError(f"{shown(path)} is {kind}.", remedy) from error


def _kind_of(data: bytes, formats: tuple[str, ...]) -> str | None:
    """Return what a file is in words; None for a wanted model, however damaged, and for what is not known."""
    if not data.strip():
        return "empty"
    try:
        content = json.loads(data)
    except RecursionError:
        return None
    except ValueError:
        return _picture_kind(data)
    return _json_kind(content, formats)


def _json_kind(content: Any, formats: tuple[str, ...]) -> str | None:
    if not isinstance(content, dict) or content.get("format") in formats:
        return None
    of_model = next((name for key, name in _MODELS.items() if content.get("format") == key), None)
    other = next((f"{name}, not a model" for name, fields in _MARKS if fields <= content.keys()), None)
    return of_model or other


def _picture_kind(data: bytes) -> str | None:
    try:
        return f"a picture ({recognise(data, '')}), not a model"
    except ReadError:
        return None
