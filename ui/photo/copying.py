"""CopyRequest: objects that are to be put on the clipboard, as a file of them would hold them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QImage

from gmmseg.control import ShouldStop
from gmmseg.photo.document import Document

if TYPE_CHECKING:
    from gmmseg.io.export_items import ExportKind


@dataclass(frozen=True, slots=True, eq=False)
class CopyRequest:
    """Request for objects of a document as a picture or as text.

    Parameters
    ----------
    document : Document
    chosen : tuple of int
        Ids of those that are meant; empty is all.
    kind : str
        Of an export of one file: a PNG is copied as a picture, all else as text.
    """

    document: Document
    chosen: tuple[int, ...]
    kind: ExportKind


def copied(request: CopyRequest, should_stop: ShouldStop) -> QImage | str:
    """Return what is to be put on the clipboard."""
    # Imported with the first copy: the window is there sooner without it.
    from ui.photo.export_work import object_content

    return object_content(request.document, request.chosen, request.kind, should_stop)
