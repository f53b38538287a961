"""Label images of pictures in tiles: the same bytes from any engine, after any fault, and read by others."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
import tifffile

import gmmseg
from gmmseg.commands.cli import run
from gmmseg.control import Progress, StopRequest, never_stop, result_of
from gmmseg.errors import Cancelled, ClusterError, WriteError
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image
from gmmseg.io.interchange.ome_zarr import chunk_bytes
from gmmseg.io.lock import Holder
from gmmseg.io.temporaries import machine, start_of
from gmmseg.io.tiled import chunk_pyramid, segmenting
from gmmseg.io.tiled.opening import open_picture
from gmmseg.io.tiled.segmenting import TiledOutcome, TiledRequest, segment_tiled_events
from gmmseg.mixture.params import FitStep
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.settings import SegmentSettings
from gmmseg.tiled import fitting, tiles
from gmmseg.tiled.engines import DaskCluster, Engine, Local
from tests.core.tiled.pictures import ArrayPicture, coloured, image_of

SHAPE = (2100, 1300)
SETTINGS = SegmentSettings(mixture=FitSettings(3, n_init=1))


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small picture have six tiles."""
    monkeypatch.setattr(tiles, "TILE_PIXELS", 1024**2)


@pytest.fixture(scope="module")
def image() -> Image:
    mask = np.ones(SHAPE, dtype=np.bool_)
    mask[700:900, 200:1200] = False
    return image_of(coloured(SHAPE), mask)


@pytest.fixture(scope="module")
def expected(image: Image, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return the files of a label image made without tiles' faults."""
    patch = pytest.MonkeyPatch()
    patch.setattr(tiles, "TILE_PIXELS", 1024**2)
    folder = tmp_path_factory.mktemp("expected")
    for name in ("labels.zarr", "labels.tif"):
        _made(ArrayPicture(image), folder / name)
    patch.undo()
    return _files(folder)


def _made(
    picture: ArrayPicture,
    output: Path,
    engine: Engine | None = None,
    *,
    settings: SegmentSettings = SETTINGS,
    resumes: bool = False,
) -> TiledOutcome:
    job = segment_tiled_events(TiledRequest(picture, settings, output, resumes), engine or Local())
    return result_of(job)


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_labels_are_those_in_memory_and_other_readers_see_them(
    image: Image, expected: dict[str, bytes], tmp_path: Path
) -> None:
    zarr = pytest.importorskip("zarr")
    outcome = _made(ArrayPicture(image), tmp_path / "labels.zarr")
    _made(ArrayPicture(image), tmp_path / "labels.tif")
    assert _files(tmp_path) == expected
    labels = result_of(segment_events(SegmentRequest(image, SETTINGS))).segmentation.labels
    assert outcome.counts.tolist() == np.bincount(labels.reshape(-1))[1:].tolist()
    group = zarr.open_group(tmp_path / "labels.zarr", mode="r")
    ome = group.attrs["ome"]
    paths = [level["path"] for level in ome["multiscales"][0]["datasets"]]
    assert [colour["label-value"] for colour in ome["image-label"]["colors"]] == [1, 2, 3]
    with tifffile.TiffFile(tmp_path / "labels.tif") as tiff:
        levels = [level.asarray() for level in tiff.series[0].levels]
        assert tiff.is_bigtiff
        description = json.loads(tiff.pages[0].description)  # type: ignore[union-attr]
    assert [entry["id"] for entry in description["classes"]] == [1, 2, 3]
    assert len(levels) == len(paths) == 5
    for level, path in enumerate(paths):
        thinned = labels[:: 2**level, :: 2**level]
        assert np.array_equal(group[path][:], thinned)
        assert np.array_equal(levels[level], thinned)


@pytest.mark.slow
def test_processes_make_the_same_bytes_though_one_is_killed_in_each_pass(
    image: Image, expected: dict[str, bytes], tmp_path: Path
) -> None:
    fatal = tmp_path / "fatal"
    picture = ArrayPicture(image, fatal=fatal)

    def arm(progress: Progress) -> None:
        # As a pass begins: counting, and labelling.
        if progress.fraction == 0.0 and progress.text in ("Counting the colours", "Labelling"):
            fatal.touch()

    with Local(2) as engine:
        request = TiledRequest(picture, SETTINGS, tmp_path / "out" / "labels.zarr")
        request.output.parent.mkdir()
        result_of(segment_tiled_events(request, engine, never_stop, arm))
    assert not fatal.exists()
    found = _files(tmp_path / "out")
    assert found == {name: data for name, data in expected.items() if name.startswith("labels.zarr")}


@pytest.mark.slow
def test_rows_of_their_own_survive_a_process_that_is_killed_in_each_pass(
    image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting, "_ROW_TILE_PIXELS", 1024**2)
    monkeypatch.setattr(segmenting, "ROW_TILE_PIXELS", 1024**2)
    settings = SegmentSettings(FeatureSpec.parse("gray+position"), FitSettings(2, n_init=1, max_iter=20))
    _made(ArrayPicture(image), tmp_path / "expected.zarr", settings=settings)
    fatal = tmp_path / "fatal"
    killed = []

    def arm(progress: Progress) -> None:
        if progress.fraction == 0.0 and progress.text != "Making smaller copies":
            assert not fatal.exists()
            fatal.touch()
            killed.append(progress.text)

    with Local(2) as engine:
        request = TiledRequest(ArrayPicture(image, fatal=fatal), settings, tmp_path / "labels.zarr")
        result_of(segment_tiled_events(request, engine, never_stop, arm))
    assert not fatal.exists()
    assert {"Measuring the features", "Pass 1 over all pixels", "Labelling"} <= set(killed)
    assert _files(tmp_path / "labels.zarr") == _files(tmp_path / "expected.zarr")


@pytest.mark.slow
def test_an_interrupted_run_is_taken_up(image: Image, expected: dict[str, bytes], tmp_path: Path) -> None:
    output = tmp_path / "labels.tif"
    output.write_bytes(b"old")
    reached: list[float] = []

    def soon() -> StopRequest:
        return StopRequest.CANCEL if any(share > 0.4 for share in reached) else StopRequest.NONE

    def note(progress: Progress) -> None:
        if progress.text == "Labelling" and progress.fraction is not None:
            reached.append(progress.fraction)

    request = TiledRequest(ArrayPicture(image), SETTINGS, output)
    with pytest.raises(Cancelled):
        result_of(segment_tiled_events(request, Local(), soon, note))
    assert output.read_bytes() == b"old"
    other = SegmentSettings(mixture=FitSettings(4))
    with pytest.raises(WriteError, match="of another picture or of other settings"):
        _made(ArrayPicture(image), output, settings=other, resumes=True)
    taken_up: list[str] = []
    request = TiledRequest(ArrayPicture(image), SETTINGS, output, resumes=True)
    job = segment_tiled_events(request, Local(), never_stop, lambda progress: taken_up.append(progress.text))
    result_of(job)
    assert "Counting the colours" not in taken_up
    # Six tiles, of which the first ones were done, and the word that the pass begins.
    assert 1 < taken_up.count("Labelling") < 6
    assert _files(tmp_path) == {"labels.tif": expected["labels.tif"]}


@pytest.mark.slow
def test_what_a_killed_process_left_is_not_published(
    image: Image, expected: dict[str, bytes], tmp_path: Path
) -> None:
    left = f"c/0/.gmmseg-{machine()}-{2**22 + 1}-1-abc.tmp"

    def note(progress: Progress) -> None:
        if progress.text == "Making smaller copies":
            (tmp_path / "labels.zarr.part" / "new" / "0" / left).write_bytes(b"half")

    result_of(
        segment_tiled_events(
            TiledRequest(ArrayPicture(image), SETTINGS, tmp_path / "labels.zarr"), Local(), never_stop, note
        )
    )
    assert set(_files(tmp_path)) == {name for name in expected if name.startswith("labels.zarr")}


@pytest.mark.slow
def test_labels_of_a_fit_that_was_stopped_are_not_those_of_the_one_that_went_on(
    image: Image, tmp_path: Path
) -> None:
    settings = SegmentSettings(mixture=FitSettings(6, n_init=1, init="random"))
    output = tmp_path / "labels.tif"
    asked = [StopRequest.NONE]

    def note(progress: Progress) -> None:
        if progress.text == "Labelling" and (progress.fraction or 0) > 0.4:
            asked.append(StopRequest.CANCEL)

    request = TiledRequest(ArrayPicture(image), settings, output)
    job = segment_tiled_events(request, Local(), lambda: asked[-1], note)
    n_steps = 0
    with pytest.raises(Cancelled):  # noqa: PT012 - the loop is what it ends
        for event in job:
            if isinstance(event, FitStep):
                n_steps += 1
                asked.append(StopRequest.STOP)
    assert n_steps < 5
    assert asked[-1] is StopRequest.CANCEL
    _made(ArrayPicture(image), output, settings=settings, resumes=True)
    _made(ArrayPicture(image), tmp_path / "at once.tif", settings=settings)
    assert output.read_bytes() == (tmp_path / "at once.tif").read_bytes()


@pytest.mark.slow
def test_a_full_disk_leaves_the_old_labels_and_work_that_can_be_taken_up(
    image: Image, expected: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = tmp_path / "labels.zarr"
    _made(ArrayPicture(image), output, settings=SegmentSettings(mixture=FitSettings(2, n_init=1)))
    before = _files(output)
    n_written = 0
    plain = chunk_bytes

    def full(*given: object) -> bytes:
        nonlocal n_written
        n_written += 1
        if n_written == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        return plain(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(chunk_pyramid, "chunk_bytes", full)
    with pytest.raises(WriteError, match="the disk is full"):
        _made(ArrayPicture(image), output)
    assert _files(output) == before
    _made(ArrayPicture(image), output, resumes=True)
    found = {name: data for name, data in expected.items() if name.startswith("labels.zarr")}
    assert _files(tmp_path) == found


def test_a_disk_that_is_full_between_passes_is_said(
    image: Image, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object, **arrays: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(WriteError, match="the disk is full"):
        _made(ArrayPicture(image), tmp_path / "labels.zarr")


def test_what_another_run_works_on_is_left_to_it(
    image: Image, tmp_path: Path, expected: dict[str, bytes]
) -> None:
    output, lock = tmp_path / "labels.zarr", tmp_path / ".labels.zarr.part.lock"
    other = replace(Holder.this(), pid=os.getppid(), start=start_of(os.getppid()) or 0)
    lock.write_text(json.dumps(asdict(other)))
    for resumes in (False, True):
        with pytest.raises(WriteError, match=r"Another run is at work on “labels\.zarr” \(process"):
            _made(ArrayPicture(image), output, resumes=resumes)
    assert list(_files(tmp_path)) == [lock.name]
    # One that has ended left nothing to wait for.
    lock.write_text(json.dumps(asdict(replace(other, start=other.start + 1))))
    _made(ArrayPicture(image), output)
    found = _files(tmp_path)
    assert found == {name: data for name, data in expected.items() if name.startswith(output.name)}


def test_what_is_in_the_way_is_not_touched(image: Image, tmp_path: Path) -> None:
    part = tmp_path / "labels.zarr.part"
    part.mkdir()
    (part / "mine.txt").write_text("mine")
    with pytest.raises(WriteError, match="in the way"):
        _made(ArrayPicture(image), tmp_path / "labels.zarr")
    assert _files(tmp_path) == {"labels.zarr.part/mine.txt": b"mine"}
    with pytest.raises(WriteError, match=r"\.zarr or \.tif"):
        _made(ArrayPicture(image), tmp_path / "labels.png")


@pytest.mark.slow
def test_rows_of_their_own_are_labelled_as_in_memory(image: Image, tmp_path: Path) -> None:
    settings = SegmentSettings(FeatureSpec.parse("gray+position"), FitSettings(2, n_init=1, max_iter=30))
    outcome = _made(ArrayPicture(image), tmp_path / "labels.tif", settings=settings)
    labels = tifffile.imread(tmp_path / "labels.tif", key=0)
    assert image.mask is not None
    assert np.array_equal(labels > 0, image.mask)
    assert np.bincount(labels.reshape(-1))[1:].tolist() == outcome.counts.tolist()


@pytest.mark.slow
def test_the_command_line_says_what_tiles_cannot_give(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slide = str(tmp_path / "slide.tif")
    tifffile.imwrite(slide, coloured((700, 900)), tile=(256, 256), photometric="rgb")
    out = tmp_path / "slide.zarr"
    options = ["-k", "3", "--report", str(tmp_path / "report.json"), "--jobs", "2"]
    assert run(["segment", slide, "-o", str(out), *options]) == 0
    report = json.loads((tmp_path / "report.json").read_text())
    assert (report["n_pixels"], report["image"]["width"]) == (700 * 900, 900)
    assert run(["segment", slide, "-o", str(out), "--overlay", str(tmp_path / "o.png")]) == 2
    assert "--overlay is not made" in capsys.readouterr().err
    assert run(["segment", slide, "-o", str(out), "--by", "region", "--regions", "9"]) == 2
    assert "Choose them by their detail" in capsys.readouterr().err
    before = _files(out)
    gmmseg.segment_tiles(slide, out, n_components=3)
    assert _files(out) == before
    # Beyond the budget a tiled TIFF is worked on in tiles, and a mask in one piece is refused.
    small = ["--memory-budget", "3M", "-k", "2"]
    assert run(["segment", slide, "-o", str(tmp_path / "labels.tif"), *small]) == 0
    with tifffile.TiffFile(tmp_path / "labels.tif") as tiff:
        assert tiff.pages.first.is_tiled
    assert run(["segment", slide, "-o", str(tmp_path / "mask.png"), *small]) == 1
    assert ".zarr or .tif" in capsys.readouterr().err
    assert run(["segment", slide, "-o", str(tmp_path / "m.png"), "--scheduler", "tcp://127.0.0.1:9"]) == 2
    assert not list(tmp_path.glob("*.part"))


@contextmanager
def _programs(commands: list[list[str]]) -> Iterator[list[subprocess.Popen[bytes]]]:
    running = [
        subprocess.Popen(
            [sys.executable, "-m", *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for command in commands
    ]
    try:
        yield running
    finally:
        for program in running:
            program.kill()
            program.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.slow
def test_a_cluster_makes_the_same_bytes_though_workers_and_then_the_scheduler_are_killed(
    tmp_path: Path,
) -> None:
    pytest.importorskip("distributed")
    tifffile.imwrite(tmp_path / "slide.tif", coloured(SHAPE), tile=(256, 256), photometric="rgb")
    picture = open_picture(tmp_path / "slide.tif")
    result_of(segment_tiled_events(TiledRequest(picture, SETTINGS, tmp_path / "here.zarr"), Local()))
    expected = _files(tmp_path / "here.zarr")
    port = _free_port()
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ["distributed.cli.dask_scheduler", "--no-dashboard", "--host", "127.0.0.1", "--port"]
    scheduler.append(str(port))
    worker = ["distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard"]
    with _programs([scheduler]) as (head,), _programs([worker] * 4) as workers:
        doomed = {"Counting the colours": workers[0], "Labelling": workers[1]}

        def kill(progress: Progress) -> None:
            if progress.text in doomed and progress.fraction:
                doomed.pop(progress.text).kill()

        def lose(progress: Progress) -> None:
            if progress.text == "Labelling" and progress.fraction:
                head.kill()

        with _connected(address) as engine:
            request = TiledRequest(picture, SETTINGS, tmp_path / "there.zarr")
            result_of(segment_tiled_events(request, engine, never_stop, kill))
            assert not doomed
            assert _files(tmp_path / "there.zarr") == expected
            request = TiledRequest(picture, SETTINGS, tmp_path / "lost.zarr")
            with pytest.raises(ClusterError, match="does not answer any more"):
                result_of(segment_tiled_events(request, engine, never_stop, lose))
    request = TiledRequest(picture, SETTINGS, tmp_path / "lost.zarr", resumes=True)
    result_of(segment_tiled_events(request, Local()))
    assert _files(tmp_path / "lost.zarr") == expected


def _connected(address: str) -> DaskCluster:
    """Return the cluster once its scheduler listens."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return DaskCluster(address)
        except ClusterError:
            if time.monotonic() > deadline:
                raise
