"""A mixture for a picture beyond memory, fitted or given: by its colours and their counts, or by passes."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass, replace

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import Progress, ShouldStop, all_or_nothing, never_stop
from gmmseg.features.build import Standard, standard_of, table_of_colours
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import CodeMap, FeatureTable
from gmmseg.mixture.adaptation import adapted_to
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.expectation import Evidence, Expectation, rows_about
from gmmseg.mixture.fit import evaluate_on, fit_prepared_events
from gmmseg.mixture.moments import Moments
from gmmseg.mixture.params import FitResult, StopReason
from gmmseg.mixture.preparation import Prepared, prepare, variance_floor
from gmmseg.mixture.selection import choice_warnings, select_events
from gmmseg.photo.document import Fit
from gmmseg.photo.given import GivenModel
from gmmseg.photo.jobs import JobEvent, SegmentRequest, mixture_events, model_of
from gmmseg.photo.model import check_names, check_suits
from gmmseg.photo.settings import SegmentSettings
from gmmseg.setting import check_settings
from gmmseg.tiled.colour_counts import ColourCounts, ColourTotals, CountColours, distinct_of_codes
from gmmseg.tiled.pass_store import Arrays
from gmmseg.tiled.passes import Passes, no_data
from gmmseg.tiled.tile_rows import (
    Light,
    LightSum,
    MeasureLight,
    MeasureRows,
    RowStatistics,
    TileRows,
    stand_in,
)
from gmmseg.tiled.tiled_rows import Frame, TiledRows, TileExpectation
from gmmseg.tiled.tiles import Tile, TiledPicture, tile_grid

SAMPLE_ROWS = 1 << 18
"""Rows that restarts run on: what is left of their optimum's error takes two or three exact iterations."""
_ROW_TILE_PIXELS = 1 << 21
"""Pixels of a tile each of which is a row of its own: its rows and their products fit beside others."""


@dataclass(frozen=True, slots=True, eq=False)
class TiledFit:
    """A fit of all pixels of a picture beyond memory.

    Parameters
    ----------
    fit : Fit
        Its image is a pixel that stands for the picture: depth, channels and source.
    n_pixels : int
        Pixels that hold data.
    rows : TileRows
        Make the rows of any tile, in the units of the fit.
    """

    fit: Fit
    n_pixels: int
    rows: TileRows


def fit_tiled_events(
    picture: TiledPicture, settings: SegmentSettings, passes: Passes, should_stop: ShouldStop = never_stop
) -> Generator[JobEvent, None, TiledFit]:
    """Fit a mixture to all pixels of a picture, whatever its size.

    The likelihood is that of all pixels. Where colours have codes and are the only features, one pass counts
    them and the fit is that of the picture in memory, bit for bit. Otherwise restarts run on a sample and
    each exact iteration is a pass that sums moments over the tiles in a fixed order.

    Raises
    ------
    SettingsError, FeatureError, FitError, BudgetError, ReadError, ClusterError
    Cancelled
    """
    check_settings(settings)
    began = time.perf_counter()
    whole = all_or_nothing(should_stop)
    light = _light(picture, settings.features, passes, whole)
    rows = TileRows(picture, settings.features, light)
    if rows.has_codes:
        table = counted_table(picture, counted_colours(picture, passes, whole), settings.features)
        read = time.perf_counter()
        result = yield from mixture_events(table, settings, should_stop)
    else:
        tiles = tile_grid(picture, _ROW_TILE_PIXELS)
        statistics = _statistics(rows, settings.mixture.seed, tiles, passes, whole)
        standard, floor = standard_of(
            statistics.mean, statistics.variances, statistics.floor, settings.features
        )
        table = _sampled_table(statistics, standard, floor, settings.features)
        read = time.perf_counter()
        rows = replace(rows, standard=Standard(table.centre, table.scale, light.white))
        result = yield from _fit_rows(rows, statistics, table, settings, tiles, passes, should_stop)
    request = SegmentRequest(stand_in(picture, light), settings)
    model = model_of(result.params, request, table)
    rows = replace(rows, standard=model.standard)
    seconds = {"features": read - began, "fit": time.perf_counter() - read}
    fit = Fit(result, model, request.image, settings, seconds)
    return TiledFit(fit, round(result.total_weight), rows)


def apply_tiled_events(
    picture: TiledPicture, given: GivenModel, passes: Passes, should_stop: ShouldStop = never_stop
) -> Generator[JobEvent, None, TiledFit]:
    """Take a known mixture for a picture of any size, adapted where that is asked for; see `apply_events`.

    Where colours have codes and are the only features, one pass counts them. Otherwise one takes the range of
    the features and one the likelihood, and adapting takes one more.

    Raises
    ------
    ModelError, FeatureError, ReadError, ClusterError
    Cancelled
    """
    model, adaptation = given.model, given.adaptation
    began = time.perf_counter()
    whole = all_or_nothing(should_stop)
    light = _light(picture, model.features, passes, whole, model.white)
    image = stand_in(picture, light)
    check_suits(model, image)
    rows = TileRows(picture, model.features, light, model.standard)
    params = model.params
    reason: StopReason = "not fitted"
    if rows.has_codes:
        counted = counted_colours(picture, passes, whole)
        table = counted_table(picture, counted, model.features, model.standard)
        evidence: Evidence = rows_about(params, table.values, table.weights)
    else:
        tiles = tile_grid(picture, _ROW_TILE_PIXELS)
        statistics = _statistics(replace(rows, standard=None), model.seed, tiles, passes, whole)
        check_names(model, image, statistics.names)
        _, floor = standard_of(statistics.mean, statistics.variances, statistics.floor, model.features)
        table = _sampled_table(statistics, model.standard, floor, model.features)
        sample = rows_about(params, table.values, table.weights)
        frame = _frame(statistics, model.standard, params.means.mean(axis=0), params.covariance.is_diagonal)
        run = _ExpectationPasses(tiles, passes)
        evidence = TiledRows(rows, frame, round(statistics.total), sample, run)
    check_names(model, image, table.names)
    read = time.perf_counter()
    if adaptation is not None:
        yield Progress("Adapting the model")
        check_settings(adaptation)
        params = adapted_to(evidence, params, adaptation, table.floor, whole)
        model, reason = replace(model, params=params), "adapted"
    result = evaluate_on(evidence, params, whole, reason)
    seconds = {"features": read - began, "fit": time.perf_counter() - read}
    fit = Fit(result, model, image, given.settings, seconds)
    return TiledFit(fit, round(result.total_weight), rows)


def known_tiled_fit(
    picture: TiledPicture, fit: Fit, passes: Passes, should_stop: ShouldStop = never_stop
) -> TiledFit:
    """Return a fit of a picture's pixels that was made elsewhere, ready to label any tile.

    Raises
    ------
    ReadError, ClusterError, Cancelled
    """
    model = fit.model
    light = _light(picture, model.features, passes, all_or_nothing(should_stop), model.white)
    rows = TileRows(picture, model.features, light, model.standard)
    return TiledFit(fit, round(fit.result.total_weight), rows)


def _light(
    picture: TiledPicture,
    features: FeatureSpec,
    passes: Passes,
    should_stop: ShouldStop,
    white: float | None = None,
) -> Light:
    """Return a picture's light; by a pass over it only where depth and features do not settle it.

    `white` is that of a model for depths that do not say it.
    """
    fixed = picture.dtype.kind == "u" and picture.dtype.itemsize <= 2
    white = float(np.iinfo(picture.dtype).max) if fixed else white
    if white is not None and not features.has_texture:
        return Light(white, 0.0)

    def measured() -> Arrays:
        total = passes.summed(
            "Measuring the brightness", MeasureLight(picture), tile_grid(picture), LightSum.plus, should_stop
        )
        full = max(total.largest, 1.0) if white is None else white
        return {"white": np.array(full), "mean": np.array(total.total / max(total.n_pixels, 1))}

    found = passes.store.kept("light", measured)
    return Light(float(found["white"]), float(found["mean"]))


def counted_colours(picture: TiledPicture, passes: Passes, should_stop: ShouldStop) -> ColourCounts:
    """Return the colours of all pixels of a picture whose colours have codes, after a pass over it.

    Raises
    ------
    FeatureError
        No pixel holds data.
    ReadError, ClusterError, Cancelled
    """
    task = CountColours(picture)
    if task.n_codes is None:
        raise ValueError("colours of this kind have no codes")
    totals = ColourTotals(task.n_codes)

    def counted() -> Arrays:
        for _, found in passes.each("Counting the colours", task, tile_grid(picture), should_stop):
            totals.add(found)
        total = totals.total()
        if not total.codes.size:
            raise no_data()
        return {"codes": total.codes, "counts": total.counts}

    return ColourCounts(**passes.store.kept("colours", counted))


def counted_table(
    picture: TiledPicture, counted: ColourCounts, spec: FeatureSpec, standard: Standard | None = None
) -> FeatureTable:
    """Return counted colours as rows, measured by `standard` or their own; their map of pixels is empty."""
    depth, n_channels = 8 * picture.dtype.itemsize, len(picture.channels)
    colours = distinct_of_codes(counted, depth, n_channels)
    image = stand_in(picture, Light(float(np.iinfo(picture.dtype).max), 0.0))
    return table_of_colours(colours, image, spec, image.white, standard)


def _statistics(
    rows: TileRows, seed: int, tiles: list[Tile], passes: Passes, should_stop: ShouldStop
) -> RowStatistics:
    height, width = rows.picture.shape
    task = MeasureRows(rows, min(1.0, SAMPLE_ROWS / (height * width)), seed)

    def measured() -> Arrays:
        return passes.summed("Measuring the features", task, tiles, RowStatistics.plus, should_stop).arrays()

    return RowStatistics.of_arrays(passes.store.kept("statistics", measured))


def _sampled_table(
    statistics: RowStatistics, standard: Standard, floor: float, spec: FeatureSpec
) -> FeatureTable:
    """Return the sample as rows in the units of the fit; each stands for as many pixels as any other."""
    sample = (statistics.sample - standard.centre) / standard.scale
    weights = np.full(len(sample), statistics.total / len(sample))
    nowhere = CodeMap(np.zeros((0, 0), dtype=np.uint32), np.arange(len(sample)), len(sample))
    return FeatureTable(
        sample,
        weights,
        nowhere,
        statistics.names,
        standard.centre,
        standard.scale,
        floor / float((standard.scale**2).max()),
        spec,
    )


def _frame(statistics: RowStatistics, standard: Standard, centre: FloatArray, is_diagonal: bool) -> Frame:
    """Return what E-steps have in common whose moments are about `centre`, in the units of the fit."""
    ends = (np.stack([statistics.low, statistics.high]) - standard.centre) / standard.scale
    return Frame(centre, is_diagonal, float((np.abs(ends - centre).max(axis=0) ** 2).sum()))


def _fit_rows(
    rows: TileRows,
    statistics: RowStatistics,
    table: FeatureTable,
    settings: SegmentSettings,
    tiles: list[Tile],
    passes: Passes,
    should_stop: ShouldStop,
) -> Generator[JobEvent, None, FitResult]:
    mixture = settings.mixture
    choice: tuple[str, ...] = ()
    if mixture.reg_covar is None:
        mixture = replace(mixture, reg_covar=table.floor)
    if settings.auto is not None:
        # The criteria of a sample with the weights of all pixels.
        selection = select_events(table.values, table.weights, mixture, settings.auto, should_stop)
        mixture = replace(mixture, n_components=(yield from selection))
        choice = choice_warnings(mixture.n_components)
    sample = prepare(table.values, table.weights, mixture, should_stop)
    standard = Standard(table.centre, table.scale)
    is_diagonal = FAMILIES[mixture.covariance].is_diagonal or mixture.is_hard
    frame = _frame(statistics, standard, (statistics.mean - table.centre) / table.scale, is_diagonal)
    variance = float((statistics.variances / table.scale**2).sum())
    ends = (np.stack([statistics.low, statistics.high]) - table.centre) / table.scale
    floor = variance_floor(mixture.reg_covar or 0.0, variance, float(np.abs(ends).max()))
    exact = TiledRows(rows, frame, round(statistics.total), sample.exact, _ExpectationPasses(tiles, passes))
    prepared = Prepared(exact, sample.exact, sample.settings, floor, (*sample.warnings, *choice))
    return (yield from fit_prepared_events(prepared, should_stop))


class _ExpectationPasses:
    """Runs E-steps over the tiles, one after another, and keeps what each has found."""

    def __init__(self, tiles: list[Tile], passes: Passes) -> None:
        self._tiles, self._passes = tiles, passes
        self._n_done = 0

    def __call__(self, task: TileExpectation, should_stop: ShouldStop) -> Expectation:
        self._n_done += 1

        def made() -> Arrays:
            title = f"Pass {self._n_done} over all pixels"
            found = self._passes.summed(title, task, self._tiles, Expectation.plus, should_stop)
            moments = found.moments
            return {
                "log_likelihood": np.array(found.log_likelihood),
                "counts": moments.counts, "means": moments.means, "scatter": moments.scatter,
            }  # fmt: skip

        kept = self._passes.store.kept(f"e-step-{self._n_done:04d}", made)
        moments = Moments(kept["counts"], kept["means"], kept["scatter"])
        return Expectation(float(kept["log_likelihood"]), moments)
