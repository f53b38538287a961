"""Project: what is kept of the work on an image: the document, the steps that led there, and the view."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from gmmseg.arrays import LabelArray
from gmmseg.editing import Edit
from gmmseg.errors import EditError
from gmmseg.history import Entry, History
from gmmseg.image import Image
from gmmseg.mixture.params import FitResult
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Document, open_image
from gmmseg.photo.objects.edits import add_object
from gmmseg.photo.objects.patch import Patch
from gmmseg.setting import is_settings


@dataclass(frozen=True, slots=True, eq=False)
class Project:
    """A document, its history and how it was looked at, immutable.

    Parameters
    ----------
    history : History of Document
        All of one image.
    view : dict
        Plain values, of the window alone.
    """

    history: History[Document]
    view: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        image = self.image
        size = f"{image.width} × {image.height} pixels"
        objects = "1 object" if len(self.names) == 1 else f"{len(self.names)} objects"
        return f"Project(“{image.source.name}” of {size}, {objects})"

    @staticmethod
    def of_image(image: Image) -> Project:
        """Return the project of an image on which nothing has been done."""
        return Project(History(Entry(open_image(image).apply(Document()), "", time=time.time())))

    @property
    def document(self) -> Document:
        """The present document."""
        return self.history.present.state

    @property
    def image(self) -> Image:
        """The image; `numpy.asarray` gives its pixels, (H, W, C) or (H, W)."""
        image = self.document.image
        if image is None:
            raise ValueError("a project without an image")
        return image

    @property
    def objects(self) -> LabelArray:
        """The id of each pixel's object, (H, W), 0 where there is none; uint8 where ids are below 255."""
        return self.document.object_map.instance_ids()

    @property
    def names(self) -> dict[int, str]:
        """The name of each object, by id."""
        return {entry.id: entry.name for entry in self.document.object_map}

    @property
    def fit(self) -> FitResult | None:
        """The result of the last finished fit, with its parameters and its steps."""
        fit = self.document.fit
        return None if fit is None else fit.result

    def edited(self, edit: Edit[Document]) -> Project:
        """Return the project after an edit, which can be undone; raises what the edit raises."""
        document = edit.apply(self.document)
        return replace(self, history=self.history.pushed(document, edit.title, edit.merge_key, time.time()))

    def with_object(self, mask: ArrayLike, name: str) -> Project:
        """Return the project with another object, which takes its pixels from those that are not locked.

        Parameters
        ----------
        mask : (H, W) array
            Not zero where the pixel is the object's.
        name : str

        Raises
        ------
        EditError
            The mask does not fit the image, or nothing is left for the object.
        """
        pixels = np.asarray(mask) != 0
        if pixels.shape != (self.image.height, self.image.width):
            raise EditError(
                f"A mask of {' × '.join(map(str, pixels.shape))} does not fit the image of "
                f"{self.image.height} × {self.image.width} pixels.",
                "Give one value for each pixel.",
            )
        return self.edited(add_object(Patch.of(pixels), name))


_COMPUTED = ("image", "fit", "classes", "pending")
"""Fields of a document that are not told from their values alone whether a person made them."""


def has_work(document: Document) -> bool:
    """Whether a document holds what a person made by hand; settings alone are soon set again."""
    made = [
        (getattr(document, each.name), getattr(_EMPTY, each.name))
        for each in fields(Document)
        if each.name not in _COMPUTED
    ]
    return _has_own_classes(document.classes) or any(
        value != at_first and not is_settings(type(value)) for value, at_first in made
    )


def differs(document: Document, saved: Document) -> bool:
    """Whether something of a document would be lost that is not in the one that was saved.

    What is pending is not an object yet, and a fit that was not there when it was saved is made again.
    """
    had_fit = saved.fit is not None
    return (
        any(
            getattr(document, each.name) != getattr(saved, each.name)
            for each in fields(Document)
            if each.name not in _COMPUTED
        )
        or (had_fit and document.fit is not saved.fit)
        or (document.classes != saved.classes and (had_fit or _has_own_classes(document.classes)))
    )


def _has_own_classes(classes: ClassTable) -> bool:
    return any(
        entry.name != f"Class {entry.id}"
        or len(entry.components) > 1
        or entry.is_locked
        or entry.has_own_colour
        for entry in classes
    )


_EMPTY = Document()
