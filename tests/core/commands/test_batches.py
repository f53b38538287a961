"""Many pictures on the command line: the same files for any number of processes, resumed, summed up."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from gmmseg.batch.record import NAME
from gmmseg.commands.cli import run
from tests.core.commands.interrupting import interrupted
from tests.core.commands.test_cli import photo
from tests.core.selection.scenes import DISC, disc_rgb

FAST = ["-k", "3", "--n-init", "1", "--tol", "1e-3"]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with five photos, which is within the current one."""
    monkeypatch.chdir(tmp_path)
    os.mkdir("photos")
    for at in range(5):
        Pillow.fromarray(photo(seed=at)).save(f"photos/{at}.png")
    return tmp_path


def contents(folder: str) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def times(folder: str) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in Path(folder).glob("[!.]*")}


@pytest.mark.slow
def test_files_are_the_same_for_any_number_of_processes(place: Path) -> None:
    Path("photos/3.png").write_bytes(b"no picture")
    for n_jobs in ("1", "2", "3"):
        out = f"out{n_jobs}"
        line = ["segment", "photos", *FAST, "--smooth", "1", "--jobs", n_jobs, "-o", out]
        os.mkdir(f"{out}_more")
        more = ["--probabilities", f"{out}_more", "--areas", f"{out}.csv"]
        assert run([*line, *more, "--contact-sheet", f"{out}.png"]) == 1
        assert len(contents(out)) == 4 + 1
        assert contents(out) == contents("out1")
        assert contents(f"{out}_more") == contents("out1_more")
        assert Path(f"{out}.csv").read_bytes() == Path("out1.csv").read_bytes()
        assert Path(f"{out}.png").read_bytes() == Path("out1.png").read_bytes()


def test_the_areas_are_those_of_the_masks(place: Path) -> None:
    assert run(["segment", "photos", *FAST, "-o", "masks", "--areas", "areas.csv"]) == 0
    with open("areas.csv", newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [line["picture"] for line in lines] == [f"{at}.png" for at in range(5) for _ in range(3)]
    for line in lines:
        with Pillow.open(f"masks/{line['picture']}") as mask:
            held = np.asarray(mask) == int(line["id"])
        assert int(line["pixels"]) == held.sum()
        assert float(line["share"]) == held.mean()


@pytest.mark.slow
def test_resume_leaves_what_is_there_with_the_same_settings(place: Path, capsys: Any) -> None:
    line = ["segment", "photos", *FAST, "-o", "masks"]
    assert run(line) == 0
    first, before = times("masks"), contents("masks")
    assert run([*line, "--resume"]) == 0
    assert times("masks") == first
    assert "0 of 5 pictures done" in capsys.readouterr().err
    # Gone, changed by somebody, or of another picture now.
    os.remove("masks/0.png")
    Path("masks/1.png").write_bytes(b"somebody else's")
    Pillow.fromarray(photo(seed=9)).save("photos/2.png")
    assert run([*line, "--resume", "--jobs", "2"]) == 0
    now = times("masks")
    assert {name for name in now if now[name] != first[name]} == {"0.png", "1.png", "2.png"}
    after = contents("masks")
    assert {name for name in after if after[name] != before[name]} == {"2.png", NAME}
    # Other settings make all anew.
    assert run([*line, "--resume", "--seed", "7", "--smooth", "2"]) == 0
    assert not set(times("masks").values()) & set(now.values())
    assert run([*line, "--resume", "--seed", "7", "--smooth", "2", "--palette", "grey"]) == 0
    with Pillow.open("masks/0.png") as mask:
        assert mask.mode == "L"


@pytest.mark.parametrize("kind", ["tif", "npy", "npz", "coco", "ome-zarr", "labelme", "roi"])
def test_resume_knows_files_of_every_format(place: Path, kind: str) -> None:
    os.mkdir("out")
    if kind in ("tif", "npy", "npz"):
        line = ["segment", "photos/0.png", *FAST, "-o", f"out/m.{kind}", "--report", "out/r.json"]
    else:
        line = ["segment", "photos", *FAST, "--format", kind, "-o", "out", "--report", "reports"]
    assert run([*line, "--resume"]) == 0
    before = times("out")
    assert run([*line, "--resume"]) == 0
    assert times("out") == before
    victim = next(path for path in sorted(Path("out").rglob("*")) if path.is_file() and path.name[0] != ".")
    victim.write_bytes(b"damaged")
    assert run([*line, "--resume"]) == 0
    assert victim.read_bytes() != b"damaged"


def test_a_record_that_is_torn_or_hostile_only_costs_time(place: Path) -> None:
    line = ["segment", "photos", *FAST, "-o", "masks"]
    assert run(line) == 0
    before = times("masks")
    record = Path("masks", NAME)
    lines = record.read_bytes().splitlines()
    held = json.loads(lines[1])
    bad = [
        b"", b"{", b"[" * 100_000, b"null", b"[1]", b'{"output": "2.png"}', b"\xff\xfe",
        json.dumps({**held, "areas": [[1]]}).encode(), json.dumps({**held, "thumbnail": "?"}).encode(),
    ]  # fmt: skip
    # Whole lines count, wherever they stand; the first is torn.
    record.write_bytes(b"\n".join([lines[0][:40], *bad, *lines[1:]])[:-7])
    assert run([*line, "--resume"]) == 0
    changed = {name for name, then in times("masks").items() if then != before[name]}
    assert changed == {"0.png", "4.png"}


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_shows_all_pictures_and_runs_nothing(place: Path) -> None:
    name = "<script>alert(1)<!--'\"&.png"
    shutil.copy("photos/0.png", f"photos/{name}")
    Path("photos/broken.png").write_bytes(b"no picture")
    assert run(["segment", "photos", *FAST, "-o", "masks", "--contact-sheet", "sheet.html"]) == 1
    page = Path("sheet.html").read_text(encoding="utf-8")
    tags = Tags()
    tags.feed(page)
    kinds = [kind for kind, _ in tags.found]
    assert "script" not in kinds
    assert not any(key.startswith("on") for _, held in tags.found for key in held)
    images = [held for kind, held in tags.found if kind == "img"]
    assert len(images) == 6
    assert name in {held["alt"] for held in images}
    for held in images:
        assert (held["src"] or "").startswith("data:image/jpeg;base64,")
    links = [held["href"] or "" for kind, held in tags.found if kind == "a"]
    assert "masks/0.png" in links
    assert "is not an image" in tags.text


@pytest.mark.slow
def test_the_sheet_as_a_picture_holds_photo_and_labels(place: Path) -> None:
    assert run(["segment", "photos", *FAST, "-o", "masks", "--contact-sheet", "sheet.png"]) == 0
    with Pillow.open("sheet.png") as sheet:
        colours = {tuple(colour) for colour in np.asarray(sheet.convert("RGB")).reshape(-1, 3).tolist()}
    # The photo's red, and white paper.
    assert any(r > 180 and g < 70 and b < 70 for r, g, b in colours)
    assert (255, 255, 255) in colours


def test_one_picture_fails_the_others_are_done_and_the_reasons_are_told(place: Path, capsys: Any) -> None:
    Path("photos/1.png").write_bytes(b"")
    os.mkdir("masks")
    assert run(["segment", "photos", *FAST, "-o", "masks", "--quiet"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "gmmseg: 1.png: “1.png” is an empty file. Check that it was copied completely."
    ]
    assert run(["segment", "photos", *FAST, "-o", "masks"]) == 1
    said = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"gmmseg: 4 of 5 pictures done in [0-9.]+ s, 1 failed:", said[1])
    assert said[2].startswith("gmmseg:   1.png: ")


@pytest.mark.slow
def test_boxes_are_cut_out_in_processes_and_resumed(place: Path) -> None:
    for name in ("a", "b"):
        Pillow.fromarray(disc_rgb()).save(f"{name}.png")
    box = f"{DISC[1] - 14},{DISC[0] - 14},{DISC[1] + 15},{DISC[0] + 15}"
    lines = [f"a.png,{box},disc", f"b.png,{box},disc", "a.png,90,0,99,9,out"]
    Path("boxes.csv").write_text("file,x0,y0,x1,y1,name\n" + "\n".join(lines) + "\n")
    for n_jobs in "12":
        line = ["select", "--boxes", "boxes.csv", "--jobs", n_jobs, "-o", f"out{n_jobs}"]
        assert run([*line, "--areas", f"out{n_jobs}.csv", "--contact-sheet", f"out{n_jobs}.html"]) == 1
    assert contents("out1") == contents("out2")
    assert Path("out1.csv").read_bytes() == Path("out2.csv").read_bytes()
    with open("out1.csv", newline="") as file:
        areas = list(csv.DictReader(file))
    with Pillow.open("out1/a_disc.png") as mask:
        assert int(areas[0]["pixels"]) == (np.asarray(mask) == 255).sum()
    before = times("out1")
    assert run(["select", "--boxes", "boxes.csv", "-o", "out1", "--resume"]) == 1
    now = times("out1")
    # A picture with an object that failed is tried again.
    assert {name for name in now if now[name] != before[name]} == {"a_disc.png"}


def test_a_line_of_boxes_may_be_of_a_folder_or_a_pattern(place: Path) -> None:
    os.mkdir("discs")
    for name in ("a", "b"):
        Pillow.fromarray(disc_rgb()).save(f"discs/{name}.png")
    box = f"{DISC[1] - 14},{DISC[0] - 14},{DISC[1] + 15},{DISC[0] + 15}"
    Path("boxes.csv").write_text(f"file,x0,y0,x1,y1,name\ndiscs,{box},all\ndiscs/[b]*.png,{box},some\n")
    assert run(["select", "--boxes", "boxes.csv", "-o", "out"]) == 0
    found = contents("out")
    assert set(found) == {"a_all.png", "b_all.png", "b_some.png", NAME}
    assert found["a_all.png"] == found["b_some.png"]


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no such signals")
@pytest.mark.slow
def test_ctrl_c_ends_processes_in_order_and_resume_goes_on(place: Path) -> None:
    random = np.random.default_rng(0)
    for at in range(4):
        Pillow.fromarray(random.integers(0, 256, (700, 900, 3)).astype(np.uint8)).save(f"photos/{at}.png")
    line = ["segment", "photos", "-k", "12", "--tol", "0", "-o", "masks", "--jobs", "2"]
    code, out, said = interrupted(line, place, n_questions=15)
    assert (code, out) == (130, "")
    assert said.endswith("gmmseg: Interrupted; nothing is half written.\n")
    assert not list(Path("masks").glob("*.tmp"))
    for path in Path("masks").glob("*.png"):
        with Pillow.open(path) as mask:
            mask.load()


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--jobs", "0"], "too few"),
        (["--jobs", "two"], "not a whole number"),
        (["--contact-sheet", "sheet.gif"], "cannot be written"),
        (["--areas", "areas.txt"], "cannot be written"),
        (["--areas", "nowhere/areas.csv"], "folder “nowhere” does not exist"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_work(
    place: Path, capsys: Any, words: list[str], reason: str
) -> None:
    assert run(["segment", "photos", "-o", "masks", *words]) in (1, 2)
    assert reason in capsys.readouterr().err
    assert not list(Path().glob("masks/*.png"))
