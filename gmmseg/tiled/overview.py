"""Fits of a picture beyond memory that is looked at: of exactly all its pixels, with maps of its overview."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from weakref import WeakKeyDictionary

import numpy as np

from gmmseg.arrays import IntArray
from gmmseg.control import Progress, ShouldStop, all_or_nothing, never_stop, only_cancelled, relayed
from gmmseg.errors import SettingsError
from gmmseg.features.build import Standard, feature_table
from gmmseg.features.distinct import distinct_colours, unpacked
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import CodeMap, FeatureTable
from gmmseg.image import Image
from gmmseg.photo.jobs import (
    JobEvent,
    SegmentOutcome,
    SegmentRequest,
    TableMaker,
    relabel_events,
    segment_events,
)
from gmmseg.photo.labelling import Previewed, preview_of
from gmmseg.tiled.colour_counts import ColourCounts, CountColours
from gmmseg.tiled.engines import Engine, Local
from gmmseg.tiled.fitting import apply_tiled_events, counted_colours, counted_table, fit_tiled_events
from gmmseg.tiled.pass_store import PassStore
from gmmseg.tiled.passes import Passes, Report, no_report
from gmmseg.tiled.pyramid import Pyramid, pyramid_of

_counts: WeakKeyDictionary[Pyramid, ColourCounts] = WeakKeyDictionary()
"""Of pictures that are open."""


def overview_table(
    image: Image,
    spec: FeatureSpec,
    should_stop: ShouldStop = never_stop,
    standard: Standard | None = None,
) -> FeatureTable:
    """Return the rows that stand for a picture beyond memory; a `TableMaker` of its overview.

    Where they are colours that have codes they are those of the whole picture, with the counts of all its
    pixels. Pixels are those of the overview: a colour there that is a mean, and that no pixel of the picture
    has, goes by the nearest that one has. Other rows are the overview's own.

    Raises
    ------
    FeatureError, ReadError, BudgetError, Cancelled
    """
    pyramid = pyramid_of(image)
    if not _has_counted_rows(pyramid, spec):
        return feature_table(image, spec, should_stop, standard)
    counted = _colours_of(pyramid, Local(), should_stop)
    table = counted_table(pyramid.picture, counted, spec, standard)
    return replace(table, pixels=_to_nearest(image, counted, should_stop))


def segment_overview_events(
    request: SegmentRequest,
    engine: Engine,
    *,
    should_stop: ShouldStop = never_stop,
    make_table: TableMaker = overview_table,
    report: Report = no_report,
) -> Generator[JobEvent, None, SegmentOutcome]:
    """Fit a mixture to all pixels of a picture beyond memory and label its overview.

    Parameters
    ----------
    request : SegmentRequest
        Its image is the overview, of which a preview is made first where that is wanted and the picture has
        to be read for the fit.
    engine : Engine
        Runs the passes over the picture.
    should_stop : callable
        STOP keeps the last complete EM step, of the exact fit; CANCEL raises `Cancelled`.
    make_table : callable
        `overview_table`, or a cache in front of it.
    report : callable
        Called with the progress of each pass.

    Raises
    ------
    SettingsError
        Something is asked for that needs the whole picture in memory.
    FeatureError, FitError, ReadError, BudgetError, Cancelled
    """
    check_suits_overview(request)
    pyramid, settings = pyramid_of(request.image), request.settings
    is_counted = _has_counted_rows(pyramid, settings.features)
    is_at_hand = is_counted and (pyramid in _counts or pyramid.store.get("colours") is not None)
    if request.wants_preview and request.given is None and not is_at_hand:
        yield from _preview(request, should_stop)
    if is_counted:
        _colours_of(pyramid, engine, should_stop, report)
        return (yield from segment_events(request, should_stop=should_stop, make_table=make_table))
    passes = Passes(engine, PassStore(None), report)
    if request.given is None:
        found = yield from fit_tiled_events(pyramid.picture, settings, passes, should_stop)
    else:
        found = yield from apply_tiled_events(pyramid.picture, request.given, passes, should_stop)
    fit = replace(found.fit, image=request.image, given=request.given)
    maps = relabel_events(
        fit, fit.result.params, should_stop=only_cancelled(should_stop), make_table=make_table
    )
    return (yield from maps)


def check_suits_overview(request: SegmentRequest) -> None:
    """Raise `SettingsError` where a picture beyond memory cannot be segmented as is asked for."""
    if request.settings.smooth > 0:
        raise SettingsError(
            "smooth", "In the window smoothing needs the picture in memory; this one is worked on in tiles.",
            "Set the smoothing to 0, or run “gmmseg segment --smooth”.",
        )  # fmt: skip
    if request.settings.learns_from is not None:
        raise SettingsError(
            "learns_from", "Classes are taught in pictures within memory; this one is worked on in tiles.",
            "Untick “Teach”.",
        )  # fmt: skip


def _preview(request: SegmentRequest, should_stop: ShouldStop) -> Generator[JobEvent, None, None]:
    """Show the maps of a mixture of the overview alone."""

    def shown(event: JobEvent) -> Iterator[JobEvent]:
        if isinstance(event, Progress | Previewed):
            yield event

    sample = replace(request, known=None)
    outcome = yield from relayed(segment_events(sample, should_stop=all_or_nothing(should_stop)), shown)
    yield preview_of(request.image, outcome.table, outcome.segmentation, should_stop)


def _has_counted_rows(pyramid: Pyramid, spec: FeatureSpec) -> bool:
    return spec.is_colour_only and CountColours(pyramid.picture).n_codes is not None


def _colours_of(
    pyramid: Pyramid, engine: Engine, should_stop: ShouldStop, report: Report = no_report
) -> ColourCounts:
    """Return the colours of all pixels of a picture, counted where they have not been yet."""
    if pyramid not in _counts:
        passes = Passes(engine, pyramid.store, report)
        _counts[pyramid] = counted_colours(pyramid.picture, passes, all_or_nothing(should_stop))
    return _counts[pyramid]


def _to_nearest(image: Image, counted: ColourCounts, should_stop: ShouldStop) -> CodeMap:
    """Return a map from counted colours to the pixels of an image."""
    own = distinct_colours(image, should_stop).pixels
    keys: IntArray = counted.codes.astype(np.int64)
    places = np.minimum(np.searchsorted(keys, own.keys), len(keys) - 1)
    is_missing = keys[places] != own.keys
    if not is_missing.any():
        return CodeMap(own.codes, keys, own.n_codes)
    # Imported where means have made colours of their own: the solver takes a moment.
    from scipy.spatial import cKDTree

    depth, n_channels = 8 * image.pixels.dtype.itemsize, image.n_channels
    tree = cKDTree(unpacked(keys, depth, n_channels).T, balanced_tree=False, compact_nodes=False)
    _, nearest = tree.query(unpacked(own.keys[is_missing], depth, n_channels).T)
    places[is_missing] = nearest
    codes = own.spread(keys[places].astype(np.uint32), empty=own.n_codes)
    return CodeMap(codes, keys, own.n_codes)
