"""What the settings of a digit experiment are called, mean and may be; panel, checks and parser read it."""

from __future__ import annotations

from typing import Any

from gmmseg.digits.settings import MAX_CLUSTERS, RECIPE_NAMES, DigitSettings, RecipeName
from gmmseg.errors import SettingsError
from gmmseg.mixture.covariance import FAMILIES, FAMILY_TITLES
from gmmseg.setting import Setting, check_values, with_value

_RECIPE_TITLES: dict[RecipeName, str] = {
    "pixels": "Pixels",
    "deskewed": "Deskewed pixels",
    "orientation": "Orientation maps",
    "scattering": "Scattering",
    "components": "Merged components",
    "manifold": "Manifold",
}

_GENERAL: tuple[Setting, ...] = (
    Setting(
        "recipe",
        "Recipe",
        "The chain of stages that turns images into clusters.",
        "choice",
        choices=tuple((name, _RECIPE_TITLES[name]) for name in RECIPE_NAMES),
        is_advanced=False,
    ),
    Setting(
        "n_clusters",
        "Clusters",
        "K, the number of clusters; automatic takes the gap in the eigenvalues of the neighbour graph.",
        "int",
        1,
        MAX_CLUSTERS,
        is_optional=True,
        is_advanced=False,
    ),
    Setting(
        "fit_on",
        "Fit on",
        "The training images alone, with the test images assigned afterwards, or all images.",
        "choice",
        choices=(("train", "Training images"), ("all", "All images")),
        is_advanced=False,
    ),
    Setting(
        "seed",
        "Seed",
        "Start of the random numbers; the same seed gives the same result.",
        "int",
        0,
        2**63 - 1,
        is_advanced=False,
    ),
    Setting(
        "covariance",
        "Covariance",
        "Shape of the Gaussians: free ellipsoids, one shared ellipsoid, axes-parallel ones, or balls.",
        "choice",
        choices=tuple((kind, FAMILY_TITLES[kind]) for kind in FAMILIES),
        is_advanced=False,
    ),
    Setting(
        "n_images",
        "Images",
        "A random part of the images for a quick look; automatic takes all.",
        "int",
        2,
        10**7,
        is_optional=True,
        is_advanced=False,
    ),
)

_FEATURES: tuple[Setting, ...] = (
    Setting(
        "deskew.max_shear",
        "Largest shear",
        "Slanted digits are sheared upright by at most so many pixels to the side for each pixel of height.",
        "float",
        0.0,
        10.0,
    ),
    Setting(
        "orientation.n_bins",
        "Directions",
        "Bins of the gradient's direction over the full circle, shared linearly between neighbouring bins.",
        "int",
        2,
        64,
    ),
    Setting(
        "orientation.edge_sigma",
        "Edge blur",
        "Gaussian blur before the gradient, in pixels of an image of side 28.",
        "float",
        0.0,
        5.0,
        "px",
    ),
    Setting(
        "orientation.pool_sigma",
        "Pooling blur",
        "Gaussian window over which a direction is summed, in pixels of an image of side 28.",
        "float",
        0.1,
        14.0,
        "px",
    ),
    Setting(
        "orientation.n_grid",
        "Grid",
        "Sampling points along each side; there are grid² × directions features.",
        "int",
        1,
        28,
    ),
    Setting(
        "orientation.grid_step",
        "Grid step",
        "Distance of sampling points, in pixels of an image of side 28.",
        "float",
        0.1,
        28.0,
        "px",
    ),
    Setting(
        "orientation.power",
        "Power",
        "Exponent of the normalised maps: at a half, distances are Hellinger's; less raises faint edges.",
        "float",
        0.05,
        2.0,
    ),
    Setting(
        "scattering.n_scales",
        "Scales",
        "Wavelets of so many octaves; averages are taken over 2 to this power pixels.",
        "int",
        1,
        5,
    ),
    Setting("scattering.n_angles", "Angles", "Directions of the wavelets over half a turn.", "int", 1, 32),
    Setting(
        "pca.n_components",
        "Principal components",
        "Dimensions that are kept, at most as many as the fitted images allow; they are not whitened.",
        "int",
        1,
        1024,
        is_advanced=False,
    ),
)

_MIXTURES: tuple[Setting, ...] = (
    Setting(
        "mixture.is_hard",
        "Hard assignments",
        "The limit of no spread (S3): k-means instead of a mixture.",
        "bool",
        is_advanced=False,
    ),
    Setting(
        "mixture.start",
        "Start",
        "The restart with the highest likelihood, or the clusters of the best of several k-means runs.",
        "choice",
        choices=(("restarts", "Restarts"), ("k-means", "k-means")),
    ),
    Setting("mixture.n_init", "Restarts", "The restart with the highest likelihood is kept.", "int", 1, 100),
    Setting("mixture.max_iter", "Iterations", "Limit of EM iterations of each restart.", "int", 1, 100_000),
    Setting(
        "mixture.tol",
        "Tolerance",
        "Stop when the mean log-likelihood per image rises by less than this in an iteration.",
        "float",
        0.0,
        1e3,
        "nats",
    ),
    Setting(
        "mixture.reg_covar",
        "Variance floor",
        "Smallest variance of a component in any direction, in squared feature units.",
        "float",
        0.0,
        1e12,
    ),
    Setting(
        "components.n_components",
        "Components",
        "Gaussians fitted before merging; there should be several for each cluster.",
        "int",
        2,
        MAX_CLUSTERS,
    ),
    Setting(
        "components.max_iter",
        "Iterations before merging",
        "Limit of EM iterations: the components shall cover the clusters finely, and with more they drift "
        "apart again.",
        "int",
        1,
        100_000,
    ),
)

_MANIFOLD: tuple[Setting, ...] = (
    Setting(
        "graph.n_neighbours",
        "Neighbours",
        "Nearest images each image is joined with.",
        "int",
        2,
        100,
        is_advanced=False,
    ),
    Setting(
        "graph.n_features",
        "Components for distances",
        "Leading principal components in which the first graph's distances are measured.",
        "int",
        1,
        1024,
    ),
    Setting(
        "graph.n_passes",
        "Passes",
        "2 builds a second graph with distances that the clusters of the first pass correct.",
        "int",
        1,
        2,
    ),
    Setting(
        "graph.whitening",
        "Whitening",
        "How far the spread within clusters is levelled for the second graph: 0 not at all, 1 fully.",
        "float",
        0.0,
        1.0,
    ),
    Setting(
        "spectral.n_eigenvalues",
        "Eigenvalues",
        "Eigenvalues of the graph that are computed; their largest gap proposes the number of clusters.",
        "int",
        3,
        200,
    ),
    Setting(
        "spectral.n_init",
        "Restarts",
        "k-means runs over the eigenvectors; the tightest is kept.",
        "int",
        1,
        100,
    ),
    Setting(
        "field.temperature",
        "Weight of the Gaussians",
        "Factor of the Gaussian log-density beside the neighbours: features repeat one another.",
        "float",
        0.0,
        10.0,
    ),
    Setting(
        "field.strength",
        "Weight of the neighbours",
        "Log-odds that unanimous neighbours lend a cluster.",
        "float",
        0.0,
        1000.0,
        "nats",
    ),
    Setting(
        "field.reg_covar",
        "Added variance",
        "Added to every variance of the Gaussians, in squared feature units.",
        "float",
        1e-9,
        1e6,
    ),
    Setting("field.n_sweeps", "Sweeps", "Mean-field sweeps over the graph in each iteration.", "int", 1, 100),
    Setting("field.max_iter", "Iterations", "Limit of iterations in each pass.", "int", 1, 1000),
    Setting(
        "field.min_changed",
        "Least change",
        "Stop when a smaller share of the images changes its cluster.",
        "float",
        0.0,
        1.0,
    ),
)

DIGIT_SETTINGS: tuple[Setting, ...] = _GENERAL + _FEATURES + _MIXTURES + _MANIFOLD
DIGIT_SETTING_BY_PATH = {setting.path: setting for setting in DIGIT_SETTINGS}
GENERAL_PATHS = tuple(setting.path for setting in _GENERAL)


def with_digit_setting(settings: DigitSettings, path: str, value: Any) -> DigitSettings:
    """Return the settings with the value at `path` replaced; raises `SettingsError` when out of bounds."""
    DIGIT_SETTING_BY_PATH[path].check(value)
    return with_value(settings, path, value)


def check_digit_settings(settings: DigitSettings) -> None:
    """Raise `SettingsError` for the first setting out of its bounds or at odds with the recipe."""
    check_values(settings, DIGIT_SETTINGS)
    if settings.n_clusters is None and settings.recipe != "manifold":
        raise SettingsError(
            "n_clusters",
            "Only the manifold recipe can find the number of clusters, from its graph.",
            "Give the number of clusters, or choose the manifold recipe.",
        )
