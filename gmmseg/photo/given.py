"""A mixture that is given instead of fitted: a saved model, and how it is adapted to each image."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gmmseg.errors import ModelError
from gmmseg.image import Image
from gmmseg.mixture.settings import Adaptation, FitSettings
from gmmseg.photo.model import Model, check_suits
from gmmseg.photo.settings import SegmentSettings


@dataclass(frozen=True, slots=True)
class GivenModel:
    """A model in a document that labels its image, and the next ones, without a fit.

    Parameters
    ----------
    model : Model
    sha256 : str
        Of the file it was read from; two of the same file are the same.
    adaptation : Adaptation, optional
        How the mixture is moved towards each image first; None applies it as it is.
    path : Path, optional
        Of that file.
    """

    model: Model = field(compare=False)
    sha256: str
    adaptation: Adaptation | None = None
    path: Path | None = field(default=None, compare=False)

    @property
    def settings(self) -> SegmentSettings:
        """Settings of a fit of such a mixture."""
        return settings_of_model(self.model)

    def suits(self, image: Image) -> bool:
        """Whether the model can label an image: whether that has the channels it was fitted on.

        A picture beyond memory is not smoothed, as some models want it.
        """
        try:
            check_suits(self.model, image)
        except ModelError:
            return False
        return image.levels is None or self.model.smooth == 0


def settings_of_model(model: Model) -> SegmentSettings:
    """Return the settings that a model holds: features, family and number of components, smoothing, seed."""
    params = model.params
    mixture = FitSettings(
        n_components=params.n_components,
        covariance=params.covariance.kind,
        seed=model.seed,
        is_hard=params.is_hard,
    )
    return SegmentSettings(model.features, mixture, smooth=model.smooth)
