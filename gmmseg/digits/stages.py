"""The stages of the recipes: the settings that each depends on, and the cache of their results."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from gmmseg.digits import stage_runs as runs
from gmmseg.digits.events import Iterated
from gmmseg.digits.neighbours import BLOCK_ROWS
from gmmseg.digits.recipes import RECIPES, SECOND_PASS, StageName
from gmmseg.digits.scattering import KEPT_DIRECTIONS
from gmmseg.digits.search import MAX_SAMPLE
from gmmseg.digits.settings import DigitSettings, RecipeName
from gmmseg.digits.stage_runs import StageRun
from gmmseg.digits.workpiece import Workpiece
from gmmseg.setting import Setting, settings_of, value_at


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of a recipe.

    Parameters
    ----------
    name : StageName
    title : str
        Its work in words, for progress: ``Straightening the digits``.
    depends_on : tuple of str
        Paths of the settings it reads: of a group (``deskew``) or of one value (``seed``). Images that are
        fitted differ with ``fit_on``: a stage that distinguishes them names it.
    run : StageRun
    cost : float
        Rough CPU seconds on 70,000 images of side 28, for the progress of the whole.
    growth : float
        Power of the number of images that it takes time by.
    most_images : int, optional
        Images beyond which it takes no longer; `cost` is then for so many.
    fixed : float
        CPU seconds that it takes whatever the images.
    scale : callable
        How many times as long it takes with some settings as with the defaults and ten clusters.
    is_of_pixels : bool
        Whether it takes longer for larger images; the others work on features, as many for all sizes.
    """

    name: StageName
    title: str
    depends_on: tuple[str, ...]
    run: StageRun
    cost: float
    growth: float = 1.0
    most_images: int | None = None
    fixed: float = 0.0
    scale: Callable[[DigitSettings], float] = lambda settings: 1.0
    is_of_pixels: bool = False

    def seconds(self, settings: DigitSettings, n_images: int, image_shape: tuple[int, int]) -> float:
        """Return about how many CPU seconds it takes for images (N, h, w)."""
        usual = self.most_images or _USUAL_IMAGES
        share = (n_images if self.most_images is None else min(n_images, usual)) / usual
        n_pixels = image_shape[0] * image_shape[1] if self.is_of_pixels else _USUAL_PIXELS
        usually = self.cost * math.pow(share, self.growth) * math.sqrt(n_pixels / _USUAL_PIXELS)
        return self.fixed + self.scale(settings) * usually

    def key(self, settings: DigitSettings) -> tuple[Hashable, ...]:
        """Return what this stage's result depends on besides the work it is given."""
        return (self.name, *(value_at(settings, path) for path in self.depends_on))


_USUAL_IMAGES, _USUAL_PIXELS = 70_000, 28 * 28
"""To which the costs of stages refer."""
_USUAL_DIRECTIONS, _USUAL_RESTARTS = 30, 5
_OF_A_FULL_MIXTURE = 0.12
"""Time of a mixture with other covariances, or of k-means, over that of one with full covariances."""
_MIXTURE = ("n_clusters", "fit_on", "seed", "covariance")
_COMPONENTS = (*_MIXTURE, "components", "mixture.tol", "mixture.reg_covar")
_GRAPH = ("fit_on", "graph.n_neighbours", "graph.n_features")
_SPECTRAL = ("n_clusters", "seed", "spectral")
_SEARCH = ("n_clusters", "seed", "covariance", "field", "graph.n_features", "search")
_PRIOR = ("covariance", "field")


def _for_clusters(settings: DigitSettings) -> float:
    return (settings.n_clusters or 10) / 10


def _for_starts(settings: DigitSettings) -> float:
    return settings.search.n_starts * _for_clusters(settings)


def _for_mixture(settings: DigitSettings) -> float:
    # Restarts run on a sample: the number of images counts by its root.
    a_full_one = settings.covariance == "full" and not settings.mixture.is_hard
    share = 1.0 if a_full_one else _OF_A_FULL_MIXTURE
    directions = math.pow(settings.pca.n_components / _USUAL_DIRECTIONS, 1.7)
    return share * directions * _for_clusters(settings) * settings.mixture.n_init / _USUAL_RESTARTS


def _for_components(settings: DigitSettings) -> float:
    return settings.components.n_components / 100


_STAGES: tuple[Stage, ...] = (
    Stage("pixels", "Reading the pixels", (), runs.pixels_stage, 0.2, is_of_pixels=True),
    Stage("framing", "Framing the digits", ("fit_on",), runs.framing_stage, 0.6, is_of_pixels=True),
    Stage("deskew", "Straightening the digits", ("deskew",), runs.deskew_stage, 1.2, is_of_pixels=True),
    Stage(
        "orientation",
        "Measuring directions of edges",
        ("orientation",),
        runs.orientation_stage,
        4,
        is_of_pixels=True,
    ),
    Stage(
        "scattering",
        "Scattering",
        ("fit_on", "scattering"),
        runs.scattering_stage,
        88,
        fixed=5,
        is_of_pixels=True,
    ),
    Stage("pca", "Finding principal components", ("fit_on", "pca"), runs.pca_stage, 2, fixed=0.15),
    Stage(
        "mixture",
        "Fitting the mixture",
        (*_MIXTURE, "mixture"),
        runs.mixture_stage,
        9,
        0.5,
        scale=_for_mixture,
    ),
    Stage(
        "components",
        "Fitting and merging components",
        _COMPONENTS,
        runs.components_stage,
        8,
        scale=_for_components,
    ),
    Stage("neighbours", "Finding nearest neighbours", _GRAPH, runs.neighbours_stage, 16, 2, fixed=0.1),
    Stage("graph", "Weighing the edges", (), runs.graph_stage, 0.5),
    Stage("spectral", "Looking for groups in the graph", _SPECTRAL, runs.spectral_stage, 2),
    Stage(
        "search",
        "Trying other partitions",
        _SEARCH,
        runs.search_stage,
        0.9,
        0.7,
        MAX_SAMPLE,
        scale=_for_starts,
    ),
    Stage("graph_mixture", "Fitting the mixture on the graph", _PRIOR, runs.graph_mixture_stage, 8),
    Stage("whitening", "Correcting the distances", ("graph.whitening",), runs.whitening_stage, 0.3),
    Stage(
        "neighbours_2", "Finding nearest neighbours again", _GRAPH, runs.neighbours_stage, 26, 2, fixed=0.15
    ),
    Stage("graph_2", "Weighing the new edges", (), runs.graph_stage, 0.5),
    Stage("spectral_2", "Looking for groups again", _SPECTRAL, runs.spectral_stage, 2),
    Stage("graph_mixture_2", "Fitting the mixture on the new graph", _PRIOR, runs.graph_mixture_2_stage, 12),
    Stage("assignment", "Assigning new images", _GRAPH, runs.assignment_stage, 5),
    Stage(
        "stability",
        "Clustering halves of the images alone",
        _SEARCH,
        runs.stability_stage,
        5,
        0.7,
        2 * MAX_SAMPLE,
        scale=_for_clusters,
    ),
    Stage("calibration", "Checking how sure the clusters are", ("seed",), runs.calibration_stage, 6, 0.6),
)
STAGES: dict[StageName, Stage] = {stage.name: stage for stage in _STAGES}


def stages_of(settings: DigitSettings) -> tuple[Stage, ...]:
    """Return the stages that these settings ask for, in order."""
    names = RECIPES[settings.recipe].stages
    if settings.graph.n_passes == 1:
        names = tuple(name for name in names if name not in SECOND_PASS)
    return tuple(STAGES[name] for name in names)


def settings_shown(recipe: RecipeName) -> tuple[Setting, ...]:
    """Return the settings that have an influence on a recipe, in the order of declaration."""
    names = RECIPES[recipe].stages
    read = {path for name in names for path in STAGES[name].depends_on}
    if set(SECOND_PASS) <= set(names):
        read.add("graph.n_passes")
    return tuple(
        setting
        for setting in settings_of(DigitSettings)
        if "." not in setting.path or setting.path in read or setting.path.partition(".")[0] in read
    )


def chained_keys(
    stages: tuple[Stage, ...], settings: DigitSettings, root: Hashable
) -> dict[StageName, Hashable]:
    """Return everything that each stage's result depends on: `root`, its settings and those before it."""
    keys: dict[StageName, Hashable] = {}
    for stage in stages:
        root = (root, stage.key(settings))
        keys[stage.name] = root
    return keys


def needed_bytes(settings: DigitSettings, n_images: int, image_shape: tuple[int, int]) -> int:
    """Return about how many bytes the stages of these settings hold at once."""
    names = RECIPES[settings.recipe].stages
    n_pixels = image_shape[0] * image_shape[1]
    each = 2 * n_pixels + 4 * settings.pca.n_components
    covariances = 0
    if "pixels" in names:
        each += 4 * n_pixels
        # Their sum, the part of a block, and the eigenvectors; a frame may be much smaller than its image.
        covariances = 0 if "framing" in names else 3 * 8 * n_pixels**2
    if "orientation" in names:
        each += 4 * settings.orientation.n_bins * settings.orientation.n_grid**2
    if "scattering" in names:
        each += 4 * KEPT_DIRECTIONS
    if "mixture" in names or "components" in names:
        # Double precision, as rows and as columns.
        each += 16 * settings.pca.n_components
    if "components" in names:
        each += 12 * settings.components.n_components
    if "graph" in names:
        # Whitened features, the graph in both passes, and the prepared columns of a search.
        each += 8 * settings.pca.n_components + 2 * 48 * settings.graph.n_neighbours + 8 * 2 * BLOCK_ROWS
    return each * n_images + covariances


@dataclass(frozen=True, slots=True, eq=False)
class StageResult:
    """The result of a stage.

    Parameters
    ----------
    work : Workpiece
    seconds : float
        Wall-clock time that it took.
    iterations : tuple of Iterated
    """

    work: Workpiece
    seconds: float
    iterations: tuple[Iterated, ...]


class StageCache:
    """Keeps the last result of each stage, so that a change of a late setting runs only what follows.

    It holds the results of one recipe at a time, of which the next one uses what it has in common.
    """

    def __init__(self) -> None:
        self._kept: dict[StageName, tuple[Hashable, StageResult]] = {}

    def get(self, stage: StageName, key: Hashable) -> StageResult | None:
        """Return what a stage made under the same key, or None."""
        kept = self._kept.get(stage)
        return kept[1] if kept is not None and kept[0] == key else None

    def keep(self, stage: StageName, key: Hashable, result: StageResult) -> None:
        """Keep what a stage made in the place of its last result."""
        self._kept[stage] = (key, result)

    def retain(self, keys: Mapping[StageName, Hashable]) -> None:
        """Forget every result that is not under one of these keys."""
        self._kept = {name: kept for name, kept in self._kept.items() if keys.get(name) == kept[0]}

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
