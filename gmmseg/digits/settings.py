"""The settings of a digit experiment: each declared once, in one group for each stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gmmseg.mixture.settings import FAMILY_TITLES, MAX_SEED, CovarianceKind
from gmmseg.setting import choice, group, number, switch

RecipeName = Literal["pixels", "deskewed", "orientation", "scattering", "components", "manifold"]
RECIPE_TITLES: dict[RecipeName, str] = {
    "pixels": "Pixels",
    "deskewed": "Deskewed pixels",
    "orientation": "Orientation maps",
    "scattering": "Scattering",
    "components": "Merged components",
    "manifold": "Manifold",
}
RECIPE_NAMES: tuple[RecipeName, ...] = tuple(RECIPE_TITLES)
FitOn = Literal["train", "all"]
_FIT_ON_TITLES: dict[FitOn, str] = {"train": "Training images", "all": "All images"}
MixtureStart = Literal["restarts", "k-means"]
_START_TITLES: dict[MixtureStart, str] = {"restarts": "Restarts", "k-means": "k-means"}
MAX_CLUSTERS = 256


@dataclass(frozen=True, slots=True)
class DeskewSettings:
    """Settings of setting slanted digits upright."""

    max_shear: float = number(
        1.2,
        (0.0, 10.0),
        "Largest shear",
        "Slanted digits are sheared upright by at most so many pixels to the side for each pixel of height.",
        step=0.1,
    )


@dataclass(frozen=True, slots=True)
class OrientationSettings:
    """Orientation maps; lengths are pixels of an image of side 28 and scale with the side."""

    n_bins: int = number(
        12,
        (2, 64),
        "Directions",
        "Bins of the gradient's direction over the full circle, shared linearly between neighbouring bins.",
    )
    edge_sigma: float = number(
        0.5,
        (0.0, 5.0),
        "Edge blur",
        "Gaussian blur before the gradient, in pixels of an image of side 28.",
        unit="px",
        step=0.1,
    )
    pool_sigma: float = number(
        1.5,
        (0.1, 14.0),
        "Pooling blur",
        "Gaussian window over which a direction is summed, in pixels of an image of side 28.",
        unit="px",
        step=0.1,
    )
    n_grid: int = number(
        9, (1, 28), "Grid", "Sampling points along each side; there are grid² × directions features."
    )
    grid_step: float = number(
        3.0,
        (0.1, 28.0),
        "Grid step",
        "Distance of sampling points, in pixels of an image of side 28.",
        unit="px",
        step=0.1,
    )
    power: float = number(
        0.5,
        (0.05, 2.0),
        "Power",
        "Exponent of the normalised maps: at a half, distances are Hellinger's; less raises faint edges.",
    )


@dataclass(frozen=True, slots=True)
class ScatteringSettings:
    """Scattering coefficients of Morlet wavelets; lengths are pixels."""

    n_scales: int = number(
        3, (1, 5), "Scales", "Wavelets of so many octaves; averages are taken over 2 to this power pixels."
    )
    n_angles: int = number(8, (1, 32), "Angles", "Directions of the wavelets over half a turn.")


@dataclass(frozen=True, slots=True)
class PcaSettings:
    """Principal components, not whitened."""

    n_components: int = number(
        200,
        (1, 1024),
        "Principal components",
        "Dimensions that are kept, at most as many as the fitted images allow; they are not whitened.",
    )


@dataclass(frozen=True, slots=True)
class MixtureSettings:
    """A mixture fitted to the features by EM, K = `n_clusters`."""

    is_hard: bool = switch("Hard assignments", "The limit of no spread: k-means instead of a mixture.")
    start: MixtureStart = choice(
        "restarts",
        "Start",
        "The restart with the highest likelihood, or the clusters of the best of several k-means runs.",
        _START_TITLES,
    )
    n_init: int = number(5, (1, 100), "Restarts", "The restart with the highest likelihood is kept.")
    max_iter: int = number(500, (1, 100_000), "Iterations", "Limit of EM iterations of each restart.")
    tol: float = number(
        1e-5,
        (0.0, 1e3),
        "Tolerance",
        "Stop when the mean log-likelihood per image rises by less than this in an iteration.",
        unit="nats",
        step=None,
    )
    reg_covar: float = number(
        1e-6,
        (0.0, 1e12),
        "Variance floor",
        "Smallest variance of a component in any direction, in squared feature units.",
        step=None,
    )


@dataclass(frozen=True, slots=True)
class ComponentsSettings:
    """Over-clustering with many components that are then merged by their overlap."""

    n_components: int = number(
        100,
        (2, MAX_CLUSTERS),
        "Components",
        "Gaussians fitted before merging; there should be several for each cluster.",
    )
    max_iter: int = number(
        10,
        (1, 100_000),
        "Iterations before merging",
        "Limit of EM iterations: the components shall cover the clusters finely, and with more they drift "
        "apart again.",
    )


@dataclass(frozen=True, slots=True)
class GraphSettings:
    """The graph of nearest neighbours."""

    n_neighbours: int = number(10, (2, 100), "Neighbours", "Nearest images each image is joined with.")
    n_features: int = number(
        100,
        (1, 1024),
        "Components for distances",
        "Leading principal components in which the first graph's distances are measured.",
    )
    n_passes: int = number(
        2,
        (1, 2),
        "Passes",
        "2 builds a second graph with distances that the clusters of the first pass correct.",
    )
    whitening: float = number(
        0.5,
        (0.0, 1.0),
        "Whitening",
        "How far the spread within clusters is levelled for the second graph: 0 not at all, 1 fully.",
        step=0.1,
    )


@dataclass(frozen=True, slots=True)
class SpectralSettings:
    """The start from the graph's eigenvectors."""

    n_eigenvalues: int = number(
        15,
        (3, 200),
        "Eigenvalues",
        "Eigenvalues of the graph that are computed; their largest gap proposes the number of clusters.",
    )
    n_init: int = number(5, (1, 100), "Restarts", "k-means runs over the eigenvectors; the tightest is kept.")


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """The search for a better partition than that start."""

    n_starts: int = number(
        8,
        (0, 20),
        "Starts",
        "Partitions that are improved by uniting and splitting clusters: that of the eigenvectors, that of "
        "a denser graph, then those of plain mixtures. 0 goes on with the first as it is.",
    )


@dataclass(frozen=True, slots=True)
class FieldSettings:
    """The mixture with a neighbourhood prior."""

    temperature: float = number(
        0.1,
        (0.0, 10.0),
        "Weight of the Gaussians",
        "Factor of the Gaussian log-density beside the neighbours: features repeat one another.",
        step=None,
    )
    strength: float = number(
        10.0,
        (0.0, 1000.0),
        "Weight of the neighbours",
        "Log-odds that unanimous neighbours lend a cluster.",
        unit="nats",
    )
    added_variance: float = number(
        1e-2,
        (1e-9, 1e6),
        "Added variance",
        "Added to every variance of the Gaussians, in squared feature units.",
        step=None,
    )
    n_sweeps: int = number(3, (1, 100), "Sweeps", "Mean-field sweeps over the graph in each iteration.")
    max_iter: int = number(15, (1, 1000), "Iterations", "Limit of iterations in each pass.")
    min_changed: float = number(
        2e-4,
        (0.0, 1.0),
        "Least change",
        "Stop when a smaller share of the images changes its cluster.",
        step=None,
    )


@dataclass(frozen=True, slots=True)
class DigitSettings:
    """All choices of an experiment; with equal settings it gives equal bytes."""

    recipe: RecipeName = choice(
        "manifold",
        "Recipe",
        "The chain of stages that turns images into clusters.",
        RECIPE_TITLES,
        option="--recipe",
        help="see above (default {default}; orientation for drawn digits)",
        mnemonic="c",
    )
    n_clusters: int | None = number(
        10,
        (1, MAX_CLUSTERS),
        "Clusters",
        "K, the number of clusters; automatic takes the gap in the eigenvalues of the neighbour graph.",
        is_optional=True,
        option="-k --components",
        metavar="N|auto",
        help="number of clusters (default {default}), or auto to take the gap in the graph's eigenvalues",
        mnemonic="l",
    )
    fit_on: FitOn = choice(
        "train",
        "Fit on",
        "The training images alone, with the test images assigned afterwards, or all images.",
        _FIT_ON_TITLES,
        option="--fit-on",
        help="the training images, with the others assigned afterwards (default), or all",
        after="covariance",
        mnemonic="i",
    )
    seed: int = number(
        0,
        (0, MAX_SEED),
        "Seed",
        "Start of the random numbers; the same seed gives the same result.",
        option="--seed",
        metavar="S",
        help="the same seed and options give the same bytes (default {default})",
        after="n_images",
        mnemonic="S",
        is_seed=True,
    )
    covariance: CovarianceKind = choice(
        "full",
        "Covariance",
        "Shape of the Gaussians: free ellipsoids, one shared ellipsoid, axes-parallel ones, or balls.",
        FAMILY_TITLES,
        option="--covariance",
        help="shape of the Gaussians (default {default})",
        after="n_clusters",
        mnemonic="o",
    )
    n_images: int | None = number(
        None,
        (2, 10**7),
        "Images",
        "A random part of the images for a quick look; automatic takes all.",
        option="--images",
        help="a random selection of N images, for a quick look",
        mnemonic="m",
        step=1000,
    )
    deskew: DeskewSettings = group(DeskewSettings, "Deskewing")
    orientation: OrientationSettings = group(OrientationSettings, "Orientation maps")
    scattering: ScatteringSettings = group(ScatteringSettings, "Scattering")
    pca: PcaSettings = group(PcaSettings, "Principal components")
    mixture: MixtureSettings = group(MixtureSettings, "Mixture")
    components: ComponentsSettings = group(ComponentsSettings, "Merged components")
    graph: GraphSettings = group(GraphSettings, "Neighbour graph")
    spectral: SpectralSettings = group(SpectralSettings, "Spectral start")
    search: SearchSettings = group(SearchSettings, "Search among partitions")
    field: FieldSettings = group(FieldSettings, "Mixture on the graph")
