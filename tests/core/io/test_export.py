"""Export writes what is shown, all or nothing, the same bytes each time, and asks before it goes on."""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray
from PIL import Image as PillowImage

from gmmseg.control import Progress, StopRequest, never_stop
from gmmseg.display import ChannelDisplay, Display
from gmmseg.errors import Cancelled, WriteError
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import CodeMap, FeatureTable, PixelMap, RowPerPixel
from gmmseg.image import RGB, Image, ImageSource
from gmmseg.io.export import export_events
from gmmseg.io.export_items import OBJECT_KINDS, SUFFIXES, ExportItem, ExportKind, check_items, with_legends
from gmmseg.io.export_sources import MixtureSource
from gmmseg.io.interchange.ome_zarr import is_ome_zarr
from gmmseg.io.models import read_model
from gmmseg.io.outputs import check_suffix
from gmmseg.mixture.covariance import Spherical
from gmmseg.mixture.density import posteriors
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams
from gmmseg.photo import segmentation as segmenting
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Fit
from gmmseg.photo.model import Model
from gmmseg.photo.segmentation import Segmentation, segment
from gmmseg.photo.settings import SegmentSettings

H, W = 12, 15


def summed(segmentation: Segmentation, table: FeatureTable, groups: list[list[int]]) -> NDArray[np.float64]:
    """Return the posteriors of each class at each pixel, all of them in memory."""
    if segmentation.posteriors is not None:
        planes = segmentation.posteriors / np.maximum(segmentation.posteriors.sum(axis=0, dtype=int), 1)
    else:
        rows = posteriors(segmentation.params, table.values, np.float64)
        planes = np.stack([table.pixels.spread(row) for row in rows])
    return np.stack([planes[group].sum(axis=0) for group in groups])


def a_subject(seed: int = 0, has_codes: bool = True, path: Path | None = None) -> MixtureSource:
    """Return three clusters of colours, a border without data and the second and third class merged."""
    random = np.random.default_rng(seed)
    palette = random.integers(0, 256, (20, 3)).astype(np.uint8)
    codes = random.integers(0, 20, (H, W)).astype(np.uint32)
    codes.flat[:20] = np.arange(20)
    mask = np.ones((H, W), dtype=np.bool_)
    mask[-1] = False
    image = Image(palette[codes], RGB, ImageSource("photo.png", path=path, sha256="00" * 32), mask)
    pixels: PixelMap
    if has_codes:
        pixels = CodeMap(np.where(mask, codes, 20).astype(np.uint32), np.arange(20), 20)
        values, weights = palette.astype(np.float64), np.bincount(codes[mask], minlength=20).astype(float)
    else:
        pixels = RowPerPixel((H, W), mask)
        values = image.pixels[mask].astype(np.float64)
        weights = np.ones(len(values))
    ones = np.ones(3)
    table = FeatureTable(values, weights, pixels, RGB, ones - 1, ones.copy(), 1 / 12, FeatureSpec())
    params = MixtureParams(
        np.array([0.2, 0.3, 0.5]), random.uniform(0, 255, (3, 3)), Spherical(np.full(3, 3000.0))
    )
    step = FitStep(0, "exact", 0, -10.0, -10.0, 0.0, -1.0, 0.0, 0.0, 0.0, params)
    result = FitResult(
        params, -1e3, -1.0, 3, True, "bound", (step,), (), 0, table.n_rows, float(weights.sum()), 1 / 12
    )
    model = Model(params, FeatureSpec(), RGB, ones - 1, ones.copy(), RGB, default_classes(3), seed=4)
    classes = default_classes(3).merged([2, 3]).changed(1, name="sky")
    fit = Fit(result, model, image, SegmentSettings(), {})
    return MixtureSource(fit, table, segment(params, table), classes, "segment photo.png", {"fit": 1.0})


def one_of_each(folder: Path) -> list[ExportItem]:
    items = [
        ExportItem(folder / f"{kind}{suffixes[0]}", kind)
        for kind, suffixes in SUFFIXES.items()
        if kind not in OBJECT_KINDS
    ]
    items += [ExportItem(folder / f"mask{suffix}", "mask") for suffix in (".tif", ".npy", ".npz")]
    return with_legends(items)


def drained(
    subject: MixtureSource, items: list[ExportItem], should_stop: Any = never_stop
) -> tuple[list[Progress], list[Path]]:
    events: list[Progress] = []
    generator = export_events(subject, items, should_stop)
    while True:
        try:
            events.append(next(generator))
        except StopIteration as stop:
            return events, stop.value


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_every_kind_has_a_name_and_can_be_written(tmp_path: Path) -> None:
    assert set(SUFFIXES) == set(get_args(ExportKind))
    items = one_of_each(tmp_path)
    events, paths = drained(a_subject(), items)
    assert paths == [item.path for item in items]
    assert all(path.exists() for path in paths)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in paths)
    fractions = [event.fraction or 0.0 for event in events]
    assert fractions == sorted(fractions)
    assert len(events) == len(items) + 1


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        drained(a_subject(), one_of_each(tmp_path / name))
    first, second = contents(tmp_path / "a"), contents(tmp_path / "b")
    # A report tells how long it took and how much memory.
    assert first.pop("report.json") != b""
    second.pop("report.json")
    assert first == second


def test_the_mask_holds_class_ids_as_merged(tmp_path: Path) -> None:
    subject = a_subject()
    drained(subject, [ExportItem(tmp_path / "m.png", "mask")])
    labels = subject.segmentation.labels
    ids = np.asarray(PillowImage.open(tmp_path / "m.png"))
    np.testing.assert_array_equal(ids, np.array([0, 1, 2, 2])[labels])
    assert set(np.unique(labels)) == {0, 1, 2, 3}


def test_the_switch_writes_component_indices_from_0(tmp_path: Path) -> None:
    subject = a_subject()
    drained(subject, [ExportItem(tmp_path / "m.npy", "mask", zero_based=True)])
    ids = np.load(tmp_path / "m.npy")
    np.testing.assert_array_equal(ids, np.array([255, 0, 1, 2])[subject.segmentation.labels])


def test_the_model_keeps_the_classes_and_labels_the_image_again(tmp_path: Path) -> None:
    subject = a_subject()
    drained(subject, [ExportItem(tmp_path / "m.json", "model")])
    model = read_model(tmp_path / "m.json")
    assert model.classes == subject.classes
    again = segment(model.params, subject.table)
    np.testing.assert_array_equal(again.labels, subject.segmentation.labels)


def test_the_report_times_the_writing_and_counts_pixels_with_data(tmp_path: Path) -> None:
    drained(a_subject(), [ExportItem(tmp_path / "r.json", "report"), ExportItem(tmp_path / "m.png", "mask")])
    report = json.loads((tmp_path / "r.json").read_bytes())
    assert report["n_pixels"] == (H - 1) * W
    assert report["seconds"]["write"] > 0
    assert report["seconds"]["total"] == pytest.approx(1.0 + report["seconds"]["write"])


def test_the_table_counts_the_pixels_of_the_mask(tmp_path: Path) -> None:
    subject = a_subject()
    drained(subject, [ExportItem(tmp_path / "t.csv", "table")])
    rows = list(csv.DictReader(io.StringIO((tmp_path / "t.csv").read_text("utf-8"), newline="")))
    counts = [int((subject.segmentation.labels == k).sum()) for k in (1, 2, 3)]
    assert [int(row["pixels"]) for row in rows] == counts
    assert [row["name"] for row in rows] == ["sky", "Class 2", "Class 2"]


def test_a_hidden_class_is_in_the_mask_which_says_so_and_not_in_the_overlay(tmp_path: Path) -> None:
    subject = a_subject()
    hidden = subject.classes.classes[0]
    subject = replace(subject, classes=subject.classes.changed(hidden.id, is_visible=False))
    items = [
        ExportItem(tmp_path / "mask.png", "mask"),
        ExportItem(tmp_path / "overlay.png", "overlay", overlay_opacity=1.0),
    ]
    drained(subject, items)
    with PillowImage.open(tmp_path / "mask.png") as picture:
        mask = np.asarray(picture)
        held = json.loads(picture.info["gmmseg"])
    is_hidden = np.isin(subject.labels, [component + 1 for component in hidden.components])
    assert is_hidden.any()
    np.testing.assert_array_equal(mask[is_hidden], hidden.id)
    assert [entry["id"] for entry in held["classes"] if entry.get("hidden")] == [hidden.id]
    with PillowImage.open(tmp_path / "overlay.png") as picture:
        overlay = np.asarray(picture)
    np.testing.assert_array_equal(overlay[is_hidden], subject.image.pixels[is_hidden])
    is_seen = (subject.labels > 0) & ~is_hidden
    assert (overlay[is_seen] != subject.image.pixels[is_seen]).any(axis=1).all()


def test_an_overlay_without_opacity_is_the_photo(tmp_path: Path) -> None:
    subject = a_subject()
    drained(
        subject,
        [
            ExportItem(tmp_path / "0.png", "overlay", overlay_opacity=0.0),
            ExportItem(tmp_path / "1.png", "overlay", overlay_opacity=1.0),
        ],
    )
    has_data = subject.segmentation.labels > 0
    clear = np.asarray(PillowImage.open(tmp_path / "0.png"))
    np.testing.assert_array_equal(clear[has_data], subject.fit.image.pixels[has_data])
    full = np.asarray(PillowImage.open(tmp_path / "1.png"))
    assert {tuple(c) for c in full[subject.segmentation.labels == 3].tolist()} == {
        subject.classes.by_id(2).colour
    }


def test_an_overlay_shows_the_photo_as_it_is_displayed(tmp_path: Path) -> None:
    subject = a_subject()
    display = Display((ChannelDisplay(20, 200, 0.5),))
    item = ExportItem(tmp_path / "v.png", "overlay", overlay_opacity=0.0, display=display)
    drained(subject, [item])
    shown = np.asarray(PillowImage.open(item.path)).astype(float)
    share = np.clip((subject.image.pixels.astype(float) - 20) / 180, 0, 1)
    has_data = subject.segmentation.labels > 0
    np.testing.assert_allclose(shown[has_data], 255 * np.sqrt(share)[has_data], atol=0.5)
    with pytest.raises(WriteError, match="how 2 channels are shown; the image has 3"):
        drained(subject, [replace(item, display=Display(display.channels * 2))])


@pytest.mark.parametrize("has_codes", [True, False])
@pytest.mark.parametrize("rows_in_memory", [1, 1 << 24])
def test_probabilities_are_those_of_the_classes_however_they_are_computed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_codes: bool, rows_in_memory: int
) -> None:
    monkeypatch.setattr(segmenting, "_ROWS_IN_MEMORY", rows_in_memory)
    subject = a_subject(has_codes=has_codes)
    drained(
        subject, [ExportItem(tmp_path / "p.tif", "probabilities"), ExportItem(tmp_path / "m.npz", "mask")]
    )
    stack = tifffile.imread(tmp_path / "p.tif")
    expected = summed(subject.segmentation, subject.table, [[0], [1, 2]])
    np.testing.assert_allclose(stack, expected, atol=1e-6)
    np.testing.assert_allclose(stack[:, :-1].sum(axis=0), 1, atol=1e-6)
    assert not stack[:, -1].any()
    with np.load(tmp_path / "m.npz", allow_pickle=False) as held:
        np.testing.assert_array_equal(held["probabilities"], stack)


@pytest.mark.parametrize("zero_based", [False, True])
def test_ome_tiff_holds_the_mask_and_as_probabilities_the_posteriors(
    tmp_path: Path, zero_based: bool
) -> None:
    subject = a_subject()
    drained(
        subject,
        [
            ExportItem(tmp_path / "p.ome.tif", "probabilities"),
            ExportItem(tmp_path / "l.ome.tif", "ome-tiff", zero_based),
            ExportItem(tmp_path / "m.npy", "mask", zero_based),
        ],
    )
    posteriors = np.stack(list(subject.planes(never_stop)))
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "p.ome.tif"), posteriors)
    with tifffile.TiffFile(tmp_path / "l.ome.tif") as file:
        np.testing.assert_array_equal(file.asarray(), np.load(tmp_path / "m.npy"))
        assert file.ome_metadata is not None
        image = tifffile.xml2dict(file.ome_metadata)["OME"]["Image"]
    about = json.loads(image["Description"])
    assert about == json.loads((tmp_path / "m.npy.json").read_bytes()) == subject.legend(zero_based)


def test_a_legend_lies_beside_an_npy_and_is_checked_with_it(tmp_path: Path) -> None:
    items = with_legends([ExportItem(tmp_path / "m.NPY", "mask", zero_based=True)])
    assert [item.path.name for item in items] == ["m.NPY", "m.NPY.json"]
    assert with_legends(items) == items
    _, paths = drained(a_subject(), items[:1])
    assert paths == [item.path for item in items]
    about = json.loads((tmp_path / "m.NPY.json").read_bytes())
    assert about["values"] == "0-based component indices"
    assert [entry["name"] for entry in about["classes"]] == ["sky", "Class 2"]
    assert about["image"]["name"] == "photo.png"
    (tmp_path / "n.npy.json").mkdir()
    with pytest.raises(WriteError, match="is a folder"):
        drained(a_subject(), [ExportItem(tmp_path / "n.npy", "mask")])
    assert not (tmp_path / "n.npy").exists()


@pytest.mark.parametrize("kind", sorted(set(SUFFIXES) - {"mask", "legend", "ome-tiff"}))
def test_indices_from_0_are_refused_where_a_format_holds_class_ids(tmp_path: Path, kind: ExportKind) -> None:
    item = ExportItem(tmp_path / f"x{SUFFIXES[kind][0]}", kind, zero_based=True)
    with pytest.raises(WriteError, match="holds class ids"):
        check_items([item])
    check_items([replace(item, zero_based=False)])


def test_smoothed_posteriors_are_exported_as_they_are_shown() -> None:
    subject = a_subject()
    posteriors = np.random.default_rng(0).integers(0, 256, (3, H, W)).astype(np.uint8)
    posteriors[:, -1] = 0
    segmentation = replace(subject.segmentation, posteriors=posteriors)
    planes = np.stack(list(replace(subject, segmentation=segmentation).planes(never_stop)))
    expected = summed(segmentation, subject.table, [[0], [1, 2]])
    np.testing.assert_allclose(planes, expected, atol=1e-6)


def test_labelme_finds_the_image_from_where_it_lies(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    subject = a_subject(path=tmp_path / "photos" / "photo.png")
    drained(subject, [ExportItem(tmp_path / "out" / "l.json", "labelme")])
    assert json.loads((tmp_path / "out" / "l.json").read_bytes())["imagePath"] == "../photos/photo.png"


def test_an_earlier_ome_zarr_is_replaced_but_no_other_folder(tmp_path: Path) -> None:
    item = ExportItem(tmp_path / "x.ome.zarr", "ome-zarr")
    drained(a_subject(), [item])
    (item.path / "stray").touch()
    drained(a_subject(), [item])
    assert is_ome_zarr(item.path)
    assert not (item.path / "stray").exists()
    (tmp_path / "y.zarr").mkdir()
    (tmp_path / "y.zarr" / "precious").touch()
    with pytest.raises(WriteError, match="not an earlier export"):
        drained(a_subject(), [ExportItem(tmp_path / "y.zarr", "ome-zarr")])
    assert (tmp_path / "y.zarr" / "precious").exists()


@pytest.mark.parametrize("name", ["m.png", "m.TIF", "a.b.tiff", "高.npy", ".hidden.npz"])
def test_label_map_names_are_recognised(name: str) -> None:
    check_suffix(Path(name), "mask", SUFFIXES["mask"])


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("mask", "no extension"),
        (".png", "no extension"),
        ("m.jpg", "changes pixel values"),
        ("m.docx", "“.docx”"),
        ("m.csv", "“.csv”"),
    ],
)
def test_other_names_are_refused_with_those_that_would_do(name: str, why: str) -> None:
    with pytest.raises(WriteError, match=why) as caught:
        check_suffix(Path(name), "mask", SUFFIXES["mask"])
    assert ".png" in caught.value.remedy


@pytest.mark.parametrize("kind", [kind for kind, suffixes in SUFFIXES.items() if suffixes != ("",)])
def test_a_wrong_extension_is_refused_before_any_work(tmp_path: Path, kind: ExportKind) -> None:
    with pytest.raises(WriteError):
        check_items([ExportItem(tmp_path / "name.wrong", kind)])
    check_items([ExportItem(tmp_path / f"name{suffix.upper()}", kind) for suffix in SUFFIXES[kind]])


def test_two_exports_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match="Two exports"):
        check_items([ExportItem(tmp_path / "a.json", "model"), ExportItem(tmp_path / "a.json", "report")])


def test_nothing_is_written_when_one_of_them_cannot_be(tmp_path: Path) -> None:
    items = [ExportItem(tmp_path / "m.png", "mask"), ExportItem(tmp_path / "missing" / "m.json", "model")]
    with pytest.raises(WriteError, match=r"folder .* does not exist"):
        drained(a_subject(), items)
    assert list(tmp_path.iterdir()) == []


def asked_to_cancel_at(number: int) -> Callable[[], StopRequest]:
    asked = itertools.count(1)
    return lambda: StopRequest.CANCEL if next(asked) >= number else StopRequest.NONE


def test_cancelled_at_any_question_nothing_is_written(tmp_path: Path) -> None:
    for number in range(1, 100):
        try:
            drained(a_subject(), one_of_each(tmp_path), asked_to_cancel_at(number))
        except Cancelled:
            assert list(tmp_path.iterdir()) == []
        else:
            break
    assert number > len(SUFFIXES) - len(OBJECT_KINDS)
    assert (tmp_path / "mask.png").exists()


def test_cancelled_while_the_last_one_is_encoded_nothing_is_written(tmp_path: Path) -> None:
    verdicts = [StopRequest.NONE]
    items = [ExportItem(tmp_path / "m.png", "mask"), ExportItem(tmp_path / "m.json", "model")]
    generator = export_events(a_subject(), items, lambda: verdicts[-1])
    assert [next(generator).text, next(generator).text] == ["Encoding m.png", "Encoding m.json"]
    verdicts.append(StopRequest.CANCEL)
    with pytest.raises(Cancelled):
        next(generator)
    assert list(tmp_path.iterdir()) == []


def test_a_left_generator_writes_nothing(tmp_path: Path) -> None:
    generator = export_events(a_subject(), one_of_each(tmp_path))
    next(generator)
    generator.close()
    assert list(tmp_path.iterdir()) == []


MEASURED = """
import sys
from pathlib import Path
import numpy as np
from gmmseg.photo.classes import default_classes
from gmmseg.io.masks import encode_mask
from gmmseg.io.atomic import write_atomically
from gmmseg.io.reports import peak_rss_bytes
from PIL import Image, PngImagePlugin
random = np.random.default_rng(0)
ids = np.repeat(np.repeat(random.integers(1, 6, (300, 400)).astype(np.uint8), 10, 0), 10, 1)
classes = default_classes(5)
encode_mask(".png", ids[:100, :100], classes)
before = peak_rss_bytes()
write_atomically(sys.argv[1], encode_mask(".png", ids, classes))
print(peak_rss_bytes() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak of memory of this process alone")
def test_a_mask_of_12_megapixels_takes_little_memory(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", MEASURED, os.fspath(tmp_path / "m.png")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert int(done.stdout) < 50 << 20
