"""Foreground masks of a series of frames."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from os import PathLike
from typing import Unpack

from gmmseg.api.keywords import BackgroundKeywords, takes_settings, with_keywords
from gmmseg.arrays import BoolArray
from gmmseg.frames.background import foreground as foreground_of
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.io.images import Picture, as_image, read_frames


@takes_settings(BackgroundKeywords, BackgroundSettings)
def foreground(
    frames: str | PathLike[str] | Iterable[Picture], **settings: Unpack[BackgroundKeywords]
) -> Iterator[BoolArray]:
    """Tell what is in front of the background in each frame of a series, as ``gmmseg frames`` does.

    A mixture of few Gaussians at each pixel follows the background as it changes. Frames are taken one at a
    time, and memory does not grow with their number.

    Parameters
    ----------
    frames : path of a file of frames or of a folder, or iterable of arrays (H, W) or (H, W, C)
        Of one size and kind, in their order.
    {settings}

    Returns
    -------
    iterator of bool arrays (H, W)
        True in front; all of the first frame is.

    Raises
    ------
    SettingsError, ReadError, BudgetError
    """
    wanted = with_keywords(BackgroundSettings(), settings)
    images = read_frames(frames) if isinstance(frames, str | os.PathLike) else map(as_image, frames)
    return (mask for _, mask in foreground_of(images, wanted))
