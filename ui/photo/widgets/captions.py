"""Captions: what a pane says of its picture where that is pinned, not final, or not there yet."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QLocale

from gmmseg.drawing.layers import is_of_classes
from gmmseg.features.spec import SPACE_TITLES

if TYPE_CHECKING:
    from gmmseg.drawing.layers import Layer
    from gmmseg.image import Image
    from gmmseg.photo.classes import ClassTable
    from gmmseg.photo.document import Document
    from gmmseg.photo.segmentation import MapOrigin
    from gmmseg.photo.settings import SegmentSettings
    from gmmseg.photo.view_state import ViewState
    from gmmseg.regions.outcome import RegionOutcome

_tr = partial(QCoreApplication.translate, "PanesPanel")


def caption_of(
    layer: Layer,
    shown: ViewState | None,
    pinned: ViewState | None = None,
    *,
    are_regions_given_up: bool = False,
) -> str:
    """Return what stands in the corner of a pane; nothing where it shows the photo or the final result.

    Parameters
    ----------
    layer : Layer
        What the pane shows.
    shown : ViewState, optional
    pinned : ViewState, optional
        What the pane keeps.
    are_regions_given_up : bool
        Whether finding the regions was stopped or failed.
    """
    if shown is None or shown.document.image is None:
        return _tr("Open an image, or drop one here")
    if layer.kind == "image":
        return ""
    if layer.kind == "regions":
        seen = pinned or shown
        if seen.regions is not None:
            return " · ".join([regions_caption(seen.regions), *_overview_words(seen.regions.image)])
        if pinned is not None:
            return _tr("pinned before there were regions")
        return _tr("no regions: stopped") if are_regions_given_up else _tr("finding regions …")
    if layer.kind == "foreground":
        return _foreground_caption(pinned or shown)
    if pinned is not None:
        return "" if pinned.segmentation is None else making_of(pinned)
    if shown.segmentation is None:
        return _tr("the photo: no classes found yet")
    if shown.is_preview:
        return shown.caption or _tr("preview")
    if shown.document.is_stale:
        return _tr("of the settings before")
    return _map_caption(layer, shown, are_regions_given_up)


def _foreground_caption(shown: ViewState) -> str:
    """Return which share of the frame is in front, or that this is not known yet."""
    image = shown.document.image
    mask = None if image is None or shown.foreground is None else shown.foreground.of(image)
    if image is not None and image.source.place is None:
        return _tr("the photo: it is no frame of a stack")
    if mask is None:
        return _tr("following the background …")
    return _tr("{0} % in front").format(QLocale().toString(100 * float(mask.mean()), "f", 1))


def _map_caption(layer: Layer, shown: ViewState, are_regions_given_up: bool) -> str:
    """Return that classes by region are on their way, or will not come."""
    is_wanted = map_unit(shown.document)[0] == "region" and is_of_classes(layer)
    origin = None if shown.segmentation is None else shown.segmentation.origin
    if not is_wanted or (origin is not None and origin.regions is not None):
        return ""
    return _tr("by pixel: no regions") if are_regions_given_up else _tr("by pixel · finding regions …")


def map_unit(document: Document) -> tuple[str, str]:
    """Return what classes go by, and where that is no choice, why."""
    if not document.is_beyond_memory:
        return document.map_settings.by, ""
    return "pixel", beyond_memory(_tr("Classes by region"))


def beyond_memory(what: str) -> str:
    """Return a sentence about what cannot be had of a picture that is looked at in tiles."""
    return _tr("{0} would need the whole picture in memory; this one is beyond it.").format(what)


def regions_caption(outcome: RegionOutcome) -> str:
    """Return how regions were cut: ``11 regions · detail 0.5``."""
    words = counted_regions(outcome.regions.n_regions)
    if outcome.settings.n_regions is None:
        words += " · " + _tr("detail {0}").format(f"{outcome.settings.detail:g}")
    return words


def _overview_words(image: Image) -> list[str]:
    if image.levels is None:
        return []
    return [_tr("of the overview, {0} × {1}").format(image.width, image.height)]


def counted_regions(count: int) -> str:
    """Return ``1 region``, ``1,570 regions``."""
    return _tr("1 region") if count == 1 else _tr("{0} regions").format(QLocale().toString(count))


def hidden_note(classes: ClassTable) -> str:
    """Return that hidden classes are in a mask all the same; empty where none is hidden."""
    hidden = [entry.name for entry in classes if not entry.is_visible]
    if not hidden:
        return ""
    return _tr("Hidden classes are in a mask too: {0}.").format(", ".join(hidden))


def making_of(shown: ViewState) -> str:
    """Return how the maps on screen were made: ``K 5 · RGB · full``, then whatever is not the default."""
    document, segmentation = shown.document, shown.segmentation
    fit = document.fit
    # A preview is of the fit under way; maps that wait for their refit are still of the one before.
    is_of_fit = fit is not None and segmentation is not None and segmentation.params is fit.result.params
    settings = fit.settings if fit is not None and is_of_fit else document.settings
    n_components = settings.mixture.n_components
    if segmentation is not None:
        n_components = segmentation.params.n_components
    words = [f"K {n_components}", SPACE_TITLES[settings.features.space], *_deviations(settings)]
    if len(shown.classes) < n_components:
        words.append(f"{len(shown.classes)} classes")
    if segmentation is not None and segmentation.origin is not None:
        words += _map_words(segmentation.origin)
    if shown.is_preview and shown.caption:
        words.append(shown.caption)
    return " · ".join(words)


def _deviations(settings: SegmentSettings) -> list[str]:
    words: list[str] = ["hard" if settings.mixture.is_hard else settings.mixture.covariance]
    if settings.features.has_position:
        words.append(f"position {settings.features.position_weight:g}")
    if settings.features.has_texture:
        words.append("texture")
    if settings.smooth:
        words.append(f"smooth {settings.smooth:g}")
    return words


def _map_words(origin: MapOrigin) -> list[str]:
    """Return how a map of classes differs from that of single pixels."""
    words = []
    if origin.regions is not None:
        words += [_tr("by region"), *regions_caption(origin.regions).split(" · ")[1:]]
    if origin.settings.min_island:
        words.append(_tr("islands {0} px").format(origin.settings.min_island))
    return words
