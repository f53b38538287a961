"""PhotoProject: what is kept of the work on an image, and what of it would be lost."""

from __future__ import annotations

import time
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from gmmseg.arrays import LabelArray
from gmmseg.editing.history import Entry, History
from gmmseg.editing.project import Project
from gmmseg.errors import EditError
from gmmseg.image import Image
from gmmseg.mixture.params import FitResult
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Document, open_image
from gmmseg.photo.objects.edits import add_object
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch
from gmmseg.setting import is_settings


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class PhotoProject(Project[Document]):
    """A project of one image, immutable.

    Parameters
    ----------
    history : History of Document
        All of one image.
    view : dict
        Plain values, of the window alone.
    """

    kind: ClassVar[str] = "photo"
    subject: ClassVar[str] = "image"

    def __repr__(self) -> str:
        image = self.image
        size = f"{image.width} × {image.height} pixels"
        return f"PhotoProject(“{image.source.name}” of {size}, {self.summary})"

    @staticmethod
    def of_image(image: Image) -> PhotoProject:
        """Return the project of an image on which nothing has been done."""
        return PhotoProject(History(Entry(open_image(image).apply(Document()), "", time=time.time())))

    @property
    def image(self) -> Image:
        """The image; `numpy.asarray` gives its pixels, (H, W, C) or (H, W)."""
        image = self.document.image
        if image is None:
            raise ValueError("a project without an image")
        return image

    @property
    def objects(self) -> LabelArray:
        """The id of each pixel's object, (H, W), 0 where there is none; uint8 where ids are below 255.

        Of a picture beyond memory they are in the pixels of its overview; `export` writes all of them.
        """
        image = self.image
        found = self.document.objects_in_image
        return (ObjectMap.empty((image.height, image.width)) if found is None else found).instance_ids()

    @property
    def names(self) -> dict[int, str]:
        """The name of each object, by id."""
        return {entry.id: entry.name for entry in self.document.object_map}

    @property
    def fit(self) -> FitResult | None:
        """The result of the last finished fit, with its parameters and its steps."""
        fit = self.document.fit
        return None if fit is None else fit.result

    def with_object(self, mask: ArrayLike, name: str) -> PhotoProject:
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
        return self.edited(add_object(Patch.of(pixels, step=self.image.step_of_levels), name))

    @classmethod
    def subject_of(cls, document: Document) -> Image | None:
        return document.image

    @staticmethod
    def is_missing(subject: Image | None) -> bool:
        return subject is not None and subject.source.is_missing

    @property
    def subject_name(self) -> str:
        return self.image.source.name

    @property
    def summary(self) -> str:
        n_objects = len(self.document.objects or ())
        return "1 object" if n_objects == 1 else f"{n_objects:,} objects"

    @staticmethod
    def has_work(document: Document) -> bool:
        made = [
            (getattr(document, each.name), getattr(_EMPTY, each.name))
            for each in fields(Document)
            if each.name not in _COMPUTED
        ]
        return _has_own_classes(document.classes) or any(
            value != at_first and not is_settings(type(value)) for value, at_first in made
        )

    @staticmethod
    def differs(document: Document, saved: Document) -> bool:
        # What is pending is not an object yet, and a fit that was not there when it was saved is made again.
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


_COMPUTED = ("image", "fit", "classes", "pending")
"""Fields of a document that are not told from their values alone whether a person made them."""
_EMPTY = Document()


def _has_own_classes(classes: ClassTable) -> bool:
    return any(
        entry.name != f"Class {entry.id}"
        or len(entry.components) > 1
        or entry.is_locked
        or entry.has_own_colour
        for entry in classes
    )
