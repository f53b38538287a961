"""Segmenting a picture beyond memory in one call."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, Unpack

from gmmseg.api.keywords import SegmentKeywords, segment_settings, takes_settings
from gmmseg.control import result_of
from gmmseg.features.spec import FeatureSpec
from gmmseg.io.tiled.opening import open_picture
from gmmseg.io.tiled.segmenting import TiledOutcome, TiledRequest, segment_tiled_events
from gmmseg.photo.settings import SegmentSettings
from gmmseg.tiled.engines import DaskCluster, Local


@takes_settings(SegmentKeywords, SegmentSettings)
def segment_tiles(
    picture: str | PathLike[str],
    output: str | PathLike[str],
    *,
    features: str | FeatureSpec = "rgb",
    frame: int = 0,
    jobs: int = 1,
    client: Any = None,
    resume: bool = False,
    skip_damaged: bool = False,
    **settings: Unpack[SegmentKeywords],
) -> TiledOutcome:
    """Fit a Gaussian mixture to all pixels of a picture of any size and write its label image.

    Memory is bounded, and the bytes are those of ``gmmseg segment`` whoever does the work.

    Parameters
    ----------
    picture : path
        Of a tiled TIFF, an OME-Zarr folder, or any other image file.
    output : path
        ``.zarr`` an OME-Zarr folder, ``.tif`` a tiled BigTIFF, both with a pyramid.
    features : str or FeatureSpec
        As for `segment`.
    frame : int
        Page or frame, from 0.
    jobs : int
        Processes of this machine.
    client : distributed.Client or str, optional
        Of a Dask cluster, or the address of its scheduler, whose workers do the work instead.
    resume : bool
        Whether to go on where an earlier call ended.
    skip_damaged : bool
        Whether parts that cannot be decoded are pixels without data.
    {settings}

    Returns
    -------
    TiledOutcome
        ``found.fit.model`` labels other pictures; ``counts`` are the pixels of each component.

    Raises
    ------
    GmmsegError
        The output is as it was; what is done is kept beside it for `resume`.
    """
    chosen = segment_settings(features, settings)
    opened = open_picture(picture, frame=frame, skips_damaged=skip_damaged)
    with Local(jobs) if client is None else DaskCluster(client) as engine:
        return result_of(segment_tiled_events(TiledRequest(opened, chosen, Path(output), resume), engine))
