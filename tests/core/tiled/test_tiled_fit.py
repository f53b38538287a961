"""The fit of a picture in tiles is that of all its pixels."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gmmseg.arrays import BoolArray
from gmmseg.control import StopRequest, never_stop, result_of
from gmmseg.errors import Cancelled, FeatureError
from gmmseg.features.build import Standard, feature_table
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image
from gmmseg.mixture.expectation import Rows
from gmmseg.mixture.fit import fit
from gmmseg.mixture.moments import Moments
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.settings import SegmentSettings
from gmmseg.tiled import fitting
from gmmseg.tiled.engines import Local
from gmmseg.tiled.fitting import TiledFit, fit_tiled_events
from gmmseg.tiled.pass_store import PassStore
from gmmseg.tiled.passes import Passes
from gmmseg.tiled.tile_rows import Light, TileRows
from gmmseg.tiled.tiled_rows import Frame, TileExpectation
from gmmseg.tiled.tiles import grid_of
from tests.core.tiled.pictures import ArrayPicture, coloured, image_of

SHAPE = (300, 230)


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small picture have many tiles, of odd sizes."""
    monkeypatch.setattr(fitting, "tile_grid", lambda picture, n_pixels=0: grid_of(picture.shape, (97, 83)))


def _holes(shape: tuple[int, int] = SHAPE) -> BoolArray:
    """Return a mask of which one tile is wholly without data."""
    mask = np.random.default_rng(1).random(shape) > 0.1
    mask[:97, :83] = False
    return mask


def _fitted(image: Image, settings: SegmentSettings, store: PassStore | None = None) -> TiledFit:
    passes = Passes(Local(), store or PassStore(None))
    return result_of(fit_tiled_events(ArrayPicture(image), settings, passes))


@pytest.mark.slow
@pytest.mark.parametrize("features", ["rgb", "lab", "hsv", "gray"])
@pytest.mark.parametrize("has_holes", [False, True])
def test_counted_colours_give_the_fit_in_memory_bit_for_bit(features: str, has_holes: bool) -> None:
    image = image_of(coloured(SHAPE), _holes() if has_holes else None)
    settings = SegmentSettings(FeatureSpec.parse(features), FitSettings(3, n_init=2))
    whole = result_of(segment_events(SegmentRequest(image, settings))).fit
    tiled = _fitted(image, settings)
    assert tiled.fit.result.params.means.tobytes() == whole.result.params.means.tobytes()
    assert np.array_equal(tiled.fit.result.params.matrices(), whole.result.params.matrices())
    assert tiled.fit.result.log_likelihood == whole.result.log_likelihood
    assert tiled.n_pixels == (300 * 230 if not has_holes else int(_holes().sum()))


@pytest.mark.slow
@pytest.mark.parametrize("features", ["rgb+position", "lab+texture", "rgb+position+texture"])
@pytest.mark.parametrize("has_holes", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_rows_of_tiles_are_those_of_the_whole(
    features: str, has_holes: bool, dtype: type[np.generic]
) -> None:
    mask = _holes() if has_holes else None
    image = image_of(coloured(SHAPE, dtype), mask)
    spec = replace(FeatureSpec.parse(features), texture_scale=0.7, texture_octaves=2)
    whole = feature_table(image, spec)
    expected = np.stack([whole.pixels.spread(column) for column in whole.values.T], axis=2)
    luminance = image.pixels.astype(float) @ [0.2125, 0.7154, 0.0721]
    mean = float(luminance[mask].mean() if mask is not None else luminance.mean())
    rows = TileRows(ArrayPicture(image), spec, Light(image.white, mean))
    n_without = 0
    for tile in grid_of(SHAPE, (97, 83)):
        table = rows.table(tile)
        place = slice(tile.top, tile.top + tile.height), slice(tile.left, tile.left + tile.width)
        if table is None:
            n_without += 1
            continue
        found = np.stack([table.pixels.spread(column) for column in table.values.T], axis=2)
        np.testing.assert_allclose(found, expected[place], rtol=1e-9, atol=1e-9)
    assert n_without == int(has_holes)


@pytest.mark.parametrize("kind", ["full", "tied", "diag", "spherical"])
@pytest.mark.parametrize("is_fast", [True, False])
def test_an_e_step_over_tiles_is_one_over_all_rows(kind: CovarianceKind, is_fast: bool) -> None:
    image = image_of(coloured(SHAPE, np.uint16), _holes())
    spec = FeatureSpec.parse("rgb+position")
    table = feature_table(image, spec)
    params = fit(table.values, table.weights, FitSettings(3, kind, max_iter=3, n_init=1)).params
    columns = np.ascontiguousarray(table.values.T)
    centre = columns.mean(axis=1)
    extent = float((np.abs(columns - centre[:, None]).max(axis=1) ** 2).sum())
    is_diagonal = kind in ("diag", "spherical")
    expected = Rows(columns, table.weights, centre, is_diagonal, extent).expectation(
        params, is_fast, never_stop
    )
    rows = TileRows(ArrayPicture(image), spec, Light(65535.0, 0.0), Standard(np.zeros(5), np.ones(5)))
    task = TileExpectation(rows, Frame(centre, is_diagonal, extent), params, is_fast)
    parts = [part for tile in grid_of(SHAPE, (97, 83)) if (part := task(tile)) is not None]
    found = parts[0]
    for part in parts[1:]:
        found = found.plus(part)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood, rel=1e-11)
    np.testing.assert_allclose(found.moments.counts, expected.moments.counts, rtol=1e-9)
    np.testing.assert_allclose(found.moments.means, expected.moments.means, rtol=1e-9)
    # Of tied covariances only the sum over components is determined.
    sums = (
        moments.scatter.sum(axis=0) if kind == "tied" else moments.scatter
        for moments in (found.moments, expected.moments)
    )
    scale = float(np.abs(expected.moments.scatter).max())
    one, other = sums
    np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9 * scale)


def test_moments_of_two_sets_are_those_of_their_union() -> None:
    generator = np.random.default_rng(0)
    values, shares = generator.normal(5, 2, (40, 3)), generator.random((40, 2)) + 0.1

    def moments(some: slice) -> Moments:
        counts = shares[some].sum(axis=0)
        means = shares[some].T @ values[some] / counts[:, None]
        apart = values[some][:, None] - means
        return Moments(counts, means, np.einsum("nk,nkd,nke->kde", shares[some], apart, apart))

    both, one, other = moments(slice(None)), moments(slice(15)), moments(slice(15, None))
    found = one.plus(other)
    np.testing.assert_allclose(found.counts, both.counts)
    np.testing.assert_allclose(found.means, both.means)
    np.testing.assert_allclose(found.scatter, both.scatter)


def test_passes_over_rows_end_at_a_fixed_point_of_all_rows() -> None:
    image = image_of(coloured(SHAPE, np.uint16))
    settings = SegmentSettings(FeatureSpec.parse("rgb+position"), FitSettings(3, tol=1e-9, max_iter=2000))
    found = _fitted(image, settings).fit
    table = feature_table(image, settings.features)
    # One more iteration of the fit in memory changes nothing that counts.
    start = MixtureParams(
        found.result.params.weights, found.result.params.means, found.result.params.covariance
    )
    chosen = replace(settings.mixture, max_iter=1, accelerate=False, reg_covar=table.floor)
    after = fit(table.values, table.weights, chosen, start)
    assert after.history[0].log_likelihood == pytest.approx(found.result.log_likelihood, rel=1e-12)
    assert after.lower_bound - after.history[0].lower_bound < 1e-7
    bounds = [step.lower_bound for step in found.result.history]
    assert all(later >= earlier - 1e-10 for earlier, later in itertools.pairwise(bounds))


def test_standardised_features_are_measured_in_the_units_of_all_pixels() -> None:
    image = image_of(coloured(SHAPE, np.float32))
    spec = replace(FeatureSpec.parse("rgb+position"), is_standardised=True)
    found = _fitted(image, SegmentSettings(spec, FitSettings(2, n_init=1)))
    whole = feature_table(image, spec)
    np.testing.assert_allclose(found.fit.model.centre, whole.centre, rtol=1e-6)
    np.testing.assert_allclose(found.fit.model.scale, whole.scale, rtol=1e-6)
    assert found.fit.result.floor == pytest.approx(whole.floor, rel=1e-6)


def test_a_run_that_is_taken_up_ends_with_the_same_bytes(tmp_path: Path) -> None:
    image = image_of(coloured(SHAPE, np.uint16))
    settings = SegmentSettings(FeatureSpec.parse("rgb+position"), FitSettings(3, n_init=1))
    expected = _fitted(image, settings)
    reached: list[str] = []

    def soon() -> StopRequest:
        return StopRequest.CANCEL if "Pass 2 over all pixels" in reached else StopRequest.NONE

    store = PassStore(tmp_path / "passes", "key")
    passes = Passes(Local(), store, lambda progress: reached.append(progress.text))
    job = fit_tiled_events(ArrayPicture(image), settings, passes, soon)
    with pytest.raises(Cancelled):
        result_of(job)
    assert store.get("e-step-0001") is not None
    assert store.get("e-step-0002") is None
    found = _fitted(image, settings, store)
    assert found.fit.result.params.means.tobytes() == expected.fit.result.params.means.tobytes()
    assert [step.lower_bound for step in found.fit.result.history] == [
        step.lower_bound for step in expected.fit.result.history
    ]
    # Of another run nothing is taken.
    assert PassStore(tmp_path / "passes", "other").get("statistics") is None


def test_what_holds_nothing_is_refused() -> None:
    image = image_of(coloured((60, 60)))
    empty = ArrayPicture(replace(image, mask=np.zeros((60, 60), dtype=np.bool_)))
    for features in ("rgb", "rgb+position"):
        settings = SegmentSettings(FeatureSpec.parse(features))
        with pytest.raises(FeatureError, match="holds data"):
            result_of(fit_tiled_events(empty, settings, Passes(Local(), PassStore(None))))
