"""Model: a fitted mixture with all that is needed to label another image."""

from __future__ import annotations

from dataclasses import dataclass

from gmmseg.arrays import FloatArray, frozen
from gmmseg.errors import ModelError
from gmmseg.features.build import Standard
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import Image
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.scaled import ScaledMixture
from gmmseg.photo.classes import ClassTable


@dataclass(frozen=True, slots=True, eq=False)
class Model(ScaledMixture):
    """A fitted mixture as it is saved, applied to other images and sampled from.

    Parameters
    ----------
    params : MixtureParams
        In standardised units, ``(feature - centre) / scale``.
    features : FeatureSpec
    names : tuple of str
        The D feature names.
    centre, scale : (D,)
        In feature units; kept so that other images are standardised as the fitted one was.
    channels : tuple of str
        Channel names of the image it was fitted on.
    classes : ClassTable
    smooth : float
        Strength of the spatial prior.
    seed : int
    white : float, optional
        Stored value of full brightness in the fitted image where its depth does not say it; other such images
        are then measured by the same. None for 8 and 16 bits.
    """

    params: MixtureParams
    features: FeatureSpec
    names: tuple[str, ...]
    centre: FloatArray
    scale: FloatArray
    channels: tuple[str, ...]
    classes: ClassTable
    smooth: float = 0.0
    seed: int = 0
    white: float | None = None

    def __post_init__(self) -> None:
        frozen(self.centre)
        frozen(self.scale)

    @property
    def standard(self) -> Standard:
        """Standardisation of the features of any image under this model."""
        return Standard(self.centre, self.scale, self.white)


def check_suits(model: Model, image: Image) -> None:
    """Raise `ModelError` when a model was fitted on other channels than the image has."""
    is_alike = len(model.channels) == image.n_channels and model.features.space == "rgb"
    if model.channels != image.channels and not is_alike:
        raise ModelError(
            f"The model was fitted on {_counted(model.channels)}, the image has {_counted(image.channels)}.",
            "Choose an image of the same kind, or fit a new model.",
        )


def check_names(model: Model, image: Image, names: tuple[str, ...]) -> None:
    """Raise `ModelError` when a model's features are not those, of these names, that it makes of an image."""
    if names != model.names and image.channels == model.channels:
        raise ModelError(
            f"The model's features are {', '.join(model.names)}; "
            f"{model.features} of this image are {', '.join(names)}.",
            "Choose another model.",
        )


def _counted(channels: tuple[str, ...]) -> str:
    listed = f" ({', '.join(channels)})" if len(channels) <= 5 else ""
    return f"{len(channels)} channel{'s' * (len(channels) != 1)}{listed}"
