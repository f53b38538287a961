"""A project of an image, however the image is given."""

from __future__ import annotations

from gmmseg.io.images import Picture, as_image
from gmmseg.photo.project import PhotoProject


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
