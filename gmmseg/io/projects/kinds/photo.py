"""Form of the projects of photos: about an image, with a fit, and objects as tiles and as a PNG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np

from gmmseg.arrays import ByteArray
from gmmseg.control import ShouldStop
from gmmseg.editing.history import History
from gmmseg.image import Image, thinned
from gmmseg.io.masks import encode_rgb_png
from gmmseg.io.models import dump_model
from gmmseg.io.projects.archive import Archive, Member
from gmmseg.io.projects.kinds.fits import fit_content, fit_of, given_content, given_of
from gmmseg.io.projects.kinds.image_reference import (
    ImageForm,
    copies_of,
    find_image_events,
    image_form,
    is_in_no_file,
    known_pixel_hash,
    pixel_hash,
    stand_in,
)
from gmmseg.io.projects.kinds.kind import THUMBNAIL, THUMBNAIL_SIDE, Finding, Found, Kind, Numbered
from gmmseg.io.projects.kinds.object_map import NAME as OBJECTS_PNG
from gmmseg.io.projects.kinds.object_map import encode_objects, read_object_ids
from gmmseg.io.projects.kinds.photo_checks import check_history
from gmmseg.io.projects.plain import PROJECT, encoded, misfit, value_of, values_of
from gmmseg.io.strict_json import parse
from gmmseg.photo.document import Document, Fit
from gmmseg.photo.objects.objects import ObjectInfo, ObjectMap
from gmmseg.photo.objects.tiles import IdArray, Tile, TileMap, is_tile
from gmmseg.photo.project import PhotoProject
from gmmseg.render import display_rgb

_T = TypeVar("_T")


class PhotoKind(Kind[Document, Image, ImageForm]):
    """Documents about an image."""

    own_members: ClassVar[tuple[str, ...]] = ("objects", "fit")
    identity: ClassVar[tuple[str, ...]] = ("sha256", "width", "height", "channels", "dtype", "has_mask")
    project = PhotoProject
    document = Document
    form = ImageForm

    def check(self, history: History[Document]) -> None:
        check_history(history)

    def form_of(
        self, subject: Image, path: Path, enclosed: str | None, *, is_quick: bool = False
    ) -> ImageForm:
        pixels = known_pixel_hash(subject) if is_quick else pixel_hash(subject)
        return image_form(subject, path, enclosed, pixels)

    def enclosed_in_journals(self, subject: Image) -> str | None:
        return "image.npy" if is_in_no_file(subject) else None

    def copies_of(self, subject: Image, is_wanted: bool, should_stop: ShouldStop) -> list[Member]:
        return copies_of(subject, is_wanted, should_stop)

    def find_events(
        self,
        form: ImageForm,
        archive: Archive | None,
        project: Path,
        chosen: Path | None,
        should_stop: ShouldStop,
    ) -> Finding[Image]:
        image, note = yield from find_image_events(form, archive, project, chosen, should_stop)
        return Found(image, note, image.source.is_missing)

    def stand_in(self, form: ImageForm) -> Image:
        return stand_in(form)

    def parts_of(self, document: Document) -> Iterable[Fit]:
        return () if document.fit is None else (document.fit,)

    def content(self, name: str, before: Any, after: Any, parts: Numbered) -> Any:
        if name == "objects":
            return _object_changes(ObjectMap.empty(after.shape) if before is None else before, after)
        if name == "given":
            return given_content(after)
        return parts.content(after, fit_content) if name == "fit" else after

    def value(self, name: str, content: Any, document: Document, parts: Numbered, place: str) -> Any:
        if name == "objects":
            return _changed_objects(document.object_map, _image_of(document, place), content, place)
        if name == "fit":
            image = _image_of(document, place)
            return parts.part_of(content, lambda found: fit_of(found, image, place), place)
        if name == "given":
            return given_of(content, place)
        value = super().value(name, content, document, parts, place)
        if name == "pending" and value.field is None and value.base is not None:
            # Up to version 3 nothing was said of the step.
            step = _image_of(document, place).step_of_levels
            return replace(value, base=replace(value.base, step=step))
        return value

    def members_of(self, document: Document) -> list[Member]:
        image = _image_of(document, "image")
        members: list[Member] = []
        ids: IdArray | None = None
        if document.objects is not None:
            ids = _object_members(document.objects, image, members)
        if document.fit is not None:
            content = fit_content(document.fit)
            del content["model"]
            members.append(Member("model.json", dump_model(document.fit.model)))
            members.append(Member("fit.json", encoded(content)))
        picture = _picture(image, document.objects, ids)
        return [*members, Member(THUMBNAIL, picture, is_packed=True)]

    def with_members(self, document: Document, archive: Archive) -> Document:
        image = _image_of(document, "image")
        if "objects.json" in archive:
            objects = parse(archive.read("objects.json", PROJECT.max_bytes), PROJECT)
            document = replace(document, objects=_objects_of(objects, image, archive))
        if "fit.json" in archive:
            content = parse(archive.read("fit.json", PROJECT.max_bytes), PROJECT)
            model = parse(archive.read("model.json", PROJECT.max_bytes), PROJECT)
            if not isinstance(content, dict) or "model" in content:
                misfit("fit", "must be an object without a model")
            document = replace(document, fit=fit_of({**content, "model": model}, image, "fit"))
        return document

    def picture(self, document: Document) -> bytes:
        return _picture(_image_of(document, "image"), None, None)


def _image_of(document: Document, place: str) -> Image:
    if document.image is None:
        misfit(place, "needs an image")
    return document.image


def _step(image: Image) -> int:
    return -(-max(image.height, image.width) // THUMBNAIL_SIDE)


def _picture(image: Image, objects: ObjectMap | None, ids: IdArray | None) -> bytes:
    """Return a PNG of the image, with its objects in their colours.

    `ids` are every so-many-th id of the map, as `encode_objects` returns them for the image.
    """
    rgb: ByteArray = display_rgb(thinned(image, _step(image))).copy()
    if objects is not None and ids is not None:
        colours = np.zeros((1 + max((entry.id for entry in objects), default=0), 3), dtype=np.uint16)
        for entry in objects:
            colours[entry.id] = entry.colour
        is_marked = ids > 0
        rgb[is_marked] = (rgb[is_marked].astype(np.uint16) + colours[ids[is_marked]]) // 2
    return encode_rgb_png(rgb)


# Objects


def _object_members(objects: ObjectMap, image: Image, members: list[Member]) -> IdArray:
    """Add the members that hold objects; return every so-many-th id in both directions, for the picture."""
    step = _step(image)
    if objects.shape == (image.height, image.width):
        map_png, ids = encode_objects(objects, step)
        members.append(Member("objects.json", encoded({"objects": objects.objects})))
        members.append(Member(OBJECTS_PNG, map_png, is_packed=True))
        return ids
    # Of a picture beyond memory a PNG would be opened by no program.
    changes = _object_changes(ObjectMap.empty(objects.shape), objects)
    members.append(Member("objects.json", encoded({"changes": changes})))
    box = slice(0, -(-image.height // step)), slice(0, -(-image.width // step))
    return objects.ids.sampled(step * image.step_of_levels, box)


def _objects_of(content: Any, image: Image, archive: Archive) -> ObjectMap:
    if isinstance(content, dict) and content.keys() == {"changes"}:
        return _changed_objects(ObjectMap.empty(image.picture_shape), image, content["changes"], "objects")
    if not isinstance(content, dict) or content.keys() != {"objects"}:
        misfit("objects", "must be listed")
    entries = values_of(ObjectInfo, content["objects"], "objects")
    ids = read_object_ids(archive.read(OBJECTS_PNG), (image.height, image.width))
    return ObjectMap(_of_picture(ids, image), entries)


def _of_picture(ids: TileMap, image: Image) -> TileMap:
    """Return a map of an image, up to version 3 also of an overview, as that of its picture."""
    step = image.step_of_levels
    return ids if step == 1 else TileMap.of(ids.read(), image.picture_shape, step)


def _object_changes(before: ObjectMap, after: ObjectMap) -> dict[str, Any]:
    tiles = after.ids.tiles
    return {
        "shape": after.shape,
        "tiles": [[index, tiles[index]] for index in after.ids.changed_from(before.ids)],
        "entries": _splice(before.objects, after.objects),
    }


def _changed_objects(before: ObjectMap, image: Image, content: Any, place: str) -> ObjectMap:
    match content:
        case {"tiles": list(found), "entries": entries, **others} if others.keys() <= {"shape"}:
            pass
        case _:
            misfit(place, "must have tiles and entries")
    # Up to version 3 objects of a picture beyond memory were those of its overview.
    own = image.height, image.width
    shape = value_of(tuple[int, int], others["shape"], f"{place}.shape") if others else own
    objects = _spliced(before.objects, entries, ObjectInfo, f"{place}.entries")
    if shape == before.shape:
        return ObjectMap(_with_tiles(before.ids, found, place), objects)
    if shape != own:
        misfit(f"{place}.shape", "must be that of the picture")
    overview = TileMap.of(before.ids.sampled(image.step_of_levels, (slice(0, own[0]), slice(0, own[1]))))
    return ObjectMap(_of_picture(_with_tiles(overview, found, place), image), objects)


def _with_tiles(ids: TileMap, found: list[Any], place: str) -> TileMap:
    tiles = list(ids.tiles)
    for at, each in enumerate(found):
        index, tile = value_of(tuple[int, Tile], each, f"{place}.tiles[{at}]")
        if not (0 <= index < len(tiles) and is_tile(tile, ids.box(index))):
            misfit(f"{place}.tiles[{at}]", "is no tile of the image")
        tiles[index] = tile
    return replace(ids, tiles=tuple(tiles))


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
