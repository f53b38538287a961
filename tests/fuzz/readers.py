"""Coverage-guided fuzzing of everything that reads files: ``python -m tests.fuzz.readers TARGET FOLDER``.

Needs atheris (``pip install atheris``). TARGET is one of `TARGETS`. FOLDER keeps the corpus between runs,
which starts with the built files of the tests and, where the data folder is beside the checkout, its bad
inputs; findings lie in its sub-folder ``findings``, one of each kind with its traceback. Further arguments
are libFuzzer's, such as ``-max_total_time=3600``. A hang or too much memory ends the run with an artifact.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import io
import sys
import tempfile
import traceback
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, cast

with suppress(ImportError):
    import atheris

    # Coverage is counted in what is imported in this block.
    with atheris.instrument_imports(include=["gmmseg.io", "PIL", "tifffile", "zipfile", "numpy.lib"]):
        for _module in (
            "images",
            "pillow_reading",
            "tiff_reading",
            "models",
            "digits.models",
            "digits.reading",
            "table_reading",
            "object_reading",
            "projects.file.reading",
        ):
            importlib.import_module(f"gmmseg.io.{_module}")

import numpy as np

from gmmseg.control import never_stop, result_of
from gmmseg.digits.generative import digit_model
from gmmseg.errors import GmmsegError
from gmmseg.io.digits.models import dump_digit_model, load_digit_model
from gmmseg.io.digits.reading import read_digits_events
from gmmseg.io.export import export_events
from gmmseg.io.export_items import ExportItem, ExportKind
from gmmseg.io.images import read_image_bytes
from gmmseg.io.models import dump_model, load_model
from gmmseg.io.npy import encode_npy
from gmmseg.io.object_reading import read_objects
from gmmseg.io.object_source import ObjectSource
from gmmseg.io.projects.archive import Member, pack
from gmmseg.io.projects.file.reading import read_project_events
from gmmseg.io.table_reading import read_table
from gmmseg.limits import MIB, budget_of
from gmmseg.photo.objects.sources import objects_of_ids
from tests.core.io.test_model_files import a_model
from tests.data import bad_images, digits, images
from tests.data.projects.build import DIGITS, LABORATORIES, VERSIONS
from tests.data.shared import SHARED
from tests.data.states import make_image

M = TypeVar("M")
MARKED_SHAPE = (16, 24)
LIMITS = ("-max_len=65536", "-timeout=25", "-rss_limit_mb=2500", "-print_final_stats=1", "-len_control=20")


def read_images(data: bytes) -> None:
    """Read bytes as an image file: the first frame or, for every other length, the second."""
    image = read_image_bytes(data, "fuzzed.png", frame=len(data) % 2)
    held = image.pixels if image.mask is None else image.pixels[image.mask]
    if not held.size or not np.isfinite(held).all():
        raise ValueError("an image without finite values was let through")


def read_digits(data: bytes) -> None:
    """Read bytes as digits: the first byte says as which file of a folder, or as a file alone."""
    name = ("train-images-idx3-ubyte", "images.npz", "a.png", "alone")[data[0] % 4 if data else 0]
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        (Path(folder) / name).write_bytes(data[1:])
        result_of(read_digits_events(Path(folder) / (name if name == "alone" else "")))


def read_models(data: bytes) -> None:
    """Read bytes as a model of an image and as one of digits; what is read must come back as written."""
    with suppress(GmmsegError):
        check_returns(load_model(data), load_model, dump_model)
    check_returns(load_digit_model(data), load_digit_model, dump_digit_model)


def members_of(project: Path) -> dict[str, bytes]:
    """Return the members of a project."""
    with zipfile.ZipFile(project) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != "mimetype"}


def project_parts() -> list[tuple[Path, str]]:
    """Return the parts of a project of each kind, that of a photo with its image along."""
    projects = (VERSIONS[-1], *DIGITS, *LABORATORIES)
    return [(project, name) for project in projects for name in members_of(project)]


def read_projects(data: bytes) -> None:
    """Read bytes as one part of a project, the first byte says which, or as the whole file."""
    parts = project_parts()
    at = data[0] % (len(parts) + 1) if data else 0
    if at < len(parts):
        project, changed = parts[at]
        members = {**members_of(project), changed: data[1:]}
        data = b"-" + pack(Member(name, part) for name, part in members.items())
    result_of(read_project_events(io.BytesIO(data[1:]), Path("fuzzed.gmmseg"), None, never_stop))


def check_returns(model: M, load: Callable[[bytes], M], dump: Callable[[M], bytes]) -> None:
    """Raise `ValueError` where a model that was read does not come back as it is written."""
    written = dump(model)
    if dump(load(written)) != written:
        raise ValueError("a model does not come back as it was written")


def read_tables(data: bytes) -> None:
    """Read bytes as a table of numbers."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(data)
        if not np.isfinite(read_table(path).values).all():
            raise ValueError("a table without finite values was let through")


def read_marked(data: bytes) -> None:
    """Read bytes as objects of an image."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        path = Path(folder) / "m"
        path.write_bytes(data)
        if read_objects(path, MARKED_SHAPE).shape != MARKED_SHAPE:
            raise ValueError("objects of another size were let through")


def image_seeds() -> Iterator[bytes]:
    """Yield good and bad image files."""
    yield from images.good_files().values()
    yield from bad_images.bad_files().values()
    if (folder := SHARED / "bad_inputs").is_dir():
        yield from (path.read_bytes() for path in sorted(folder.iterdir()))


def digit_seeds() -> Iterator[bytes]:
    """Yield IDX files, archives and pictures after the byte that says which they are."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        digits.write_idx_folder(folder)
        np.savez(folder / "a.npz", images=digits.pictures(), labels=digits.labels())
        np.savez_compressed(folder / "b.npz", x_train=digits.pictures(), y_train=digits.labels())
        for path in sorted(folder.iterdir()):
            kinds = b"\1\3" if path.suffix == ".npz" else b"\0\3"
            yield from (bytes([kind]) + path.read_bytes() for kind in kinds)
    yield from (b"\2" + data for data in image_seeds() if len(data) < 4096)


def model_seeds() -> Iterator[bytes]:
    """Yield models of images and of digits."""
    yield dump_model(a_model())
    yield dump_digit_model(digit_model(digits.pictures(), np.arange(12) % 2, 2, "x"))


def table_seeds() -> Iterator[bytes]:
    """Yield tables as text and as arrays."""
    rows = np.arange(6.0).reshape(3, 2)
    yield from (b"a,b\n1,2\n3,4\n", b'"a;1"\t b\r\n1e5\t-.5\r\n', b"1;2\n\n3;x\n", "a\n1\n".encode("utf-16"))
    yield encode_npy(rows)
    yield encode_npy(np.asfortranarray(rows, ">f4"))
    buffer = io.BytesIO()
    np.savez_compressed(buffer, values=rows, component=np.ones(3))
    yield buffer.getvalue()


def object_seeds() -> Iterator[bytes]:
    """Yield objects in each form that they are written in."""
    ids = np.zeros(MARKED_SHAPE, dtype=np.uint16)
    ids[2:9, 3:8], ids[4:6, 4:6], ids[10:, ::2] = 1, 0, 300
    source = ObjectSource(make_image(2, *MARKED_SHAPE), objects_of_ids(ids), "", {})
    forms = {".png": "mask", ".tif": "mask", ".npy": "mask", ".npz": "mask", ".ome.tif": "ome-tiff"}
    forms |= {".json": "coco", ".labelme.json": "labelme", ".geojson": "geojson", ".zip": "roi"}
    forms[".svg"] = "svg"
    with tempfile.TemporaryDirectory() as folder:
        for suffix, kind in forms.items():
            item = ExportItem(Path(folder) / f"m{suffix}", cast(ExportKind, kind))
            result_of(export_events(source, [item]))
            yield item.path.read_bytes()


def project_seeds() -> Iterator[bytes]:
    """Yield each part of the projects, and these as a whole, after the byte that says which it is."""
    parts = project_parts()
    yield from (bytes([at]) + members_of(project)[name] for at, (project, name) in enumerate(parts))
    yield from (bytes([len(parts)]) + file.read_bytes() for file in (VERSIONS[-1], *DIGITS, *LABORATORIES))


TARGETS: dict[str, tuple[Callable[[bytes], None], Callable[[], Iterator[bytes]]]] = {
    "images": (read_images, image_seeds),
    "digits": (read_digits, digit_seeds),
    "models": (read_models, model_seeds),
    "tables": (read_tables, table_seeds),
    "projects": (read_projects, project_seeds),
    "objects": (read_marked, object_seeds),
}


def place_of(error: BaseException) -> str:
    """Return the kind of an exception and where it came from, by which findings are told apart."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}"


def main(arguments: list[str]) -> None:
    """Run the fuzzer until it is ended or its time is over."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("folder", type=Path)
    options, further = parser.parse_known_args(arguments)
    read, seeds = TARGETS[options.target]
    corpus, findings = options.folder / options.target, options.folder / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)

    def run(data: bytes) -> None:
        try:
            with suppress(GmmsegError), budget_of(256 * MIB):
                read(data)
        except Exception as error:
            # Kept and gone on from: one shallow finding would hide all deeper ones.
            file = findings / f"{options.target}-{place_of(error)}"
            if not file.exists():
                file.write_bytes(data)
                file.with_name(f"{file.name}.txt").write_text(traceback.format_exc())

    artifacts = f"-artifact_prefix={findings}/{options.target}-"
    atheris.Setup([sys.argv[0], *LIMITS, artifacts, *further, str(corpus)], run)
    atheris.Fuzz()


if __name__ == "__main__":
    if "atheris" not in sys.modules:
        sys.exit("Fuzzing needs atheris: pip install atheris")
    main(sys.argv[1:])
