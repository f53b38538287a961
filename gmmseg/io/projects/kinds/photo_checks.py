"""Whether the documents of a photo's history that was read agree with themselves."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from gmmseg.colours import Colour
from gmmseg.editing.history import History
from gmmseg.image import Image
from gmmseg.io.model_forms import check_classes
from gmmseg.io.projects.plain import PROJECT, misfit
from gmmseg.photo.classes import IGNORE_ID
from gmmseg.photo.document import Document, PendingSelection, SizeStep
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.tiles import Tile

_MAX_OBJECT_ID = 65_534


def check_history(history: History[Document]) -> None:
    """Raise `ReadError` where a document of a history contradicts itself."""
    known: dict[Tile, frozenset[int]] = {}
    for entry in history.entries:
        _check_document(entry.state, known)


def _check_document(document: Document, known: dict[Tile, frozenset[int]]) -> None:
    fit, classes, image = document.fit, document.classes, document.image
    n_components = classes.n_components if fit is None else fit.model.params.n_components
    check_classes(classes.classes, n_components, PROJECT)
    _check_ids("classes", [entry.id for entry in classes])
    _check_colours("classes", (entry.colour for entry in classes))
    if document.objects is not None:
        _check_objects(document.objects, known)
    if document.pending is not None:
        if image is None:
            misfit("pending", "needs an image")
        _check_pending(document.pending, document, image)


def _check_ids(place: str, ids: list[int]) -> None:
    if not all(0 < each <= _MAX_OBJECT_ID and each != IGNORE_ID for each in ids):
        misfit(place, f"must have ids from 1 to {_MAX_OBJECT_ID} without {IGNORE_ID}")


def _check_colours(place: str, colours: Iterable[Colour]) -> None:
    if not all(0 <= part <= 255 for colour in colours for part in colour):
        misfit(place, "must have colours of parts from 0 to 255")


def _check_objects(objects: ObjectMap, known: dict[Tile, frozenset[int]]) -> None:
    ids = [entry.id for entry in objects]
    _check_ids("objects", ids)
    _check_colours("objects", (entry.colour for entry in objects))
    if len(set(ids)) < len(ids):
        misfit("objects", "has the same id twice")
    held: set[int] = set()
    for index, tile in enumerate(objects.ids.tiles):
        if tile not in known:
            known[tile] = frozenset(np.unique(objects.ids.tile(index)).tolist())
        held |= known[tile]
    if held - {0} != set(ids):
        misfit("objects", "must be those of the map of ids")


def _check_pending(pending: PendingSelection, document: Document, image: Image) -> None:
    field = document.field_of(pending)
    (tall, wide), step = image.picture_shape, field.step
    height, width = field.height, field.width
    if not (
        0 < step <= image.step_of_levels
        and 0 <= field.top < field.top + height < tall // step + 2
        and 0 <= field.left < field.left + width < wide // step + 2
    ):
        misfit("pending.field", "must lie on the picture")
    for act in pending.acts:
        if isinstance(act, SizeStep):
            is_possible = act.by in (-1, 1)
        else:
            is_possible = _is_within(act.rows, height) and _is_within(act.columns, width)
        if not is_possible:
            misfit("pending.acts", "must lie on the image")
    if pending.box is not None:
        x0, y0, x1, y1 = pending.box
        if not (0 <= x0 < x1 <= width and 0 <= y0 < y1 <= height):
            misfit("pending.box", "must lie on the image")
    if pending.object_id is not None and all(
        entry.id != pending.object_id for entry in document.objects or ()
    ):
        misfit("pending.object_id", "must be one of the objects")
    if pending.base is not None and not pending.base.is_empty:
        lies_within = all(
            of.start <= at.start and at.stop <= of.stop
            for at, of in zip(pending.base.box, field.box, strict=True)
        )
        if pending.base.step != step or not lies_within:
            misfit("pending.base", "must lie on the image")


def _is_within(places: np.ndarray[tuple[int, ...], np.dtype[np.int64]], length: int) -> bool:
    return places.ndim == 1 and int(places.min()) >= 0 and int(places.max()) < length
