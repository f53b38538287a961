"""Segmenting a picture in one call: by a mixture, by a saved model, or into regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from typing import Any, Unpack

import numpy as np

from gmmseg.api.keywords import (
    ClassKeywords,
    LabelKeywords,
    RegionKeywords,
    SegmentKeywords,
    adaptation_of,
    label_method,
    map_method,
    region_settings,
    segment_settings,
    takes_settings,
    with_keywords,
)
from gmmseg.arrays import AnyArray, ByteArray, Float32Array, FloatArray, frozen
from gmmseg.batch.joint import joint_fit_events
from gmmseg.batch.methods import AppliedModel, FittedMixture, GrownRegions, region_source
from gmmseg.control import never_stop, result_of
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image
from gmmseg.io.export_sources import ExportSource, MixtureSource, RegionSource
from gmmseg.io.images import Picture, as_image
from gmmseg.io.masks import mask_ids
from gmmseg.io.models import read_model
from gmmseg.io.object_reading import Marked
from gmmseg.mixture.settings import Adaptation
from gmmseg.mixture.threads import one_blas_thread
from gmmseg.photo.classes import ClassTable, check_classes
from gmmseg.photo.model import Model
from gmmseg.photo.segmentation import uncertainty
from gmmseg.photo.settings import TAUGHT_BY, MapSettings, SegmentSettings
from gmmseg.regions.outcome import region_events
from gmmseg.regions.settings import RegionSettings
from gmmseg.regions.table import RegionTable, region_table


@dataclass(frozen=True, eq=False)
class Segmented:
    """A picture labelled by a mixture; arrays are read-only.

    Parameters
    ----------
    source : MixtureSource
        What `export` writes from.
    """

    source: MixtureSource

    def __repr__(self) -> str:
        return f"Segmented({_named(self.image)}, {len(self.classes)} classes)"

    @property
    def image(self) -> Image:
        """The picture: its pixels, channels, mask of data and where it came from."""
        return self.source.image

    @cached_property
    def labels(self) -> AnyArray:
        """Class ids from 1, 0 where there is no data, uint8 or uint16 (H, W): the values of a mask file."""
        return _labels(self.source)

    @cached_property
    def probabilities(self) -> Float32Array:
        """The probability of each class at each pixel, float32 (C, H, W), in the order of `classes`."""
        return frozen(np.stack(list(self.source.planes(never_stop))))

    @cached_property
    def uncertainty(self) -> ByteArray:
        """Entropy of each pixel's posteriors over ln K, in 255ths, (H, W): 0 where a component has it all."""
        return uncertainty(self.source.segmentation, self.source.table)

    @property
    def classes(self) -> ClassTable:
        """Id, name, colour and components of each class."""
        return self.source.classes

    @property
    def model(self) -> Model:
        """The model with which `apply` labels other pictures and from which `sample` draws."""
        return self.source.fit.model

    @property
    def n_components(self) -> int:
        """Components of the mixture, K: fewer than were asked for where there are not so many colours."""
        return self.model.params.n_components

    @property
    def weights(self) -> FloatArray:
        """Mixing coefficients, (K,), falling where the mixture was fitted here."""
        return self.model.params.weights

    @property
    def means(self) -> FloatArray:
        """Means in the units of the features, (K, D)."""
        return self.model.means

    @property
    def covariances(self) -> FloatArray:
        """Covariances in squared units of the features, (K, D, D)."""
        return self.model.matrices

    @property
    def history(self) -> list[float]:
        """The mean log-likelihood per pixel at each iteration, nats; one value where it is applied."""
        values: list[float] = self.report["history"]
        return values

    @property
    def log_likelihood(self) -> float:
        """Sum over the pixels, nats."""
        return float(self.report["log_likelihood"])

    @property
    def bic(self) -> float:
        """The Bayesian information criterion, -2 L + p ln n: lower is better."""
        return float(self.report["bic"])

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about the fit."""
        return self.source.warnings

    @cached_property
    def report(self) -> dict[str, Any]:
        """All figures of the run as plain values, as the command line's ``--report`` writes them."""
        return self.source.figures()


@dataclass(frozen=True, eq=False)
class Partition:
    """A picture as connected regions, one cut of a tree; arrays are read-only.

    Parameters
    ----------
    source : RegionSource
        What `export` writes from.
    """

    source: RegionSource

    def __repr__(self) -> str:
        return f"Partition({_named(self.image)}, {self.n_regions} regions)"

    @property
    def image(self) -> Image:
        """The picture."""
        return self.source.image

    @cached_property
    def labels(self) -> AnyArray:
        """Regions from 1 in reading order, 0 where there is no data, (H, W): the values of a mask file."""
        return _labels(self.source)

    @property
    def n_regions(self) -> int:
        """Number of regions."""
        return self.source.outcome.regions.n_regions

    @cached_property
    def table(self) -> RegionTable:
        """Area, perimeter, centre, box, eccentricity and mean colour of each region."""
        return region_table(self.image, self.source.labels)

    def with_mixture(self, mixture: Segmented) -> Partition:
        """Return the same regions, whose exported table tells how much of each class they hold.

        Parameters
        ----------
        mixture : Segmented
            Of the same picture.
        """
        return Partition(replace(self.source, mixture=mixture.source))

    def cut(self, detail: float = 0.5, n_regions: int | None = None) -> Partition:
        """Return another cut of the same tree, at once.

        Parameters
        ----------
        detail : float from 0 to 1
            As for `regions`.
        n_regions : int, optional
            So many regions, whatever the detail.

        Raises
        ------
        SettingsError
            A value is out of its bounds.
        """
        made = self.source.outcome
        settings = with_keywords(made.settings, {"detail": detail, "n_regions": n_regions})
        outcome = result_of(region_events(made.image, settings, made.hierarchy))
        return Partition(region_source(outcome, self.source.command))


@takes_settings(LabelKeywords, SegmentSettings, MapSettings, RegionSettings)
def segment(
    picture: Picture,
    *,
    features: str | FeatureSpec = "rgb",
    hints: Marked | None = None,
    classes: ClassTable | None = None,
    **settings: Unpack[LabelKeywords],
) -> Segmented:
    """Fit a Gaussian mixture to a picture and label it: each pixel by itself, or each region as a whole.

    The same settings and seed give the same values, and `export` the same bytes, as ``gmmseg segment`` and
    the window.

    Parameters
    ----------
    picture : array (H, W) or (H, W, C), Image, or path of a file
        Three channels are red, green and blue; a fourth is opacity, and pixels where it is 0 hold no data.
    features : str or FeatureSpec
        ``rgb``, ``lab``, ``hsv`` or ``gray``, followed by ``+position`` and ``+texture`` as wanted; the
        keywords `space`, `has_position` and `has_texture` say the same one by one.
    hints : array (H, W), ObjectMap, or path of a mask, COCO, GeoJSON, LabelMe or ROI file, optional
        Teach the classes: each value of the array, or name of the objects, is one, and 0 is not known. The
        model that comes of it labels other pictures by `apply`.
    classes : ClassTable, optional
        Names, colours and merges of the components, as many as the mixture gets; else each is a class.
    {settings}

    Returns
    -------
    Segmented

    Raises
    ------
    SettingsError
        A setting is out of its bounds, or has no effect without another one; or the classes do not fit.
    ReadError, BudgetError, FeatureError, FitError
        The picture or the hints cannot be read, are too large, or cannot be fitted.
    """
    maps, others = map_method(settings)
    chosen = segment_settings(features, others)
    if hints is not None and chosen.learns_from is None:
        chosen = replace(chosen, learns_from=TAUGHT_BY)
    if classes is not None:
        check_classes(classes)
    method = FittedMixture(chosen, classes, hints, maps)
    with one_blas_thread():
        return Segmented(result_of(method.events(as_image(picture), "gmmseg.segment")))


@takes_settings(SegmentKeywords, SegmentSettings)
def fit_joint(
    pictures: Sequence[Picture], *, features: str | FeatureSpec = "rgb", **settings: Unpack[SegmentKeywords]
) -> Model:
    """Fit one mixture to all pixels of many pictures, for `apply`: a class is then the same in each.

    Distinct colours and their counts add, so that the mixture is the one that all pictures side by side would
    get; as ``gmmseg segment --joint``.

    Parameters
    ----------
    pictures : sequence of array, Image, or path
        Of one kind: channels and depth.
    features : str or FeatureSpec
        As for `segment`.
    {settings}

    Returns
    -------
    Model

    Raises
    ------
    SettingsError
        A setting is out of its bounds, or has no effect without another one.
    ReadError, BudgetError, FeatureError, FitError
        A picture cannot be used, or all of them cannot be fitted.
    """
    with one_blas_thread():
        model, errors = result_of(joint_fit_events(pictures, segment_settings(features, settings)))
    if errors:
        raise errors[min(errors)]
    return model


@takes_settings(ClassKeywords, MapSettings, RegionSettings)
def apply(
    model: Model | str | PathLike[str],
    picture: Picture,
    *,
    adapt: float | Adaptation | None = None,
    **settings: Unpack[ClassKeywords],
) -> Segmented:
    """Label a picture with a fitted model, without fitting.

    The picture that the model was fitted on gets exactly the labels that it got then.

    Parameters
    ----------
    model : Model, or path of a model file
    picture : array (H, W) or (H, W, C), Image, or path of a file
    adapt : float or Adaptation, optional
        Relevance factor by which the means first move towards the picture (MAP adaptation), in pixels; an
        `Adaptation` says what else moves.
    {settings}

    Returns
    -------
    Segmented
        Its history is one value, the model's likelihood on this picture.

    Raises
    ------
    ModelError
        The model was fitted on other channels, or the file holds none.
    ReadError, BudgetError, FeatureError
    """
    known = model if isinstance(model, Model) else read_model(model)
    method = AppliedModel(known, adaptation_of(adapt), label_method(settings))
    with one_blas_thread():
        return Segmented(result_of(method.events(as_image(picture), "gmmseg.apply")))


@takes_settings(RegionKeywords, RegionSettings)
def regions(picture: Picture, **settings: Unpack[RegionKeywords]) -> Partition:
    """Grow a tree of connected regions over a picture and cut it.

    Parameters
    ----------
    picture : array (H, W) or (H, W, C), Image, or path of a file
    {settings}

    Returns
    -------
    Partition
        Further cuts of the same tree take no time.

    Raises
    ------
    SettingsError
        A setting is out of its bounds.
    ReadError, BudgetError
    """
    method = GrownRegions(region_settings(settings))
    with one_blas_thread():
        return Partition(result_of(method.events(as_image(picture), "gmmseg.regions")))


def _named(image: Image) -> str:
    return f"“{image.source.name}” of {image.width} × {image.height} pixels"


def _labels(source: ExportSource) -> AnyArray:
    return frozen(mask_ids(source.labels, source.classes))
