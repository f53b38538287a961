"""The settings of a digit experiment: their values, in one group for each stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from gmmseg.mixture.covariance import CovarianceKind

RecipeName = Literal["pixels", "deskewed", "orientation", "scattering", "components", "manifold"]
RECIPE_NAMES: tuple[RecipeName, ...] = get_args(RecipeName)
FitOn = Literal["train", "all"]
MixtureStart = Literal["restarts", "k-means"]
MAX_CLUSTERS = 256


@dataclass(frozen=True, slots=True)
class DeskewSettings:
    """How slanted digits are set upright."""

    max_shear: float = 1.2


@dataclass(frozen=True, slots=True)
class OrientationSettings:
    """Orientation maps; lengths are pixels of an image of side 28 and scale with the side."""

    n_bins: int = 12
    edge_sigma: float = 0.5
    pool_sigma: float = 1.5
    n_grid: int = 9
    grid_step: float = 3.0
    power: float = 0.5


@dataclass(frozen=True, slots=True)
class ScatteringSettings:
    """Scattering coefficients of Morlet wavelets; lengths are pixels."""

    n_scales: int = 3
    n_angles: int = 8


@dataclass(frozen=True, slots=True)
class PcaSettings:
    """Principal components, not whitened."""

    n_components: int = 200


@dataclass(frozen=True, slots=True)
class MixtureSettings:
    """A mixture fitted to the features by EM, K = `n_clusters`."""

    is_hard: bool = False
    start: MixtureStart = "restarts"
    n_init: int = 5
    max_iter: int = 500
    tol: float = 1e-5
    reg_covar: float = 1e-6


@dataclass(frozen=True, slots=True)
class ComponentsSettings:
    """Over-clustering with many components that are then merged by their overlap."""

    n_components: int = 100
    max_iter: int = 10


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """The graph of nearest neighbours."""

    n_neighbours: int = 10
    n_features: int = 100
    n_passes: int = 2
    whitening: float = 0.5


@dataclass(frozen=True, slots=True)
class SpectralSettings:
    """The start from the graph's eigenvectors."""

    n_eigenvalues: int = 15
    n_init: int = 5


@dataclass(frozen=True, slots=True)
class FieldSettings:
    """The mixture with a neighbourhood prior."""

    temperature: float = 0.1
    strength: float = 10.0
    reg_covar: float = 1e-2
    n_sweeps: int = 3
    max_iter: int = 15
    min_changed: float = 2e-4


@dataclass(frozen=True, slots=True)
class DigitSettings:
    """What turns a set of digits into clusters; equal settings give equal bytes.

    Parameters
    ----------
    recipe : RecipeName
    n_clusters : int, optional
        K; None takes the eigenvalue gap of the graph (only recipes with a graph can).
    fit_on : {"train", "all"}
        Which images are fitted; the others are assigned afterwards.
    seed : int
    covariance : {"full", "tied", "diag", "spherical"}
    n_images : int, optional
        A random part of so many images for a quick look; None takes all.
    """

    recipe: RecipeName = "manifold"
    n_clusters: int | None = 10
    fit_on: FitOn = "train"
    seed: int = 0
    covariance: CovarianceKind = "full"
    n_images: int | None = None
    deskew: DeskewSettings = field(default_factory=DeskewSettings)
    orientation: OrientationSettings = field(default_factory=OrientationSettings)
    scattering: ScatteringSettings = field(default_factory=ScatteringSettings)
    pca: PcaSettings = field(default_factory=PcaSettings)
    mixture: MixtureSettings = field(default_factory=MixtureSettings)
    components: ComponentsSettings = field(default_factory=ComponentsSettings)
    graph: GraphSettings = field(default_factory=GraphSettings)
    spectral: SpectralSettings = field(default_factory=SpectralSettings)
    field: FieldSettings = field(default_factory=FieldSettings)
