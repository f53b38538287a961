"""Maps of pictures in tiles beside label images of fits: models, probabilities, regions, islands."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import zarr
from PIL import Image as Pillow

import gmmseg
from gmmseg.arrays import AnyArray
from gmmseg.batch.methods import AppliedModel, FittedMixture, MapMethod
from gmmseg.commands.cli import run
from gmmseg.control import Progress, StopRequest, never_stop, result_of
from gmmseg.errors import Cancelled, ModelError, SettingsError
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image
from gmmseg.io.export_sources import MixtureSource
from gmmseg.io.masks import mask_ids
from gmmseg.io.tiled import segmenting
from gmmseg.io.tiled.segmenting import TiledOutcome, TiledRequest, segment_tiled_events
from gmmseg.mixture.settings import Adaptation, FitSettings
from gmmseg.photo.classes import ClassInfo, ClassTable
from gmmseg.photo.given import GivenModel
from gmmseg.photo.model import Model
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.tiled import fitting, tiles
from gmmseg.tiled.engines import Engine, Local
from gmmseg.tiled.labelling import FieldMaps, field_maps
from tests.core.tiled.pictures import ArrayPicture, coloured, image_of

SHAPE = (1100, 1060)
FITTED = SegmentSettings(mixture=FitSettings(4, n_init=1))


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small picture have four tiles in every pass."""
    monkeypatch.setattr(tiles, "TILE_PIXELS", 1024**2)
    monkeypatch.setattr(segmenting, "ROW_TILE_PIXELS", 1024**2)
    monkeypatch.setattr(segmenting, "_FIELD_SIDE", 1024)
    monkeypatch.setattr(fitting, "_ROW_TILE_PIXELS", 1024**2)


@pytest.fixture(scope="module")
def image() -> Image:
    mask = np.ones(SHAPE, dtype=np.bool_)
    mask[700:900, 200:1050] = False
    # The last tile has no data at all.
    mask[1024:, 1024:] = False
    return image_of(coloured(SHAPE), mask)


@pytest.fixture(scope="module")
def source(image: Image) -> MixtureSource:
    return result_of(FittedMixture(FITTED).events(image, ""))


@pytest.fixture(scope="module")
def model(source: MixtureSource) -> Model:
    """Return a model two of whose components are one class."""
    colours = [(10, 20, 30), (200, 20, 30), (10, 200, 30)]
    members = [(0, 2), (1,), (3,)]
    table = ClassTable(
        tuple(
            ClassInfo(at + 5, f"class {at}", colour, own)
            for at, (colour, own) in enumerate(zip(colours, members, strict=True))
        )
    )
    return replace(source.fit.model, classes=table)


def _made(request: TiledRequest, engine: Engine | None = None) -> TiledOutcome:
    return result_of(segment_tiled_events(request, engine or Local()))


def _level(folder: Path, level: int = 0) -> AnyArray:
    array: Any = zarr.open_array(folder / str(level), mode="r")
    values: AnyArray = array[:]
    return values


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_a_model_gives_the_classes_and_probabilities_that_it_gives_in_memory(
    image: Image, model: Model, tmp_path: Path
) -> None:
    expected = result_of(AppliedModel(model).events(image, ""))
    request = TiledRequest(
        ArrayPicture(image), GivenModel(model, ""), tmp_path / "l.zarr", probabilities=tmp_path / "p.zarr"
    )
    outcome = _made(request)
    assert np.array_equal(_level(tmp_path / "l.zarr"), mask_ids(expected.labels, model.classes))
    planes = np.stack(list(expected.planes(never_stop)))
    heat = _level(tmp_path / "p.zarr")
    assert heat.shape == (3, *SHAPE)
    assert np.abs(heat / 255 - planes).max() <= 0.5 / 255 + 1e-6
    assert np.array_equal(_level(tmp_path / "p.zarr", 2), heat[:, ::4, ::4])
    figures = outcome.report("")
    assert figures["log_likelihood"] == pytest.approx(expected.figures()["log_likelihood"], rel=1e-12)
    group: Any = zarr.open_group(tmp_path / "p.zarr", mode="r")
    channels = group.attrs["ome"]["omero"]["channels"]
    assert [one["label"] for one in channels] == ["class 0", "class 1", "class 2"]
    _made(replace(request, output=tmp_path / "l.tif", probabilities=tmp_path / "p.tif"))
    with tifffile.TiffFile(tmp_path / "p.tif") as tiff:
        levels = [level.asarray() for level in tiff.series[0].levels]
        assert json.loads(tiff.pages[0].description)["classes"][0]["id"] == 5  # type: ignore[union-attr]
    assert np.array_equal(levels[0], heat)
    assert np.array_equal(levels[2], heat[:, ::4, ::4])


@pytest.mark.slow
@pytest.mark.parametrize("features", ["rgb", "gray+position"])
def test_a_model_is_adapted_as_in_memory(image: Image, features: str, tmp_path: Path) -> None:
    settings = SegmentSettings(FeatureSpec.parse(features), FitSettings(3, n_init=1, max_iter=20))
    fitted = result_of(FittedMixture(settings).events(image, "")).fit.model
    darker = image_of((image.pixels * 0.8).astype(np.uint8), image.mask)
    adaptation = Adaptation(1000.0, moves_weights=True, moves_covariances=True)
    expected = result_of(AppliedModel(fitted, adaptation).events(darker, ""))
    outcome = _made(
        TiledRequest(ArrayPicture(darker), GivenModel(fitted, "", adaptation), tmp_path / "labels.zarr")
    )
    found, wanted = outcome.found.fit, expected.fit
    assert found.result.stop_reason == "adapted"
    for name in ("weights", "means"):
        assert np.allclose(getattr(found.model.params, name), getattr(wanted.model.params, name), atol=1e-10)
    assert np.allclose(found.model.matrices, wanted.model.matrices, rtol=1e-9)
    assert found.result.log_likelihood == pytest.approx(wanted.result.log_likelihood, rel=1e-10)
    assert (_level(tmp_path / "labels.zarr") != expected.labels).mean() < 1e-5


def test_a_model_of_another_kind_is_refused(image: Image, model: Model, tmp_path: Path) -> None:
    grey = image_of(coloured(SHAPE, n_channels=1))
    output = tmp_path / "labels.zarr"
    with pytest.raises(ModelError, match="fitted on 3 channels"):
        _made(TiledRequest(ArrayPicture(grey), GivenModel(model, ""), output))
    assert not list(tmp_path.glob("labels.zarr*"))
    two = SegmentSettings(mixture=FitSettings(2, n_init=1))
    with pytest.raises(SettingsError, match="The classes have 4 components, the mixture has 2"):
        _made(TiledRequest(ArrayPicture(image), two, output, classes=model.classes))
    assert not output.exists()


@pytest.mark.slow
def test_smoothed_classes_are_those_in_memory_for_any_number_of_processes(
    image: Image, tmp_path: Path
) -> None:
    noise = np.random.default_rng(4).normal(0, 40, image.pixels.shape)
    noisy = image_of(np.clip(image.pixels + noise, 0, 255).astype(np.uint8), image.mask)
    settings = replace(FITTED, smooth=2.0, mixture=replace(FITTED.mixture, max_iter=5))
    expected = result_of(FittedMixture(settings).events(noisy, ""))
    maps = [tmp_path / "labels.zarr", tmp_path / "heat.zarr"]
    request = TiledRequest(ArrayPicture(noisy), settings, maps[0], probabilities=maps[1])
    outcome = _made(request)
    before = _files(tmp_path)
    assert np.array_equal(_level(maps[0]), expected.labels)
    heat = np.stack([np.rint(plane * 255).astype(np.uint8) for plane in expected.planes(never_stop)])
    assert np.array_equal(_level(maps[1]), heat)
    with Local(2) as engine:
        _made(request, engine)
    assert _files(tmp_path) == before
    # A model keeps its prior. The other classes are those of single pixels.
    model = outcome.found.fit.model
    assert model.smooth == 2.0
    _made(replace(request, method=GivenModel(model, "")))
    assert np.array_equal(_level(maps[0]), expected.labels)
    _made(replace(request, method=GivenModel(replace(model, smooth=0.0), "")))
    assert (_level(maps[0]) != expected.labels).mean() > 0.01


@pytest.mark.slow
@pytest.mark.parametrize("smooth", [0.0, 2.0])
def test_regions_of_a_picture_that_one_field_holds_are_those_in_memory(smooth: float, tmp_path: Path) -> None:
    small = image_of(coloured((300, 420)))
    maps = MapSettings(by="region", balance=0.5)
    regions = RegionSettings(detail=0.7)
    settings = replace(FITTED, smooth=smooth)
    expected = result_of(FittedMixture(settings, maps=MapMethod(maps, regions)).events(small, ""))
    heat = tmp_path / "heat.zarr"
    request = TiledRequest(
        ArrayPicture(small),
        settings,
        tmp_path / "labels.zarr",
        maps=field_maps(maps, regions),
        probabilities=heat,
    )
    report = _made(request).report("")
    assert np.array_equal(_level(tmp_path / "labels.zarr"), expected.labels)
    planes = np.stack(list(expected.planes(never_stop)))
    assert np.abs(_level(heat) / 255 - planes).max() <= 0.5 / 255 + 1e-6
    assert report["settings"]["map"]["regions"]["detail"] == 0.7


@pytest.mark.slow
def test_regions_of_many_fields_are_the_same_for_any_number_of_processes(
    image: Image, tmp_path: Path
) -> None:
    request = TiledRequest(
        ArrayPicture(image),
        FITTED,
        tmp_path / "labels.zarr",
        maps=FieldMaps(MapSettings(by="region"), RegionSettings(), margin=16),
        probabilities=tmp_path / "heat.zarr",
    )
    outcome = _made(request)
    labels = _level(tmp_path / "labels.zarr")
    assert image.mask is not None
    assert np.array_equal(labels > 0, image.mask)
    assert np.bincount(labels.reshape(-1))[1:].tolist() == outcome.counts.tolist()
    # Interrupted in the pass that labels, though there are outputs already, and taken up by processes.
    before = _files(tmp_path)
    shares: list[float] = []

    def note(progress: Progress) -> None:
        if progress.text == "Labelling":
            shares.append(progress.fraction or 0.0)

    def soon() -> StopRequest:
        return StopRequest.CANCEL if any(share > 0.4 for share in shares) else StopRequest.NONE

    job = segment_tiled_events(request, Local(), soon, note)
    with pytest.raises(Cancelled):
        result_of(job)
    assert {name: data for name, data in _files(tmp_path).items() if ".part" not in name} == before
    with Local(2) as engine:
        _made(replace(request, resumes=True), engine)
    assert _files(tmp_path) == before


def test_islands_are_those_of_the_whole_picture(image: Image, tmp_path: Path) -> None:
    pixels = image.pixels.copy()
    from_y, from_x, to_y, to_x = np.random.default_rng(5).integers(0, 1050, (4, 4000))
    for y, x, at_y, at_x in zip(from_y, from_x, to_y, to_x, strict=True):
        pixels[at_y : at_y + 3, at_x : at_x + 3] = image.pixels[y : y + 3, x : x + 3]
    image = image_of(pixels, image.mask)
    maps = MapSettings(min_island=1500)
    expected = result_of(FittedMixture(FITTED, maps=MapMethod(maps)).events(image, ""))
    plain = result_of(FittedMixture(FITTED).events(image, ""))
    _made(
        TiledRequest(
            ArrayPicture(image), FITTED, tmp_path / "labels.zarr", maps=field_maps(maps, RegionSettings())
        )
    )
    assert (plain.labels != expected.labels).sum() > 1000
    assert np.array_equal(_level(tmp_path / "labels.zarr"), expected.labels)


@pytest.mark.slow
def test_the_command_and_the_function_apply_alike(model: Model, tmp_path: Path) -> None:
    slide, saved = tmp_path / "slide.tif", tmp_path / "model.json"
    tifffile.imwrite(slide, coloured((700, 900)), tile=(256, 256), photometric="rgb")
    options = ["segment", str(slide), "-k", "3", "-o", str(tmp_path / "mask.tif"), "--model", str(saved)]
    assert run(options) == 0
    out, heat = tmp_path / "out.zarr", tmp_path / "heat.zarr"
    command = ["apply", str(saved), str(slide), "-o", str(out), "--probabilities", str(heat), "--jobs", "2"]
    assert run([*command, "--report", str(tmp_path / "report.json"), "--min-island", "5"]) == 0
    assert json.loads((tmp_path / "report.json").read_text())["settings"]["map"]["min_island"] == 5
    before = _files(out), _files(heat)
    gmmseg.apply_tiles(saved, slide, out, probabilities=heat, min_island=5)
    assert (_files(out), _files(heat)) == before
    assert run(command) == 0
    assert np.array_equal(_level(out), tifffile.imread(tmp_path / "mask.tif"))
    assert run(["apply", str(saved), str(slide), "-o", str(tmp_path / "m.png"), "--scheduler", "x:1"]) == 2


@pytest.mark.slow
def test_maps_tell_the_pixels_of_the_picture_at_every_level(tmp_path: Path) -> None:
    slide = tmp_path / "slide.tif"
    resolution: dict[str, Any] = {"resolution": (40_000, 25_000), "resolutionunit": "CENTIMETER"}
    tifffile.imwrite(slide, coloured((600, 700)), tile=(64, 64), photometric="rgb", **resolution)

    def scales(folder: Path) -> list[tuple[float, float]]:
        ome: Any = zarr.open_group(folder, mode="r").attrs["ome"]
        (held,) = ome["multiscales"]
        assert [axis["unit"] for axis in held["axes"] if axis["type"] == "space"] == ["micrometer"] * 2
        return [tuple(level["coordinateTransformations"][0]["scale"][-2:]) for level in held["datasets"]]

    def resolutions(path: Path) -> list[tuple[float, float]]:
        """Return micrometres along and down a pixel of each level, as Pillow and tifffile read them."""
        with tifffile.TiffFile(path) as tiff:
            first: Any = tiff.pages.first
            assert all(page.resolutionunit == tifffile.RESUNIT.CENTIMETER for page in (first, *first.pages))
            found = [page.get_resolution(tifffile.RESUNIT.MICROMETER) for page in (first, *first.pages)]
        with Pillow.open(path) as picture:
            tags: Any = picture.getexif()
            assert float(tags[282]) == pytest.approx(1e4 * found[0][0])
        return [(1 / across, 1 / down) for across, down in found]

    for pixel_size, (across, down) in ((None, (0.25, 0.4)), (3.0, (3.0, 3.0))):
        for suffix, read in ((".zarr", scales), (".tif", resolutions)):
            output, chances = tmp_path / f"labels{suffix}", tmp_path / f"chances{suffix}"
            gmmseg.segment_tiles(
                slide, output, probabilities=chances, n_components=2, n_init=1, pixel_size=pixel_size
            )
            sizes = (down, across) if suffix == ".zarr" else (across, down)
            for path in (output, chances):
                found = read(path)
                assert len(found) == 3
                for level, size in enumerate(found):
                    assert size == pytest.approx([side * 2**level for side in sizes])
