"""CopyRequest: a picture or a text that is to be made in the background and put on the clipboard."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from gmmseg.arrays import LabelArray
from gmmseg.control import ShouldStop
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Document

if TYPE_CHECKING:
    from gmmseg.io.export_items import ExportKind

# What makes them is imported with the first copy: the window is there sooner without it.


@dataclass(frozen=True, slots=True, eq=False)
class CopyRequest:
    """Request for a picture or a text.

    Parameters
    ----------
    make : callable
        Returns it.
    note : str
        What is said once it is on the clipboard.
    """

    make: Callable[[ShouldStop], QImage | str]
    note: str


def copied(request: CopyRequest, should_stop: ShouldStop) -> QImage | str:
    """Return what is to be put on the clipboard."""
    return request.make(should_stop)


def object_content(
    document: Document, chosen: Collection[int], kind: ExportKind, should_stop: ShouldStop
) -> QImage | str:
    """Return objects, those of the ids chosen or all, as an export of one file writes them."""
    from ui.photo.export_work import object_content

    return object_content(document, chosen, kind, should_stop)


def mask_content(labels: LabelArray, classes: ClassTable, should_stop: ShouldStop) -> QImage:
    """Return a label map as a picture of class ids."""
    from ui.photo.export_work import mask_picture

    return mask_picture(labels, classes)
