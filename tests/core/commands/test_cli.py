"""The command line: in this process for what it writes, in a child for exit codes, streams and signals."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
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
from PIL import Image as Pillow
from PIL.PngImagePlugin import PngImageFile

import gmmseg
from gmmseg import limits
from gmmseg.arrays import AnyArray
from gmmseg.commands.cli import COMMANDS, run
from gmmseg.commands.options import segment_settings
from gmmseg.commands.parser import parse
from gmmseg.commands.shared_options import FORMATS
from gmmseg.control import result_of
from gmmseg.io.export import export_events
from gmmseg.io.export_items import OBJECT_KINDS, SUFFIXES, ExportItem
from gmmseg.io.export_sources import MixtureSource
from gmmseg.io.images import read_image
from gmmseg.io.models import dump_model, read_model
from gmmseg.io.outputs import distinct_stems
from gmmseg.mixture.compiled import kernel_name
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.settings import CRITERIA, InitMethod
from gmmseg.photo.classes import default_classes
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.settings import SegmentSettings
from gmmseg.version import VERSION
from tests.core.commands.interrupting import interrupted
from tests.data.faults import close_folder

ROOT = Path(__file__).parents[3]
FAST = ["-k", "3", "--n-init", "1", "--tol", "1e-3"]


def opened(name: str) -> Pillow.Image:
    """Return a picture without keeping its file open."""
    return Pillow.open(io.BytesIO(Path(name).read_bytes()))


def photo(height: int = 30, width: int = 40, seed: int = 0) -> NDArray[np.uint8]:
    """Return three noisy regions of different colours."""
    random = np.random.default_rng(seed)
    x = np.arange(width) * 3 // width
    colours = np.array([[200, 40, 40], [40, 180, 60], [50, 60, 190]])
    picture = colours[np.broadcast_to(x, (height, width))] + random.normal(0, 8, (height, width, 3))
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with ``photo.png`` in it, which is the current one."""
    monkeypatch.chdir(tmp_path)
    Pillow.fromarray(photo()).save("photo.png")
    return tmp_path


def child(*arguments: str | bytes, cwd: Path, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py"), *arguments],
        cwd=cwd,
        capture_output=True,
        timeout=110,
        **options,
    )


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    """Return the one line on standard error."""
    shown = capsys.readouterr()
    assert shown.out == ""
    lines = shown.err.splitlines()
    assert len(lines) == 1, shown.err
    assert lines[0].startswith("gmmseg: ")
    assert "Traceback" not in lines[0]
    return lines[0]


def test_segment_writes_an_indexed_mask_with_the_classes_colours(place: Path, capsys: Any) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png"]) == 0
    assert capsys.readouterr() == ("", "")
    mask = opened("mask.png")
    assert mask.mode == "P"
    values = np.asarray(mask)
    assert values.shape == (30, 40)
    assert set(np.unique(values)) == {1, 2, 3}
    for third in np.split(values[:, [3, 9, 16, 23, 30, 36]], 3, axis=1):
        assert len(np.unique(third)) == 1
    palette = mask.getpalette()
    assert palette is not None
    assert palette[3:12] == [c for entry in default_classes(3) for c in entry.colour]


def test_the_report_holds_what_the_contract_says(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST, "--seed", "7", "-o", "mask.png", "--report", "r.json"]) == 0
    report = json.loads(Path("r.json").read_text())
    assert set(report) == {
        "version", "kernel", "command", "settings", "seed", "image", "n_pixels", "n_rows", "n_components",
        "log_likelihood", "lower_bound", "n_parameters", "bic", "n_iter", "converged", "stop_reason",
        "history", "restarts", "best_restart", "restart_spread", "weights", "means", "covariances",
        "warnings", "seconds", "peak_rss_bytes",
    }  # fmt: skip
    pixels = np.asarray(opened("photo.png"))
    assert report["command"].startswith("gmmseg segment photo.png -k 3")
    assert report["seed"] == 7 == report["settings"]["mixture"]["seed"]
    assert report["image"] == {
        "path": "photo.png", "width": 40, "height": 30,
        "sha256": hashlib.sha256(Path("photo.png").read_bytes()).hexdigest(),
    }  # fmt: skip
    assert report["n_pixels"] == 1200
    assert report["n_rows"] == len(np.unique(pixels.reshape(-1, 3), axis=0))
    assert report["n_components"] == 3
    assert report["lower_bound"] == pytest.approx(report["log_likelihood"] / 1200)
    assert report["n_parameters"] == 2 + 9 + 18
    assert report["bic"] == pytest.approx(-2 * report["log_likelihood"] + 29 * np.log(1200))
    assert report["history"][-1] == pytest.approx(report["lower_bound"])
    assert report["stop_reason"] == "bound"
    assert report["converged"] is True
    assert report["n_iter"] >= 1
    assert sum(report["weights"]) == pytest.approx(1)
    assert np.shape(report["covariances"]) == (3, 3, 3)
    regions = [pixels[:, 3:10], pixels[:, 16:24], pixels[:, 30:37]]
    for region in regions:
        gaps = np.abs(np.array(report["means"]) - region.mean(axis=(0, 1))).max(axis=1)
        assert gaps.min() < 3
    assert set(report["seconds"]) == {"read", "features", "fit", "label", "write", "total"}
    assert all(seconds >= 0 for seconds in report["seconds"].values())
    assert report["peak_rss_bytes"] > 10_000_000


def test_the_likelihood_in_the_report_is_scipys(place: Path) -> None:
    from scipy.special import logsumexp
    from scipy.stats import multivariate_normal

    for extra in ([], ["--standardise"]):
        assert run(["segment", "photo.png", *FAST, *extra, "-o", "mask.png", "--report", "r.json"]) == 0
        report = json.loads(Path("r.json").read_text())
        pixels = np.asarray(opened("photo.png")).reshape(-1, 3).astype(float)
        joint = [
            np.log(w) + multivariate_normal(m, c).logpdf(pixels)
            for w, m, c in zip(report["weights"], report["means"], report["covariances"], strict=True)
        ]
        assert report["log_likelihood"] == pytest.approx(logsumexp(joint, axis=0).sum(), rel=1e-9)


ALL_OUTPUTS = ["--probabilities", "p.tif", "--overlay", "v.png", "--model", "m.json"]


def test_a_table_of_parts_is_a_format_too(place: Path) -> None:
    size = ["--min-part", "3", "--pixel-size", "0.5"]
    assert run(["segment", "photo.png", *FAST, "--parts", "one.csv", *size]) == 0
    assert run(["segment", "photo.png", *FAST, "-o", "two.csv", "--format", "parts", *size]) == 0
    assert run(["segment", "photo.png", *FAST, "-o", "m.png", "--also", "parts=three.csv", *size]) == 0
    contents = {Path(name).read_bytes() for name in ("one.csv", "two.csv", "three.csv")}
    assert len(contents) == 1
    assert contents.pop().count(b"\n") > 1


@pytest.mark.parametrize("smooth", [[], ["--smooth", "2"]])
def test_the_same_run_gives_the_same_bytes(place: Path, smooth: list[str]) -> None:
    contents = []
    for _ in range(2):
        assert run(["segment", "photo.png", *FAST, *smooth, "-o", "mask.png", *ALL_OUTPUTS]) == 0
        contents.append({name: Path(name).read_bytes() for name in ("mask.png", "p.tif", "v.png", "m.json")})
    assert contents[0] == contents[1]


def test_the_window_s_functions_give_the_same_bytes(place: Path) -> None:
    arguments = [
        "segment",
        "photo.png",
        *FAST,
        "--features",
        "lab+position",
        "--smooth",
        "1",
        "-o",
        "mask.png",
    ]
    assert run([*arguments, *ALL_OUTPUTS]) == 0
    settings = segment_settings(parse(arguments))
    outcome = result_of(segment_events(SegmentRequest(read_image("photo.png"), settings, wants_preview=True)))
    subject = MixtureSource(
        outcome.fit, outcome.table, outcome.segmentation, default_classes(3), "in the window", {}
    )
    items = [
        ExportItem(Path("w.png"), "mask"),
        ExportItem(Path("wp.tif"), "probabilities"),
        ExportItem(Path("wv.png"), "overlay"),
        ExportItem(Path("wm.json"), "model"),
    ]
    result_of(export_events(subject, items))
    for one, other in (
        ("mask.png", "w.png"),
        ("p.tif", "wp.tif"),
        ("v.png", "wv.png"),
        ("m.json", "wm.json"),
    ):
        assert Path(one).read_bytes() == Path(other).read_bytes(), one


@pytest.mark.parametrize(
    "extra",
    [
        [], ["--standardise"], ["--features", "lab+position"], ["--smooth", "3"], ["--hard"],
        ["--features", "gray+texture", "--standardise"], ["--covariance", "tied"],
        ["--covariance", "diag", "--features", "hsv"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_apply_gives_the_fitted_image_the_bytes_that_segment_gave(place: Path, extra: list[str]) -> None:
    further = ["--probabilities", "p.npz", "--overlay", "v.png"]
    assert run(["segment", "photo.png", *FAST, *extra, "-o", "mask.png", *further, "--model", "m.json"]) == 0
    before = [Path(name).read_bytes() for name in ("mask.png", "p.npz", "v.png")]
    assert run(["apply", "m.json", "photo.png", "-o", "mask.png", *further]) == 0
    assert [Path(name).read_bytes() for name in ("mask.png", "p.npz", "v.png")] == before


def test_apply_labels_another_image_by_the_same_colours_and_reports_its_likelihood(place: Path) -> None:
    assert (
        run(["segment", "photo.png", *FAST, "-o", "mask.png", "--model", "m.json", "--report", "r.json"]) == 0
    )
    Pillow.fromarray(photo(seed=1)[::-1, ::-1]).save("other.png")
    assert run(["apply", "m.json", "other.png", "-o", "other_mask.png", "--report", "other.json"]) == 0
    mask, other = (np.asarray(opened(name)) for name in ("mask.png", "other_mask.png"))
    assert (other == mask[:, ::-1]).mean() > 0.95
    fitted, applied = (json.loads(Path(name).read_text()) for name in ("r.json", "other.json"))
    assert applied["stop_reason"] == "not fitted"
    assert applied["n_iter"] == 0
    assert applied["seconds"]["fit"] is None
    assert applied["means"] == fitted["means"]
    assert applied["lower_bound"] == pytest.approx(fitted["lower_bound"], abs=1.0)
    assert applied["lower_bound"] != fitted["lower_bound"]


def test_apply_keeps_the_classes_that_the_user_named_and_merged(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png", "--model", "m.json"]) == 0
    model = read_model("m.json")
    classes = model.classes.changed(1, name="sky").merged([1, 3])
    Path("named.json").write_bytes(dump_model(replace(model, classes=classes)))
    assert run(["apply", "named.json", "photo.png", "-o", "named.png"]) == 0
    before, after = (np.asarray(opened(name)) for name in ("mask.png", "named.png"))
    np.testing.assert_array_equal(after, np.where(before == 3, 1, before))


def test_apply_adapts_the_means_to_a_darker_picture(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "a.png", "--model", "m.json"]) == 0
    pixels = np.asarray(opened("photo.png").convert("RGB"))
    Pillow.fromarray((pixels * 0.8).astype(np.uint8)).save("dark.png")
    reports = {}
    for name, extra in (("plain", []), ("some", ["--adapt", "50"]), ("all", ["--adapt", "0"])):
        line = ["apply", "m.json", "dark.png", *extra, "-o", f"{name}.png", "--report", f"{name}.json"]
        assert run(line) == 0
        reports[name] = json.loads(Path(f"{name}.json").read_text())
    assert reports["plain"]["stop_reason"] == "not fitted"
    assert reports["some"]["stop_reason"] == "adapted"
    known, some, every = (np.array(reports[name]["means"]) for name in ("plain", "some", "all"))
    # Each mean lies on the way from the model's to that of the pixels it explains.
    share = ((some - known) / (every - known)).round(6)
    assert (share[:, :1] == share).all()
    assert (share > 0).all()
    assert (share < 1).all()
    assert reports["some"]["covariances"] == reports["plain"]["covariances"]
    assert reports["plain"]["log_likelihood"] < reports["some"]["log_likelihood"]
    fit = gmmseg.apply("m.json", "dark.png", adapt=50)
    np.testing.assert_array_equal(fit.means, some)
    assert fit.classes == read_model("m.json").classes


@pytest.mark.parametrize("extra", [[], ["--memory-budget", "4G"]])
def test_apply_writes_the_adapted_model(place: Path, extra: list[str]) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "a.png", "--model", "m.json"]) == 0
    pixels = np.asarray(opened("photo.png").convert("RGB"))
    Pillow.fromarray((pixels * 0.8).astype(np.uint8)).save("dark.png")
    out = "dark.zarr" if extra else "dark-mask.png"
    assert run(["apply", "m.json", "dark.png", "--adapt", "50", "-o", out, "--model", "d.json", *extra]) == 0
    found = gmmseg.apply("m.json", "dark.png", adapt=50)
    assert Path("d.json").read_bytes() == dump_model(found.model)
    assert not np.array_equal(read_model("d.json").params.means, read_model("m.json").params.means)
    assert run(["apply", "d.json", "dark.png", "-o", "again.png"]) == 0
    np.testing.assert_array_equal(np.asarray(opened("again.png")), found.labels)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        (["--adapt-weights"], "add --adapt R"),
        (["--model", "d.json"], "add --adapt R"),
        (["--adapt", "5", "--keep-means"], "nothing is adapted"),
        (["--adapt", "-1"], "Relevance factor"),
    ],
)
def test_adapting_by_halves_is_refused(place: Path, capsys: Any, extra: list[str], words: str) -> None:
    assert run(["apply", "m.json", "photo.png", *extra, "-o", "o.png"]) == 2
    assert words in capsys.readouterr().err


def test_apply_refuses_an_image_of_other_channels_with_both_numbers(place: Path, capsys: Any) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png", "--model", "m.json"]) == 0
    Pillow.fromarray(photo()[:, :, 0]).save("grey.png")
    assert run(["apply", "m.json", "grey.png", "-o", "g.png"]) == 1
    line = refusal(capsys)
    assert "3 channels" in line
    assert "1 channel" in line
    assert not Path("g.png").exists()


def test_apply_never_writes_over_its_model(place: Path, capsys: Any) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png", "--model", "m.json"]) == 0
    before = Path("m.json").read_bytes()
    for extra in (["--report", "m.json"], ["--adapt", "50", "--model", "m.json"]):
        assert run(["apply", "m.json", "photo.png", "-o", "a.png", *extra]) == 1
        assert "is read" in refusal(capsys)
    assert Path("m.json").read_bytes() == before


@pytest.mark.parametrize("suffix", [".npy", ".csv"])
def test_samples_have_the_mixture_s_moments_in_feature_units(place: Path, suffix: str) -> None:
    arguments = ["--standardise", "-o", "mask.png", "--model", "m.json"]
    assert run(["segment", "photo.png", *FAST, *arguments]) == 0
    assert run(["sample", "m.json", "-n", "20000", "-o", f"s{suffix}"]) == 0
    first = Path(f"s{suffix}").read_bytes()
    if suffix == ".npy":
        vectors = np.load(f"s{suffix}", allow_pickle=False)
    else:
        assert first.startswith(b"R,G,B\r\n")
        vectors = np.loadtxt(f"s{suffix}", delimiter=",", skiprows=1)
    assert vectors.shape == (20000, 3)
    pixels = np.asarray(opened("photo.png")).reshape(-1, 3)
    np.testing.assert_allclose(vectors.mean(axis=0), pixels.mean(axis=0), atol=3)
    np.testing.assert_allclose(np.cov(vectors.T), np.cov(pixels.T), rtol=0.06)
    assert run(["sample", "m.json", "-n", "20000", "-o", f"s{suffix}"]) == 0
    assert Path(f"s{suffix}").read_bytes() == first
    assert run(["sample", "m.json", "-n", "20000", "--seed", "1", "-o", f"s{suffix}"]) == 0
    assert Path(f"s{suffix}").read_bytes() != first


def test_the_two_sample_formats_hold_the_same_numbers(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png", "--model", "m.json"]) == 0
    for name in ("s.npy", "s.csv"):
        assert run(["sample", "m.json", "-n", "5000", "-o", name]) == 0
    np.testing.assert_array_equal(np.load("s.npy"), np.loadtxt("s.csv", delimiter=",", skiprows=1))


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["-n", "5", "-o", "s.png"], "digits"),
        (["-n", "5", "-o", "s.txt"], ".npy"),
        (["-n", "99999999999999999", "-o", "s.npy"], "Draw fewer"),
        (["-n", "5", "-o", "nowhere/s.npy"], "folder"),
    ],
)
def test_sample_refuses_in_one_line(place: Path, capsys: Any, arguments: list[str], word: str) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png", "--model", "m.json"]) == 0
    assert run(["sample", "m.json", *arguments]) == 1
    assert word in refusal(capsys)
    assert not list(place.glob("s.*"))


def test_zero_based_masks_count_from_0_and_say_so(place: Path) -> None:
    for name in ("plain.npy", "zero.npy"):
        assert run(["segment", "photo.png", *FAST, "-o", name, *["--zero-based"] * (name == "zero.npy")]) == 0
    np.testing.assert_array_equal(np.load("zero.npy") + 1, np.load("plain.npy"))
    assert run(["segment", "photo.png", *FAST, "-o", "zero.png", "--zero-based"]) == 0
    zero = opened("zero.png")
    assert isinstance(zero, PngImageFile)
    assert "0-based" in zero.text["Description"]


def test_the_voc_palette_is_voc_s(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png", "--palette", "voc"]) == 0
    palette = opened("mask.png").getpalette()
    assert palette is not None
    assert palette[:12] == [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]


@pytest.mark.parametrize(
    ("name", "form"),
    [("o.json", "coco"), ("o.geojson", "geojson"), ("o.json", "labelme"), ("o.zip", "roi"),
     ("o.ome.tif", "ome-tiff"), ("o.ome.zarr", "ome-zarr")],
)  # fmt: skip
def test_each_format_is_written_and_may_be_written_again(place: Path, name: str, form: str) -> None:
    for _ in range(2):
        assert run(["segment", "photo.png", *FAST, "--format", form, "-o", name]) == 0
        assert Path(name).exists()


@pytest.mark.parametrize("name", ["mask.tif", "mask.npy", "mask.npz"])
def test_every_label_format_holds_the_same_labels(place: Path, name: str) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png"]) == 0
    assert run(["segment", "photo.png", *FAST, "-o", name]) == 0
    readers: dict[str, Callable[[], AnyArray]] = {
        "mask.tif": lambda: tifffile.imread(name),
        "mask.npy": lambda: np.load(name),
        "mask.npz": lambda: np.load(name)["labels"],
    }
    np.testing.assert_array_equal(readers[name](), np.asarray(opened("mask.png")))


def test_several_images_fill_a_folder_and_so_do_further_outputs(place: Path) -> None:
    Path("more").mkdir()
    for name in ("photo.png", "photo.jpg", "Photo.bmp", "b.png"):
        Pillow.fromarray(photo(seed=len(name))).save(f"more/{name}")
    arguments = ["segment", "photo.png", "more", *FAST, "-o", "deep/masks", "--report", "reports"]
    assert run([*arguments, "--probabilities", "probabilities"]) == 0
    stems = {"photo", "b", "photo_2", "photo_3", "Photo_4", "photo_4", "Photo_2", "Photo_3"}
    found = {path.name for path in Path("deep/masks").glob("*.png")}
    assert len(found) == 5
    assert {name.removesuffix(".png") for name in found} <= stems
    assert len({name.casefold() for name in found}) == 5
    for name in found:
        stem = name.removesuffix(".png")
        report = json.loads(Path(f"reports/{stem}.json").read_text())
        assert Path(report["image"]["path"]).stem.casefold() == stem.split("_")[0].casefold()
        assert Path(f"probabilities/{stem}.tif").exists()


def test_each_of_several_images_gets_the_bytes_it_gets_alone(place: Path) -> None:
    Pillow.fromarray(photo(seed=5)).save("second.png")
    assert run(["segment", "photo.png", "second.png", *FAST, "-o", "masks"]) == 0
    assert run(["segment", "second.png", *FAST, "-o", "alone.png"]) == 0
    assert Path("masks/second.png").read_bytes() == Path("alone.png").read_bytes()


def test_one_image_goes_into_a_folder_that_exists(place: Path) -> None:
    Path("masks").mkdir()
    assert run(["segment", "photo.png", *FAST, "-o", "masks"]) == 0
    assert Path("masks/photo.png").exists()


def test_a_bad_image_among_several_is_reported_and_the_others_are_done(place: Path, capsys: Any) -> None:
    Path("a.png").write_bytes(b"")
    Path("c.png").write_bytes(Path("photo.png").read_bytes()[:200])
    assert run(["segment", "a.png", "photo.png", "c.png", *FAST, "-o", "masks"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines[:2]] == ["a.png", "c.png"]
    assert re.fullmatch(r"gmmseg: 1 of 3 pictures done in [0-9.]+ s, 2 failed:", lines[2])
    assert [line.split(":")[1].strip() for line in lines[3:]] == ["a.png", "c.png"]
    assert [path.name for path in Path("masks").glob("[!.]*")] == ["photo.png"]


def test_stems_are_distinct_where_case_does_not_count() -> None:
    names = ["a.png", "A.jpg", "b.png", "a_2.png", "a.gif"]
    stems = distinct_stems([Path(name) for name in names])
    assert stems == ["a", "A_2", "b", "a_2_2", "a_3"]
    assert len({stem.casefold() for stem in stems}) == len(names)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["photo.png", "-o", "mask.jpg"], "changes pixel values"),
        (["photo.png", "-o", "mask"], "extension"),
        (
            ["photo.png", "-o", "nowhere/mask.png"],
            "“mask.png” cannot be written: its folder “nowhere” does not exist",
        ),
        (["photo.png", "-o", "plain/"], "is a file"),
        (["photo.png", "-o", "mask.png/"], "name of a file"),
        (["photo.png", "-o", "photo.png"], "is read"),
        (["photo.png", "-o", "m.png", "--overlay", "m.png"], "own name"),
        (["photo.png", "-o", "m.png", "--report", "r.txt"], ".json"),
        (["photo.png", "photo.png", "-o", "m.png"], "need a folder"),
        (["photo.png", "photo.png", "-o", "plain"], "is a file"),
        (["missing.png", "-o", "m.png"], "missing.png"),
        (["empty", "-o", "m"], "no image"),
        (["photo.png", "-o", "m.png", "--frame", "2"], "does not exist"),
        (["photo.png", "-o", "m.png", "--memory-budget", "2K"], "more memory than 2 kB"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_done_is_refused_in_one_line_with_code_1(
    place: Path, capsys: Any, arguments: list[str], word: str
) -> None:
    Path("empty").mkdir()
    Path("plain").write_text("a file")
    before = {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}
    assert run(["segment", *arguments]) == 1
    assert word in refusal(capsys)
    assert {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    "arguments",
    [
        [], ["unknown"], ["segment"], ["segment", "photo.png"], ["segment", "-o", "m.png"],
        ["segment", "photo.png", "-o", "m.png", "-k", "3.5"],
        ["segment", "photo.png", "-o", "m.png", "-k", "１２"],
        ["segment", "photo.png", "-o", "m.png", "-k", ""],
        ["segment", "photo.png", "-o", "m.png", "-k", "1_0"],
        ["segment", "photo.png", "-o", "m.png", "--tol", "small"],
        ["segment", "photo.png", "-o", "m.png", "--tol", "１e-3"],
        ["segment", "photo.png", "-o", "m.png", "--seed", "1.0"],
        ["segment", "photo.png", "-o", "m.png", "--covariance", "round"],
        ["segment", "photo.png", "-o", "m.png", "--criterion", "bic"],
        ["segment", "photo.png", "-o", "m.png", "--detail", "0.5"],
        ["segment", "photo.png", "-o", "m.png", "--memory-budget", "0"],
        ["segment", "photo.png", "-o", "m.png", "--memory-budget", "lots"],
        ["segment", "photo.png", "-o", "m.png", "--cov", "full"],
        ["segment", "photo.png", "-o", "m.png", "--opacity", "0.5"],
        ["segment", "photo.png", "-o", "m.png", "--overlay", "o.png", "--opacity", "1.1"],
        ["segment", "photo.png", "-o", "m.png", "--overlay", "o.png", "--opacity", "nan"],
        ["segment", "photo.png", "-o", "m.png", "--min-part", "9"],
        ["segment", "photo.png", "--method", "regions", "-o", "p.csv", "--format", "parts"],
        ["segment", "photo.png", "-o", "m.png", "--display", "0:9"],
        ["segment", "photo.png", "-o", "m.png", "--overlay", "o.png", "--display", "9:9"],
        ["segment", "photo.png", "-o", "m.png", "--overlay", "o.png", "--display", "0:9:0"],
        ["segment", "photo.png", "-o", "m.png", "--overlay", "o.png", "--display", "0:inf"],
        ["segment", "photo.png", "-o", "m.png", "--overlay", "o.png", "--display", "0"],
        ["select", "photo.png", "--click", "1,1", "-o", "m.png", "--display", "0:9"],
        ["segment", "photo.png", "-o", "m.png", "--detail", "0"],
        ["segment", "photo.png", "-o", "m.png", "--regions", "0"],
        ["segment", "photo.png", "-o", "m.png", "--method", "regions", "--max-iter", "0"],
        ["segment", "photo.png", "-o", ""],
        ["segment", "", "-o", "m.png"],
        ["segment", "photo.png", "-o", "m.png", "--report", ""],
        ["segment", "photo.png", "-o", "m.png", "--", "-odd.png"],
        ["segment", "photo.png", "-o", "m.png", "--position-weight", "0.5"],
        ["segment", "photo.png", "-o", "m.png", "--features", "lab+position", "--texture-scale", "1"],
        ["select", "photo.png"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_ends_with_code_2(place: Path, capsys: Any, arguments: list[str]) -> None:
    assert run(arguments) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("usage: gmmseg")
    assert len(lines) == 2
    assert lines[1].endswith("--help”.")
    assert not Path("m.png").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["segment", "photo.png", "-o", "m.png", "--criterion", "icl"], ["gmmseg segment:", "-k auto"]),
        (["segment", "photo.png", "-o", "m.png", "--regions", "3"], ["gmmseg segment:", "--method regions"]),
        (["segment", "photo.png", "-o", "m.png", "--texture-scale", "2"], ["rgb+texture"]),
        (["segment", "photo.png", "-o", "m.png", "--n_init", "2"], ["gmmseg segment:", "--n-init"]),
        (["segment", "photo.png", "-o", "m.png", "--cov", "full"], ["--covariance?"]),
        (["apply", "m", "photo.png", "-o", "m.png", "--oferlay", "x"], ["gmmseg apply:", "--overlay?"]),
        (["sample", "m.json", "-n", "3", "-o", "s.npy", "stray"], ["gmmseg sample:", "stray"]),
        (["segment", "photo.png", "-o", "m.png", "--n-init", "0"], ["--n-init"]),
        (["segment", "photo.png", "-o", "m.png", "--parameter-tol", "-1"], ["--parameter-tol"]),
        (["segment", "photo.png", "-o", "m.png", "-k", "0"], ["1 to 256"]),
        (["segment", "photo.png", "-o", "m.png", "-k", "-1"], ["1 to 256"]),
        (["segment", "photo.png", "-o", "m.png", "-k", "257"], ["1 to 256"]),
        (["segment", "photo.png", "-o", "m.png", "-k", "1000000000"], ["1 to 256"]),
        (["segment", "photo.png", "-o", "m.png", "--tol", "nan"], ["Tolerance"]),
        (["segment", "photo.png", "-o", "m.png", "--tol", "inf"], ["Tolerance"]),
        (["segment", "photo.png", "-o", "m.png", "--tol", "-1"], ["Tolerance"]),
        (["segment", "photo.png", "-o", "m.png", "--max-iter", "0"], ["Iteration limit"]),
        (["segment", "photo.png", "-o", "m.png", "--max-iter", str(2**31)], ["Iteration limit"]),
        (["segment", "photo.png", "-o", "m.png", "--seed", str(2**63)], ["Seed"]),
        (["segment", "photo.png", "-o", "m.png", "--seed", "-1"], ["Seed"]),
        (["segment", "photo.png", "-o", "m.png", "--smooth", "11"], ["Smooth"]),
        (["segment", "photo.png", "-o", "m.png", "--features", "rgb+motion"], ["motion"]),
        (["segment", "photo.png", "-o", "m.png", "--frame", "0"], ["1 or more"]),
        (["segment", "photo.png", "-o", "m.png", "-k", "five"], ["five", "1 to 256"]),
        (["segment", "photo.png", "-o", "m.png", "--seed", "9" * 400], ["9…”. Choose a whole number"]),
        (["segment", "photo.png", "-o", "m.png", "--method", "regions", "--detail", "nan"], ["0 to 1"]),
        (["sample", "m.json", "-n", "0", "-o", "s.npy"], ["1 or more"]),
        (["sample", "m.json", "-n", "-3", "-o", "s.npy"], ["1 or more"]),
        (["sample", "m.json", "-n", "5", "--seed", str(2**63), "-o", "s.npy"], ["Seed"]),
        (["mnist", "digits"], ["gmmseg mnist:", "--data"]),
        (["segment", "photo.png", "-o", "m.png", "--learn-from", "all"], ["--hints MASK"]),
        (["segment", "photo.png", "-o", "m.png", "--hints", "h.png", "-k", "3"], ["leave out -k"]),
        (["segment", "photo.png", "-o", "m.png", "--hints", "h.png", "--hard"], ["leave out --hard"]),
        (
            ["segment", "photo.png", "-o", "m.png", "--hints", "h.png", "--method", "regions"],
            ["leave out --method regions"],
        ),
        (["mnist", "--drawn", "--data", "x"], ["gmmseg mnist:", "leave out"]),
        (["mnist", "--seeds", "3"], ["gmmseg mnist:", "--table"]),
        (["segmnt", "photo.png"], ["segmnt", *COMMANDS, "Did you mean “gmmseg segment”?"]),
        (["sampl"], ["Did you mean “gmmseg sample”?"]),
        (["missing.jpg"], ["missing.jpg", "no file"]),
        (["two\nlines"], ["two lines"]),
        (["photo.png", "-o", "m.png"], ["“photo.png” is a file", "gmmseg segment"]),
        (["-o", "m.png", "segment", "photo.png"], ["-o cannot come first"]),
        ([".", "-o", "m.png"], ["“.” is a folder", "gmmseg segment"]),
        (["segment", "photo.png", "-o", "m.png", "--", "-odd.png"], ["-odd.png", "./"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_wrong_usage_says_what_to_write_instead(
    place: Path, capsys: Any, arguments: list[str], words: list[str]
) -> None:
    assert run(arguments) == 2
    assert not Path("m.png").exists()
    usage, sentence = capsys.readouterr().err.splitlines()
    assert usage.startswith(f"usage: gmmseg {arguments[0] if arguments[0] in COMMANDS else ''}")
    for word in words:
        assert word in sentence


@pytest.mark.parametrize(("word", "is_guessed"), [("-q", False), ("--q", True), ("--q-tl", True)])
def test_a_letter_alone_is_not_taken_for_a_name_cut_short(
    place: Path, capsys: Any, word: str, is_guessed: bool
) -> None:
    assert run(["segment", "photo.png", "-o", "m.png", word]) == 2
    assert ("--q-tol" in capsys.readouterr().err) == is_guessed


@pytest.mark.parametrize("word", ["selct", "sgement", "missing.jpg", ""])
def test_a_word_that_is_neither_command_nor_file_opens_no_window(
    place: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    from gmmseg.start import main

    monkeypatch.setattr("ui.platform_check.why_no_window", lambda: "a window would be opened")
    assert main([word]) == 2
    assert "no command" in capsys.readouterr().err
    for arguments in (["photo.png"], [str(place)], ["--", "missing.jpg"], ["photo.png", "missing.jpg"], []):
        assert main(arguments) == 1
        assert "a window would be opened" in capsys.readouterr().err


def test_a_name_that_ends_in_a_slash_is_a_folder_which_is_made(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "new/masks/", "--report", "r.json", "--model", "m"]) == 0
    assert Path("new/masks/photo.png").is_file()
    assert Path("r.json").is_file()
    assert Path("m/photo.json").is_file()
    assert run(["apply", "r.json/../m/photo.json", "photo.png", "-o", "again/"]) == 1
    assert run(["apply", "m/photo.json", "photo.png", "-o", "again/"]) == 0
    assert Path("again/photo.png").read_bytes() == Path("new/masks/photo.png").read_bytes()
    assert run(["segment", "photo.png", *FAST, "--format", "ome-zarr", "-o", "z.ome.zarr/"]) == 0
    assert Path("z.ome.zarr/zarr.json").is_file()
    assert run(["segment", "photo.png", *FAST, "--format", "ome-zarr", "-o", "zarrs/"]) == 0
    assert Path("zarrs/photo.ome.zarr/zarr.json").is_file()


def test_a_line_that_is_refused_leaves_no_new_folder(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "new/masks/", "--overlay", "photo.png"]) == 1
    assert not Path("new").exists()


def test_the_table_and_the_opacity_are_those_of_the_window(place: Path) -> None:
    further = ["--table", "t.csv", "--overlay", "v.png", "--opacity", "0.25"]
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png", *further]) == 0
    settings = segment_settings(parse(["segment", "photo.png", *FAST, "-o", "mask.png"]))
    outcome = result_of(segment_events(SegmentRequest(read_image("photo.png"), settings)))
    subject = MixtureSource(
        outcome.fit, outcome.table, outcome.segmentation, default_classes(3), "in the window", {}
    )
    items = [
        ExportItem(Path("w.csv"), "table"),
        ExportItem(Path("w.png"), "overlay", overlay_opacity=0.25),
        ExportItem(Path("half.png"), "overlay"),
    ]
    result_of(export_events(subject, items))
    assert Path("t.csv").read_bytes() == Path("w.csv").read_bytes()
    assert Path("v.png").read_bytes() == Path("w.png").read_bytes() != Path("half.png").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("r.json", "report of a segmentation"), ("rr.json", "report of regions"), ("c.json", "COCO"),
        ("l.json", "LabelMe"), ("g.geojson", "GeoJSON"), ("photo.png", "picture (PNG)"),
        ("m.npy.json", "legend of a mask"),
        ("empty.json", "is empty"), ("d.json", "model of digits"),
        ("e.json", "report of a digit experiment"),
    ],
)  # fmt: skip
def test_apply_says_what_a_file_is_that_is_no_model(place: Path, capsys: Any, name: str, words: str) -> None:
    wanted = {"c.json": "coco", "l.json": "labelme", "g.geojson": "geojson"}
    if name in wanted:
        assert run(["segment", "photo.png", *FAST, "--format", wanted[name], "-o", name]) == 0
    Path("empty.json").write_bytes(b"\n")
    Path("d.json").write_text('{"format": "gmmseg-digits", "version": 1}')
    if name == "e.json":
        assert run(["mnist", "--drawn", "--images", "60", "--recipe", "pixels", "-k", "2",
                    "--report", name]) == 0  # fmt: skip
    if name == "m.npy.json":
        assert run(["segment", "photo.png", *FAST, "-o", "m.npy"]) == 0
    if name == "r.json":
        assert run(["segment", "photo.png", *FAST, "-o", "mask.png", "--report", name]) == 0
    if name == "rr.json":
        assert run(["segment", "photo.png", "--method", "regions", "-o", "mask.png", "--report", name]) == 0
    capsys.readouterr()
    assert run(["apply", name, "photo.png", "-o", "out.png"]) == 1
    line = refusal(capsys)
    assert words in line
    assert f"“{name}”" in line
    assert "Give the model first" in line
    assert not Path("out.png").exists()
    if name != "d.json":
        assert run(["sample", name, "-n", "3", "-o", "s.npy"]) == 1
        assert words in refusal(capsys)


def test_a_damaged_model_is_still_called_a_damaged_model(place: Path, capsys: Any) -> None:
    Path("m.json").write_text('{"format": "gmmseg-model", "version": 2}')
    assert run(["apply", "m.json", "photo.png", "-o", "out.png"]) == 1
    assert "is missing" in refusal(capsys)


@pytest.mark.skipif(os.name != "posix", reason="closes descriptors")
@pytest.mark.parametrize("close", ["| true", ">&-", ">&- 2>&-"])
@pytest.mark.slow
def test_a_standard_output_that_is_closed_is_no_failure(place: Path, close: str) -> None:
    command = f'set -o pipefail; "{sys.executable}" "{ROOT / "main.py"}"'
    for arguments in ("mnist --settings", "segment photo.png -k 2 -o mask.png"):
        done = subprocess.run(
            ["bash", "-c", f"{command} {arguments} {close}"],
            cwd=place,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=110,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b"")
    assert (place / "mask.png").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_standard_output_that_is_full_is_one_line(place: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, str(ROOT / "main.py"), "mnist", "--settings"],
            cwd=place, stdout=full, stderr=subprocess.PIPE, timeout=110, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(b"gmmseg: The result cannot be printed")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_and_version_go_to_standard_output(capsys: Any, arguments: list[str]) -> None:
    assert run(arguments) == 0
    shown = capsys.readouterr()
    assert "gmmseg" in shown.out
    assert shown.err == ""


def test_the_version_says_which_e_step_runs(capsys: Any) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"gmmseg {VERSION}\nE-step: {kernel_name()}\n"


def test_options_left_out_are_the_window_s_defaults() -> None:
    assert segment_settings(parse(["segment", "a.png", "-o", "b.png"])) == SegmentSettings()


def test_the_help_names_the_defaults_that_are_in_force(capsys: Any) -> None:
    run(["segment", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    mixture, features = SegmentSettings().mixture, SegmentSettings().features
    for option, value in (
        ("--components", mixture.n_components), ("--init", mixture.init), ("--n-init", mixture.n_init),
        ("--seed", mixture.seed), ("--max-iter", mixture.max_iter), ("--covariance", mixture.covariance),
        ("--position-weight", features.position_weight), ("--texture-scale", f"{features.texture_scale:g}"),
        ("--texture-octaves", features.texture_octaves),
    ):  # fmt: skip
        assert re.search(rf"{option}\b(?:(?!--).)*\(default {re.escape(str(value))}\)", text), option
    assert mixture.tol == 1e-6
    assert "in an iteration (default 1e-6)" in text


def test_every_option_reaches_its_setting() -> None:
    text = (
        "segment a.png -o b.png -k 7 --features hsv+position+texture --position-weight 0.5 --standardise "
        "--texture-scale 1.5 --texture-octaves 4 "
        "--covariance diag --hard --smooth 1.5 --init random --n-init 2 --seed 9223372036854775807 "
        "--max-iter 9 --tol 1e-4 --parameter-tol .1 --q-tol 1E-2 --reg-covar 2 --accelerate"
    )
    settings = segment_settings(parse(text.split()))
    mixture, features = settings.mixture, settings.features
    assert (str(features), features.position_weight, features.is_standardised) == (
        "hsv+position+texture",
        0.5,
        True,
    )
    assert features.texture_scales == (1.5, 3, 6, 12)
    assert (mixture.n_components, mixture.covariance, mixture.is_hard) == (7, "diag", True)
    assert (mixture.init, mixture.n_init, mixture.seed, mixture.max_iter) == ("random", 2, 2**63 - 1, 9)
    assert (mixture.tol, mixture.parameter_tol, mixture.q_tol, mixture.reg_covar) == (1e-4, 0.1, 0.01, 2.0)
    assert settings.smooth == 1.5
    assert mixture.accelerate
    assert segment_settings(parse(["segment", "a", "-o", "b", "-k", "auto"])).auto == "bic"
    assert (
        segment_settings(parse(["segment", "a", "-o", "b", "-k", "auto", "--criterion", "icl"])).auto == "icl"
    )


def test_the_parser_s_choices_are_those_of_the_settings(capsys: Any) -> None:
    run(["segment", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for choices in (tuple(FAMILIES), CRITERIA, get_args(InitMethod), FORMATS):
        assert "{" + ",".join(choices) + "}" in text
    others = {
        "mask",
        "legend",
        "probabilities",
        "overlay",
        "model",
        "report",
        "table",
        *OBJECT_KINDS,
    }
    assert set(FORMATS) == set(SUFFIXES) - others


def test_the_number_chosen_is_said_unless_quiet_is_asked_for(place: Path, capsys: Any) -> None:
    pixels = np.zeros((12, 12, 3), np.uint8)
    pixels[:, 6:] = 200
    Pillow.fromarray(pixels).save("two.png")
    Path("rows.csv").write_text("a\n" + "0\n0.1\n5\n5.1\n" * 6)
    for arguments, name in (
        (["segment", "two.png", "-k", "auto", "--n-init", "1", "-o", "mask.png"], "two.png"),
        (["fit", "rows.csv", "-k", "auto", "--n-init", "1", "-o", "labels.csv"], "rows.csv"),
    ):
        assert run(arguments) == 0
        assert f"gmmseg: {name}: K = " in (said := capsys.readouterr().err)
        assert "was chosen." in said
        assert run([*arguments, "--quiet"]) == 0
        assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_auto_finds_the_three_regions(place: Path) -> None:
    arguments = ["-k", "auto", "--criterion", "icl", "--n-init", "2", "-o", "mask.png", "--report", "r.json"]
    assert run(["segment", "photo.png", *arguments]) == 0
    assert json.loads(Path("r.json").read_text())["n_components"] == 3


def test_soft_facts_are_told_on_standard_error_and_are_no_failure(place: Path, capsys: Any) -> None:
    Pillow.fromarray(np.full((8, 8, 3), 90, np.uint8)).save("constant.png")
    assert run(["segment", "constant.png", "-o", "mask.png"]) == 0
    line = refusal(capsys)
    assert "constant.png" in line
    assert "reduced from 5 to 1" in line


def test_the_chosen_page_is_read(place: Path) -> None:
    one, two = photo(seed=1), photo(seed=2)[::-1, :30]
    pages = [Pillow.fromarray(picture) for picture in (one, two)]
    pages[0].save("pages.tif", save_all=True, append_images=pages[1:])
    assert run(["segment", "pages.tif", *FAST, "--frame", "2", "-o", "mask.png"]) == 0
    assert opened("mask.png").size == (30, 30)


def test_the_memory_budget_is_of_this_run_only(place: Path) -> None:
    before = limits.memory_budget()
    run(["segment", "photo.png", *FAST, "-o", "mask.png", "--memory-budget", "2G"])
    assert limits.memory_budget() == before


def test_nothing_but_the_outputs_is_left(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png", *ALL_OUTPUTS]) == 0
    assert {path.name for path in place.iterdir()} == {"photo.png", "mask.png", "p.tif", "v.png", "m.json"}


def test_out_of_memory_is_one_line(place: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory(*_: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr("gmmseg.photo.labelling.segment", no_memory)
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png"]) == 1
    assert "not enough memory" in refusal(capsys)
    assert not Path("mask.png").exists()


NAMES = [
    "with space.png",
    "高斯 가우시안 🎨.png",
    "quo\"te's.png",
    "100%.png",
    "new\nline.png",
    "-dash.png",
    "a" * 200 + ".png",
]


@pytest.mark.parametrize("name", NAMES)
def test_awkward_names_work_and_messages_stay_one_line(place: Path, capsys: Any, name: str) -> None:
    Path("photo.png").rename(place / name)
    assert run(["segment", *FAST, "-o", "out.png", "--report", "r.json", "--", name]) == 0
    assert json.loads(Path("r.json").read_text())["image"]["path"] == name
    assert run(["segment", *FAST, "-o", "out.png", "--frame", "9", "--", name]) == 1
    refusal(capsys)


@pytest.mark.skipif(os.name != "posix", reason="file names are bytes on POSIX only")
@pytest.mark.slow
def test_a_name_that_is_no_utf_8_is_read_written_and_printed(place: Path) -> None:
    name = b"\xff\xfe.png"
    try:
        os.rename(b"photo.png", name)
    except OSError as error:
        pytest.skip(f"this file system allows UTF-8 names only: {error}")
    done = child(b"segment", name, b"-k", b"2", b"-o", b"\xfe.npy", b"--report", b"r.json", cwd=place)
    assert done.returncode == 0, done.stderr
    assert os.path.exists(os.path.join(os.fsencode(place), b"\xfe.npy"))
    assert json.loads((place / "r.json").read_bytes())["image"]["path"] == os.fsdecode(name)
    for locale in ("C", "C.UTF-8"):
        environment = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0"}
        done = child(b"segment", b"\xff.png", b"-o", b"o.png", cwd=place, env=environment)
        assert done.returncode == 1
        assert b"Traceback" not in done.stderr
        assert done.stderr.count(b"\n") == 1


def test_a_child_process_gives_the_same_bytes_as_this_one(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "here.png"]) == 0
    done = child("segment", "photo.png", *FAST, "-o", "there.png", cwd=place)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    assert (place / "there.png").read_bytes() == (place / "here.png").read_bytes()


def test_a_run_loads_neither_qt_nor_scipy_nor_scikit_image(place: Path) -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); from gmmseg.commands.cli import run\n"
        "code = run(sys.argv[1:])\n"
        "late = {'PySide6', 'scipy', 'skimage', 'tifffile', 'ui'}\n"
        "print(code, late & set(sys.modules))"
    )
    arguments = ["segment", "photo.png", *FAST, "-o", "mask.png", "--report", "r.json"]
    done = subprocess.run(
        [sys.executable, "-c", code, str(ROOT), *arguments],
        cwd=place,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert done.stdout == "0 set()\n", done.stderr


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
def test_ctrl_c_ends_with_130_and_leaves_nothing_half_written(place: Path) -> None:
    random = np.random.default_rng(0)
    Pillow.fromarray(random.integers(0, 256, (900, 900, 3), dtype=np.uint8)).save(
        "noise.png", compress_level=0
    )
    (place / "mask.png").write_bytes(b"an older file")
    endless = ["segment", "noise.png", "-k", "40", "--tol", "0", "--max-iter", "100000"]
    code, _, error = interrupted([*endless, "-o", "mask.png", "--model", "m.json"], place)
    assert code == 130
    assert "Traceback" not in error
    assert error.count("\n") == 1
    assert (place / "mask.png").read_bytes() == b"an older file"
    assert {path.name for path in place.iterdir()} == {"photo.png", "noise.png", "mask.png"}


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_progress_is_shown_on_a_terminal_and_taken_away(place: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, str(ROOT / "main.py"), "segment", "photo.png", *FAST, "-o", "mask.png"]
    done = subprocess.run(command, cwd=place, stderr=theirs, timeout=110, check=False)
    os.close(theirs)
    shown = os.read(ours, 1 << 20).decode()
    os.close(ours)
    assert done.returncode == 0
    assert "iteration" in shown
    # The line is overwritten by blanks before what stays is written.
    assert re.search(r" \r[^\r]*photo\.png: wrote “mask\.png” in [\d.]+ s\r\n$", shown)
    assert shown.count("\n") == 1


@pytest.mark.parametrize("command", ["segment", "apply"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--format", "coco", "-o", "c.json", "--zero-based"], "--format coco holds class ids"),
        (["--format", "ome-zarr", "-o", "c.zarr", "--zero-based"], "--format ome-zarr holds class ids"),
        (["--format", "ome-tiff", "-o", "c.ome.tif", "--palette", "voc"], "has no palette"),
        (["--format", "geojson", "-o", "c.geojson", "--palette", "grey"], "has no palette"),
        (["-o", "c.tif", "--palette", "voc"], ".tif holds values without colours"),
        (["-o", "c.npy", "--palette", "class"], ".npy holds values without colours"),
    ],
)
def test_options_of_masks_are_refused_where_no_such_mask_is_written(
    place: Path, capsys: pytest.CaptureFixture[str], command: str, arguments: list[str], words: str
) -> None:
    images = ["photo.png"] if command == "segment" else ["model.json", "photo.png"]
    assert run([command, *images, *arguments]) == 2
    assert words in capsys.readouterr().err
    assert {path.name for path in place.iterdir()} == {"photo.png"}


def test_options_of_masks_are_honoured_where_one_is_written(place: Path) -> None:
    common = ["segment", "photo.png", *FAST, "--zero-based"]
    assert run([*common, "--format", "ome-tiff", "-o", "z.ome.tif"]) == 0
    assert run([*common, "-o", "z.tif", "--palette", "grey"]) == 0
    assert run([*common, "-o", "masks/", "--palette", "grey"]) == 0
    zero = np.asarray(opened("masks/photo.png"))
    assert opened("masks/photo.png").mode == "L"
    assert set(np.unique(zero)) == {0, 1, 2}
    for name in ("z.ome.tif", "z.tif"):
        np.testing.assert_array_equal(tifffile.imread(name), zero)


def test_ome_tiff_holds_class_ids_and_probabilities_are_an_option(place: Path) -> None:
    assert run(["segment", "photo.png", *FAST, "--format", "ome-tiff", "-o", "l.ome.tif",
                "--probabilities", "p.ome.tif"]) == 0  # fmt: skip
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png"]) == 0
    labels, posteriors = tifffile.imread("l.ome.tif"), tifffile.imread("p.ome.tif")
    np.testing.assert_array_equal(labels, np.asarray(opened("mask.png")))
    assert posteriors.shape == (3, 30, 40)
    np.testing.assert_array_equal(posteriors.argmax(axis=0) + 1, labels)
    for name in ("l.ome.tif", "p.ome.tif"):
        with tifffile.TiffFile(name) as file:
            assert file.is_ome


def test_no_clobber_leaves_out_images_with_a_file_that_is_there(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Pillow.fromarray(photo(seed=1)).save("second.png")
    (place / "masks").mkdir()
    (place / "masks" / "photo.png").write_bytes(b"an older file")
    arguments = ["segment", "photo.png", "second.png", *FAST, "-o", "masks", "--report", "reports"]
    assert run([*arguments, "--no-clobber"]) == 0
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "gmmseg: photo.png: left out, “photo.png” is there already"
    assert re.fullmatch(r"gmmseg: 1 of 2 pictures done in [0-9.]+ s, 1 left as they are\.", said[1])
    assert (place / "masks" / "photo.png").read_bytes() == b"an older file"
    assert opened("masks/second.png").size == (40, 30)
    assert [path.name for path in (place / "reports").iterdir()] == ["second.json"]
    # A file that may not be written is no obstacle where it is not to be.
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda path, how: False)
        assert run(["segment", "photo.png", "-o", "masks", "--no-clobber"]) == 0
        assert run(["segment", "photo.png", "-o", "masks"]) == 1
    # The legend of an .npy belongs to it.
    (place / "m.npy.json").write_bytes(b"an older file")
    assert run(["segment", "photo.png", *FAST, "-o", "m.npy", "--no-clobber"]) == 0
    assert not (place / "m.npy").exists()
    assert run(arguments) == 0
    assert opened("masks/photo.png").size == (40, 30)


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "\n=1+1", "＝1+1"])
def test_feature_names_of_a_strangers_model_are_no_formulas(place: Path, name: str) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "mask.png", "--model", "model.json"]) == 0
    held = json.loads(Path("model.json").read_text())
    held["names"][0] = name
    Path("model.json").write_text(json.dumps(held))
    assert run(["sample", "model.json", "-n", "2", "-o", "rows.csv"]) == 0
    with open("rows.csv", newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == [f"'{name}", *held["names"][1:]]
    assert len(rows) == 2


TOO_LONG = "x" * 256


@pytest.mark.parametrize(
    "outputs",
    [
        ["-o", f"{TOO_LONG}.png"],
        ["-o", f"{TOO_LONG}/"],
        ["-o", f"{TOO_LONG}/mask.png"],
        ["-o", f"{TOO_LONG}.zarr", "--format", "ome-zarr"],
        ["-o", "mask.png", "--report", f"{TOO_LONG}.json"],
        ["-o", "masks/", "--overlay", TOO_LONG],
    ],
)
def test_a_name_longer_than_the_disk_allows_is_refused_in_a_sentence(
    place: Path, outputs: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["segment", "photo.png", *outputs]) == 1
    line = refusal(capsys)
    assert "the name is too long" in line
    assert not (place / "mask.png").exists()


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
@pytest.mark.parametrize(
    "outputs",
    [
        ["-o", "closed/mask.png"],
        ["-o", "closed/masks/"],
        ["-o", "closed/x.zarr", "--format", "ome-zarr"],
        ["-o", "mask.png", "--report", "closed/report.json"],
        ["-o", "masks/", "--report", "closed/reports"],
    ],
)
def test_an_output_in_a_folder_one_may_not_enter_is_refused_in_a_sentence(
    place: Path, outputs: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    close_folder(monkeypatch, place / "closed")
    assert run(["segment", "photo.png", *outputs]) == 1
    assert "you may not write there" in refusal(capsys)
    assert not (place / "mask.png").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["segment", TOO_LONG],
        ["segment", f"{TOO_LONG}/"],
        ["segment", f"{TOO_LONG}/a.png"],
        ["apply", TOO_LONG, "photo.png"],
        ["apply", "m.json", TOO_LONG],
        ["sample", TOO_LONG, "-n", "9"],
        ["mnist", "--data", TOO_LONG],
    ],
)
def test_an_input_of_a_name_longer_than_the_disk_allows_is_refused_in_a_sentence(
    place: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["segment", "photo.png", *FAST, "-o", "first.png", "--model", "m.json"]) == 0
    assert run([*arguments, "-o", "mask.png" if arguments[0] in ("segment", "apply") else "x.csv"]) == 1
    assert "not a path this system can open" in refusal(capsys)


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["segment", "closed/a.png"], "may not be read"),
        (["segment", "closed"], "cannot be listed"),
        (["segment", "closed/folder/"], "may not be read"),
        (["apply", "closed/m.json", "photo.png"], "may not be read"),
        (["mnist", "--data", "closed"], "cannot be listed"),
        (["mnist", "--data", "closed/images"], "may not be read"),
    ],
)
def test_an_input_one_may_not_enter_is_refused_in_a_sentence(
    place: Path,
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    close_folder(monkeypatch, place / "closed")
    assert run([*arguments, "-o", "x.csv" if arguments[0] == "mnist" else "mask.png"]) == 1
    assert words in refusal(capsys)
