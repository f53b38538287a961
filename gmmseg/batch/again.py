"""An export that is to be done again: whether a call, a command or a project can tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gmmseg.batch.documents import Subject, check_is_there
from gmmseg.batch.methods import AppliedModel, FittedMixture, GrownRegions, MapMethod, Method
from gmmseg.errors import EditError
from gmmseg.io.export_items import ExportItem
from gmmseg.io.files import content_hash
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Document
from gmmseg.photo.given import GivenModel
from gmmseg.photo.settings import MapSettings
from gmmseg.regions.settings import RegionSettings


@dataclass(frozen=True, slots=True)
class Again:
    """An export that is to be done again.

    Parameters
    ----------
    images : tuple of Path
        Of several, the path of each output is a folder.
    method : Method
        What is made of each.
    items : tuple of ExportItem
    frame : int
        Page or frame of the files, from 0.
    is_joint : bool
        Whether one mixture is fitted to all images.
    """

    images: tuple[Path, ...]
    method: Method
    items: tuple[ExportItem, ...]
    frame: int = 0
    is_joint: bool = False


@dataclass(frozen=True, slots=True)
class AgainFromProject:
    """An export that is to be done again from a project file as it is."""

    project: Path
    subject: Subject
    items: tuple[ExportItem, ...]


@dataclass(frozen=True, slots=True)
class AgainInTiles:
    """An export of a picture beyond memory that is to be done again.

    Parameters
    ----------
    image : Path
    method : Method
    output : ExportItem
        Its label image.
    others : tuple of ExportItem
        What is written beside it: probabilities, model, report.
    frame : int
        Page or frame of the file, from 0.
    """

    image: Path
    method: Method
    output: ExportItem
    others: tuple[ExportItem, ...]
    frame: int


Repeatable = Again | AgainFromProject | AgainInTiles


def again(
    document: Document, subject: Subject, items: Sequence[ExportItem], project: Path | None
) -> Repeatable:
    """Return how an export of a document can be done again.

    Parameters
    ----------
    document : Document
    subject : {"classes", "regions", "objects"}
    items : sequence of ExportItem
    project : Path, optional
        A file that holds the document as it is.

    Raises
    ------
    EditError
        Only a project can tell what was done, and there is none, or it is not saved.
    WriteError
        The image is missing.
    """
    check_is_there(document.image)
    if document.is_beyond_memory and subject == "classes":
        return _again_in_tiles(document, items)
    reason = _why_not_repeatable(document, subject, items)
    image = document.image
    given = tuple(item for item in items if item not in _own_legends(items))
    if reason is None and image is not None and image.source.path is not None:
        method = _method(document, subject, items)
        return Again((image.source.path.absolute(),), method, given, image.source.frame)
    if project is None:
        raise EditError(
            f"{reason or 'The image is in no file.'}", "Save the project; the text then exports from that."
        )
    return AgainFromProject(project.absolute(), subject, given)


def _again_in_tiles(document: Document, items: Sequence[ExportItem]) -> AgainInTiles:
    """Return how the classes of a picture beyond memory are exported again; raises `EditError`."""
    image = document.image
    if image is None or image.source.path is None:
        raise EditError("The image is in no file.", "Save it as a tiled TIFF.")
    # Its maps are of single pixels, whatever is chosen for pictures in memory.
    document = replace(document, map_settings=MapSettings(), region_settings=RegionSettings())
    reason = _why_not_repeatable(document, "classes", items)
    if reason is not None:
        raise EditError(reason, "Export the model: “gmmseg apply” writes the same classes with it.")
    labels = [item for item in items if item.kind in ("mask", "ome-zarr")]
    if len(labels) != 1:
        raise EditError(
            "A command writes one label image of a picture beyond memory, and the rest beside it.",
            "Tick either the mask or OME-Zarr.",
        )
    others = tuple(item for item in items if item.kind in ("probabilities", "model", "report"))
    path, frame = image.source.path.absolute(), image.source.frame
    return AgainInTiles(path, _method(document, "classes", items), labels[0], others, frame)


def _why_not_repeatable(document: Document, subject: Subject, items: Sequence[ExportItem]) -> str | None:
    """Return why settings and a file of the image do not give an export again; None where they do."""
    fit, wants_table = document.fit, any(item.kind == "table" for item in items)
    if subject == "objects":
        return "Objects are made by hand."
    if subject == "regions" and document.is_beyond_memory:
        return "Regions of a picture beyond memory are those of its overview."
    cut, usual = document.region_settings, RegionSettings()
    by_region = subject == "classes" and document.map_settings.by == "region"
    has_two_cuts = cut.n_regions is not None and cut.detail != usual.detail
    if subject == "regions" or by_region:
        if has_two_cuts and any(item.kind == "report" for item in items):
            return "The report holds a detail that the number of regions makes void."
        if by_region and cut.seed != usual.seed:
            return "Regions and mixture have two seeds."
    needs_fit = subject == "classes" or (wants_table and fit is not None)
    if needs_fit and fit is not None:
        if fit.given is not None:
            return _why_not_applicable(document, fit.given, items)
        if fit.result.stop_reason == "stopped":
            return "The fit was stopped before its end."
        if fit.is_merged:
            return "Components were united by hand."
        if fit.hints is not None:
            return "The classes were taught by objects."
        if subject == "regions" and fit.settings.mixture.seed != document.region_settings.seed:
            return "Regions and mixture have two seeds."
    return None


def _why_not_applicable(document: Document, given: GivenModel, items: Sequence[ExportItem]) -> str | None:
    """Return why a model that is given, from its file, does not give an export again."""
    if given.adaptation is None and any(item.kind == "model" for item in items):
        return "The command that applies a model writes it again only where it is adapted."
    if document.classes != given.model.classes:
        return "The classes are no longer those of the model."
    if given.path is None or content_hash(given.path) != given.sha256:
        return "The model's file is not as it was when it was applied."
    return None


def _method(document: Document, subject: Subject, items: Sequence[ExportItem]) -> Method:
    fit, maps = document.fit, _map_method(document)
    given = None if fit is None else fit.given
    if given is not None and subject == "classes":
        return AppliedModel(given.model, given.adaptation, maps, given.path)
    mixture = None
    if fit is not None and given is None:
        classes = document.classes
        is_usual = classes == default_classes(classes.n_components)
        mixture = FittedMixture(fit.settings, None if is_usual else classes, maps=maps)
    if subject == "regions":
        wants_table = any(item.kind == "table" for item in items)
        by_pixel = None if mixture is None else replace(mixture, maps=MapMethod())
        return GrownRegions(document.region_settings, by_pixel if wants_table else None)
    if mixture is None:
        raise EditError("There is no finished fit to export.", "Fit the image first.")
    return mixture


def _map_method(document: Document) -> MapMethod:
    maps = document.map_settings
    if maps.by == "region":
        return MapMethod(maps, document.region_settings)
    return MapMethod(replace(maps, balance=MapSettings().balance))


def _own_legends(items: Sequence[ExportItem]) -> list[ExportItem]:
    """Return the legends that are written without being asked for, beside .npy masks."""
    beside = {item.path.with_name(f"{item.path.name}.json") for item in items if item.kind == "mask"}
    return [item for item in items if item.kind == "legend" and item.path in beside]
