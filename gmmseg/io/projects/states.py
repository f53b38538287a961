"""Documents as what differs from an earlier one, so that a step costs what it changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from gmmseg.history import Entry, History
from gmmseg.image import Image
from gmmseg.io.projects.fits import fit_content, fit_of, given_content, given_of
from gmmseg.io.projects.plain import fields_of, misfit, value_of, values_of
from gmmseg.photo.document import Document, Fit
from gmmseg.photo.given import GivenModel
from gmmseg.photo.objects.objects import ObjectInfo, ObjectMap
from gmmseg.photo.objects.tiles import Tile, TileMap, is_tile

_MAX_ENTRIES = 1000
"""Of a history that is read, several times what the window keeps."""
_T = TypeVar("_T")


class KnownFits:
    """The fits that a history has, numbered in the order in which they occur: each is written once.

    Parameters
    ----------
    history : History of Document, optional
    """

    def __init__(self, history: History[Document] | None = None) -> None:
        self._fits: list[Fit] = []
        for entry in () if history is None else history.entries:
            fit = entry.state.fit
            if fit is not None and (not self._fits or fit is not self._fits[-1]):
                self._fits.append(fit)

    def content(self, fit: Fit) -> int | dict[str, Any]:
        """Return the number of a fit, or what stands for it where it is a new one, which has one then."""
        for number, known in enumerate(self._fits):
            if known is fit:
                return number
        self._fits.append(fit)
        return fit_content(fit)

    def fit_of(self, content: Any, image: Image, place: str) -> Fit:
        """Return the fit that `content` gave this for; raises `ReadError` where there is none."""
        if not isinstance(content, int):
            self._fits.append(fit_of(content, image, place))
            return self._fits[-1]
        if not 0 <= content < len(self._fits):
            misfit(place, "is not one of the fits before")
        return self._fits[content]


def changes(before: Document, after: Document, fits: KnownFits) -> dict[str, Any]:
    """Return the fields in which a document differs from an earlier one of the same image.

    What is the same object in both is left out; of the objects' map only the tiles that differ are given.
    """
    return {
        each.name: _content(getattr(before, each.name), value, fits)
        for each in fields(Document)
        if each.name != "image" and (value := getattr(after, each.name)) is not getattr(before, each.name)
    }


def _content(before: Any, after: Any, fits: KnownFits) -> Any:
    if isinstance(after, ObjectMap):
        return _object_changes(ObjectMap.empty(after.shape) if before is None else before, after)
    return fits.content(after) if isinstance(after, Fit) else field_content(after)


def field_content(value: Any) -> Any:
    """Return a field of a document that is neither its image nor its fit nor its objects, to be encoded."""
    return given_content(value) if isinstance(value, GivenModel) else value


def changed(document: Document, content: Any, fits: KnownFits, place: str) -> Document:
    """Return the document with the changes that `changes` gave; raises `ReadError` where they do not fit."""
    if not isinstance(content, dict):
        misfit(place, "must be an object")
    declared, hints = fields_of(Document)
    made: dict[str, Any] = {}
    for name, value in content.items():
        within = f"{place}.{name}"
        if name not in declared or name == "image":
            misfit(within, "is not known")
        if value is not None and name == "objects":
            made[name] = _changed_objects(_objects_of(document, within), value, within)
        elif value is not None and name == "fit":
            made[name] = fits.fit_of(value, _image_of(document, within), within)
        elif name == "given":
            made[name] = given_of(value, within)
        else:
            made[name] = value_of(hints[name], value, within)
    return replace(document, **made)


def _image_of(document: Document, place: str) -> Image:
    if document.image is None:
        misfit(place, "needs an image")
    return document.image


def _objects_of(document: Document, place: str) -> ObjectMap:
    _image_of(document, place)
    return document.object_map


# Objects


def _object_changes(before: ObjectMap, after: ObjectMap) -> dict[str, Any]:
    tiles = after.ids.tiles
    return {
        "tiles": [[index, tiles[index]] for index in after.ids.changed_from(before.ids)],
        "entries": _splice(before.objects, after.objects),
    }


def _changed_objects(before: ObjectMap, content: Any, place: str) -> ObjectMap:
    match content:
        case {"tiles": list(found), "entries": entries, **others} if not others:
            pass
        case _:
            misfit(place, "must have tiles and entries")
    tiles = list(before.ids.tiles)
    for at, each in enumerate(found):
        index, tile = value_of(tuple[int, Tile], each, f"{place}.tiles[{at}]")
        if not (0 <= index < len(tiles) and is_tile(tile, before.ids.box(index))):
            misfit(f"{place}.tiles[{at}]", "is no tile of the image")
        tiles[index] = tile
    objects = _spliced(before.objects, entries, ObjectInfo, f"{place}.entries")
    return ObjectMap(TileMap(before.shape, tuple(tiles)), objects)


def _splice(before: Sequence[_T], after: Sequence[_T]) -> list[Any]:
    """Return how many items at the start are the same ones, then the new ones, then how many at the end."""
    most = min(len(before), len(after))
    start = next((at for at in range(most) if before[at] is not after[at]), most)
    most -= start
    end = next((at for at in range(most) if before[-1 - at] is not after[-1 - at]), most)
    return [start, list(after[start : len(after) - end]), end]


def _spliced(before: tuple[_T, ...], content: Any, kind: type[_T], place: str) -> tuple[_T, ...]:
    match content:
        case [int(start), list(new), int(end)]:
            pass
        case _:
            misfit(place, "must say what is kept and what is new")
    if min(start, end) < 0 or start + end > len(before):
        misfit(place, f"keeps more than the {len(before)} items that there are")
    return (*before[:start], *values_of(kind, new, place), *before[len(before) - end :])


# History


def history_changes(before: History[Document] | None, after: History[Document]) -> dict[str, Any]:
    """Return how one history becomes another: entries that stay as ranges, the others as what they change.

    Both are of one image; each new entry is given as its difference from the one before it, the first from
    an empty document.
    """
    known = {} if before is None else {id(entry): at for at, entry in enumerate(before.entries)}
    items: list[Any] = []
    fits = KnownFits(before)
    document = Document(after.present.state.image)
    for entry in after.entries:
        at = known.get(id(entry))
        if at is None:
            items.append(
                {"title": entry.title, "time": entry.time, "changes": changes(document, entry.state, fits)}
            )
        elif items and isinstance(items[-1], list) and items[-1][1] == at:
            items[-1][1] = at + 1
        else:
            items.append([at, at + 1])
        document = entry.state
    return {"entries": items, "at": len(after.past)}


def changed_history(
    before: History[Document] | None, content: Any, image: Image | None, place: str
) -> History[Document]:
    """Return the history that `history_changes` described; raises `ReadError` where that does not fit."""
    match content:
        case {"entries": list(items), "at": int(at), **others} if not others:
            pass
        case _:
            misfit(place, "must have entries and a place among them")
    known = () if before is None else before.entries
    entries: list[Entry[Document]] = []
    fits = KnownFits(before)
    for index, item in enumerate(items):
        within = f"{place}.entries[{index}]"
        if isinstance(item, list):
            start, stop = value_of(tuple[int, int], item, within)
            if not 0 <= start < stop <= len(known):
                misfit(within, "is no range of the entries before")
            entries += known[start:stop]
        else:
            document = entries[-1].state if entries else Document(image)
            entries.append(_entry_of(item, document, fits, within))
        if len(entries) > _MAX_ENTRIES:
            misfit(place, f"has more than the {_MAX_ENTRIES} entries allowed")
    if not 0 <= at < len(entries):
        misfit(f"{place}.at", "is no place in the history")
    return History.standing(tuple(entries), at)


def _entry_of(content: Any, before: Document, fits: KnownFits, place: str) -> Entry[Document]:
    match content:
        case {"title": title, "time": time, "changes": found, **others} if not others:
            pass
        case _:
            misfit(place, "must have a title, a time and changes")
    return Entry(
        changed(before, found, fits, f"{place}.changes"),
        value_of(str, title, f"{place}.title"),
        time=value_of(float, time, f"{place}.time"),
    )


def of_present_image(history: History[Document]) -> History[Document]:
    """Return the part of a history around the present in which the image is the present one."""
    image, at, entries = history.present.state.image, len(history.past), history.entries
    first = next((k + 1 for k in range(at, -1, -1) if entries[k].state.image is not image), 0)
    last = next((k for k in range(at, len(entries)) if entries[k].state.image is not image), len(entries))
    if (first, last) == (0, len(entries)):
        return history
    return History.standing(entries[first:last], at - first)
