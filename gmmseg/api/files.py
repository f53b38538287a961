"""Files for scripts: models read, masks and everything else that a result holds written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from gmmseg.api.segmenting import Partition, Segmented
from gmmseg.batch.documents import Subject, as_in_document, document_source_events
from gmmseg.control import result_of
from gmmseg.digits.generative import DigitModel
from gmmseg.display import display_of
from gmmseg.errors import WriteError
from gmmseg.io.atomic import write_atomically
from gmmseg.io.digits.export_items import DIGIT_SUFFIXES, DigitExportItem, DigitExportKind
from gmmseg.io.digits.models import FORMAT as DIGIT_FORMAT
from gmmseg.io.digits.models import load_digit_model
from gmmseg.io.export import export_events
from gmmseg.io.export_items import SUFFIXES, ZERO_BASED_KINDS, ExportItem, ExportKind, check_items
from gmmseg.io.export_sources import ExportSource
from gmmseg.io.file_kinds import telling_what_it_is
from gmmseg.io.images import Picture, as_image
from gmmseg.io.masks import PaletteName, encode_mask
from gmmseg.io.models import FORMAT, TABLE_FORMAT, load_table_model, model_format, read_model_bytes
from gmmseg.io.models import load_model as model_in
from gmmseg.io.object_masks import MASK_SUFFIXES, encode_object_mask
from gmmseg.io.outputs import check_suffix
from gmmseg.io.table_export import TABLE_SUFFIXES, TableExportItem, TableExportKind, table_export_events
from gmmseg.mixture.threads import one_blas_thread
from gmmseg.photo.classes import default_classes
from gmmseg.photo.model import Model
from gmmseg.photo.project import PhotoProject
from gmmseg.tables.fitting import TableFit, TableModel

if TYPE_CHECKING:
    from gmmseg.digits.experiment import ExperimentOutcome

Path_ = str | PathLike[str]
_NEEDED = "Give a model: “--model FILE.json” of “segment”, “fit” or “mnist”, or an export makes one."
_LOADERS: dict[str, Callable[[bytes], Model | DigitModel | TableModel]] = {
    FORMAT: model_in,
    TABLE_FORMAT: load_table_model,
    DIGIT_FORMAT: load_digit_model,
}
_MOST_IDS = 65534
_K = TypeVar("_K", bound=str)


def load_model(path: Path_) -> Model | DigitModel | TableModel:
    """Read a model that was saved by this function's counterpart `export`, the command line or the window.

    Parameters
    ----------
    path : str or path-like
        A JSON file.

    Returns
    -------
    Model, DigitModel or TableModel
        Of the colours of a picture, for `apply` and `sample`; of digits, for `sample`; or of the rows of a
        table, whose densities and components of other rows it tells.

    Raises
    ------
    ReadError
        There is no such file, or it may not be read.
    ModelError
        It holds no model; the sentence names the field.
    """
    data = read_model_bytes(path)
    with telling_what_it_is(Path(path), data, tuple(_LOADERS), _NEEDED):
        return _LOADERS.get(model_format(data), model_in)(data)


def new_project(image: Picture) -> PhotoProject:
    """Return a project on which nothing has been done yet.

    Parameters
    ----------
    image : path, Image, or (H, W) or (H, W, C) array
        The pixels of an array are saved with the project; a file is referred to.

    Raises
    ------
    ReadError, BudgetError
        It is no image that is read.
    """
    return PhotoProject.of_image(as_image(image))


def save_mask(
    mask: Segmented | Partition | ArrayLike,
    path: Path_,
    *,
    zero_based: bool = False,
    palette: PaletteName = "class",
) -> Path:
    """Write a mask in one step: the old or the new file is there, whatever happens.

    Parameters
    ----------
    mask : Segmented, Partition, bool array (H, W) or int array (H, W)
        A result, with the names and colours of its classes; one object, written as 0 and 255; or labels, of
        which 0 is no class.
    path : str or path-like
        By its extension .png, .tif, .npy or, of a result, .npz.
    zero_based : bool
        Component indices from 0 instead of class ids from 1; results only.
    palette : {"class", "voc", "grey"}
        Colours of a PNG of labels, or none: plain grey values, which every reader returns as they are.

    Returns
    -------
    Path
        Of the file.

    Raises
    ------
    WriteError
        The mask is no such array, its values do not fit in 16 bits, or the file cannot be written.
    """
    if isinstance(mask, Segmented | Partition):
        return export(mask, {"mask": path}, zero_based=zero_based, palette=palette)[0]
    place, values = Path(path), np.asarray(mask)
    if values.ndim != 2 or values.dtype.kind not in "bui":
        raise WriteError(
            f"An array {values.shape} of {values.dtype} is no mask.",
            "Give booleans or whole numbers, (H, W).",
        )
    check_suffix(place, "mask", MASK_SUFFIXES)
    if values.dtype.kind == "b":
        content = encode_object_mask(place.suffix, values)
    else:
        highest = int(values.max(initial=0))
        if values.min(initial=0) < 0 or highest > _MOST_IDS:
            raise WriteError("The labels do not fit in 16 bits.", f"Number them from 0 to {_MOST_IDS}.")
        ids = values.astype(np.uint8 if highest < 255 else np.uint16)
        content = encode_mask(place.suffix, ids, default_classes(highest), palette=palette)
    write_atomically(place, content)
    return place


def export(
    result: Segmented | Partition | ExperimentOutcome | TableFit | PhotoProject,
    files: Mapping[ExportKind | DigitExportKind | TableExportKind, Path_],
    *,
    zero_based: bool = False,
    palette: PaletteName = "class",
    opacity: float = 0.5,
    subject: Subject = "classes",
    min_part: int = 1,
    pixel_size: float | None = None,
    display: Sequence[Sequence[float]] | None = None,
) -> list[Path]:
    """Write files of a result, the same bytes as the command line and the window; all are encoded first.

    Parameters
    ----------
    result : Segmented, Partition, ExperimentOutcome, TableFit or PhotoProject
        What `segment`, `apply`, `regions`, `cluster_digits`, `fit_table` or `open_project` returned.
    files : mapping of kind to path
        The kinds of pictures are ``mask``, ``legend``, ``probabilities``, ``overlay``, ``model``, ``report``,
        ``table``, ``parts``, ``coco``, ``geojson``, ``labelme``, ``roi``, ``svg``, ``ome-tiff`` and
        ``ome-zarr``; those of digits ``assignments``, ``figure``, ``model`` and ``report``; those of tables
        ``rows``, ``probabilities``, ``model`` and ``report``. A .npy mask gets its legend beside it.
    zero_based : bool
        Masks, legends and OME-TIFF hold component indices from 0 instead of class ids from 1.
    palette : {"class", "voc", "grey"}
        Colours of a PNG mask.
    opacity : float
        Of the labels over the photo, 0 to 1.
    subject : {"classes", "regions", "objects"}
        What of a project is written; objects alone have the kinds ``semantic``, ``binary`` and ``cutout``,
        and ``binaries`` and ``cutouts``, folders with a file for each object.
    min_part : int
        Pixels of the smallest connected part of a class that is listed in ``parts``.
    pixel_size : float, optional
        Side of a pixel in micrometres, for tables; what the project or the file of the picture tells where
        None.
    display : sequence of (low, high) or (low, high, gamma), optional
        The stored values that overlays and cut-outs show as black and as white, for each channel or, if there
        is one entry, for all; as the project or the window, on opening the picture, shows it where None.

    Returns
    -------
    list of Path
        Of the files written.

    Raises
    ------
    WriteError
        A file cannot be written, or the result has nothing of that kind.
    """
    if isinstance(result, TableFit):
        rows = [TableExportItem(path, kind) for kind, path in _of_kinds(files, TABLE_SUFFIXES)]
        return result_of(table_export_events(result, rows, "gmmseg.fit_table"))
    if not isinstance(result, Segmented | Partition | PhotoProject):
        return _export_digits(result, _of_kinds(files, DIGIT_SUFFIXES))
    size = None if pixel_size is None else (pixel_size, pixel_size)
    shown = None if display is None else display_of(display)
    items = [
        ExportItem(
            path, kind, zero_based and kind in ZERO_BASED_KINDS, palette, opacity, min_part, size, shown
        )
        for kind, path in _of_kinds(files, SUFFIXES)
    ]
    check_items(items)
    source: ExportSource
    if isinstance(result, PhotoProject):
        items = as_in_document(items, result.document, subject)
        needs_mixture = "table" in files
        with one_blas_thread():
            source = result_of(
                document_source_events(result.document, subject, "gmmseg.export", needs_mixture=needs_mixture)
            )
    else:
        source = result.source
    return result_of(export_events(source, items))


def _of_kinds(files: Mapping[Any, Path_], known: Mapping[_K, object]) -> list[tuple[_K, Path]]:
    for kind in files:
        if kind not in known:
            raise WriteError(f"This result has no file of kind “{kind}”.", f"Choose {', '.join(known)}.")
    return [(kind, Path(path)) for kind, path in files.items()]


def _export_digits(outcome: ExperimentOutcome, files: list[tuple[DigitExportKind, Path]]) -> list[Path]:
    # Here, so that masks do not wait for what digits need.
    from gmmseg.io.digits.export import digit_export_events

    items = [DigitExportItem(path, kind) for kind, path in files]
    return result_of(digit_export_events(outcome, items, "gmmseg.cluster_digits"))
