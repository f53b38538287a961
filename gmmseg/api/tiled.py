"""Segmenting a picture beyond memory, or labelling it by a model, in one call."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any, Unpack

from gmmseg.api.keywords import (
    ClassKeywords,
    LabelKeywords,
    adaptation_of,
    label_method,
    map_method,
    segment_settings,
    takes_settings,
)
from gmmseg.control import result_of
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import PixelSize
from gmmseg.io.models import read_model
from gmmseg.io.tiled.opening import open_picture
from gmmseg.io.tiled.segmenting import TiledOutcome, TiledRequest, segment_tiled_events
from gmmseg.mixture.settings import Adaptation
from gmmseg.photo.classes import ClassTable, check_classes
from gmmseg.photo.given import GivenModel
from gmmseg.photo.model import Model
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.tiled.engines import DaskCluster, Local
from gmmseg.tiled.labelling import field_maps


@takes_settings(LabelKeywords, SegmentSettings, MapSettings, RegionSettings)
def segment_tiles(
    picture: str | PathLike[str],
    output: str | PathLike[str],
    *,
    features: str | FeatureSpec = "rgb",
    classes: ClassTable | None = None,
    probabilities: str | PathLike[str] | None = None,
    frame: int = 0,
    pixel_size: float | None = None,
    jobs: int = 1,
    client: Any = None,
    resume: bool = False,
    skip_damaged: bool = False,
    **settings: Unpack[LabelKeywords],
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
    classes : ClassTable, optional
        Names, colours and merges of the components, as many as the mixture gets; else each is a class.
    probabilities : path, optional
        Also the probability of each class at each pixel, in 255ths: ``.zarr`` or ``.tif``.
    frame : int
        Page or frame, from 0.
    pixel_size : float, optional
        Side of a pixel in micrometres, which the outputs tell; what the picture's file tells where None.
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
        The outputs are as they were; what is done is kept beside them for `resume`.
    """
    maps, others = map_method(settings)
    chosen = segment_settings(features, others)
    if classes is not None:
        check_classes(classes)
    heat = None if probabilities is None else Path(probabilities)
    fields = field_maps(maps.settings, maps.regions)
    opened = open_picture(picture, frame=frame, skips_damaged=skip_damaged)
    request = TiledRequest(
        opened, chosen, Path(output), resume, classes, fields, heat, pixel_size=_square(pixel_size)
    )
    return _run(request, jobs, client)


@takes_settings(ClassKeywords, MapSettings, RegionSettings)
def apply_tiles(
    model: Model | str | PathLike[str],
    picture: str | PathLike[str],
    output: str | PathLike[str],
    *,
    adapt: float | Adaptation | None = None,
    probabilities: str | PathLike[str] | None = None,
    frame: int = 0,
    pixel_size: float | None = None,
    jobs: int = 1,
    client: Any = None,
    resume: bool = False,
    skip_damaged: bool = False,
    **settings: Unpack[ClassKeywords],
) -> TiledOutcome:
    """Label a picture of any size with a fitted model and write its label image; see `apply`.

    Parameters
    ----------
    model : Model, or path of a model file
    picture, output, probabilities, frame, pixel_size, jobs, client, resume, skip_damaged
        As for `segment_tiles`.
    adapt : float or Adaptation, optional
        As for `apply`.
    {settings}

    Returns
    -------
    TiledOutcome

    Raises
    ------
    GmmsegError
        The outputs are as they were; what is done is kept beside them for `resume`.
    """
    maps = label_method(settings)
    given = GivenModel(model if isinstance(model, Model) else read_model(model), "", adaptation_of(adapt))
    heat = None if probabilities is None else Path(probabilities)
    fields = field_maps(maps.settings, maps.regions)
    opened = open_picture(picture, frame=frame, skips_damaged=skip_damaged)
    request = TiledRequest(
        opened,
        given,
        Path(output),
        resume,
        maps=fields,
        probabilities=heat,
        pixel_size=_square(pixel_size),
    )
    return _run(request, jobs, client)


def _square(side: float | None) -> PixelSize | None:
    return None if side is None else (side, side)


def _run(request: TiledRequest, jobs: int, client: Any) -> TiledOutcome:
    with Local(jobs) if client is None else DaskCluster(client) as engine:
        return result_of(segment_tiled_events(request, engine))
