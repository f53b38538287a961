"""The recipes: which stages turn images of digits into clusters, and what each is for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from gmmseg.digits.settings import RECIPE_TITLES, DigitSettings, RecipeName
from gmmseg.errors import SettingsError
from gmmseg.setting import check_settings, setting_of, value_at, with_value

StageName = Literal[
    "pixels",
    "framing",
    "deskew",
    "orientation",
    "scattering",
    "pca",
    "mixture",
    "components",
    "neighbours",
    "graph",
    "spectral",
    "search",
    "graph_mixture",
    "whitening",
    "neighbours_2",
    "graph_2",
    "spectral_2",
    "graph_mixture_2",
    "assignment",
    "stability",
    "calibration",
]

SECOND_PASS: tuple[StageName, ...] = ("whitening", "neighbours_2", "graph_2", "spectral_2", "graph_mixture_2")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A chain of stages with a name.

    Parameters
    ----------
    name : RecipeName
    explanation : str
        One or two sentences for the window.
    stages : tuple of StageName
        In order.
    defaults : tuple of (path, value)
        Where the recipe's own defaults differ from those of `DigitSettings`.
    chosen_with_scores : str
        Which of its settings were chosen with scores on MNIST in view, to be said beside every figure;
        empty where none were.
    """

    name: RecipeName
    explanation: str
    stages: tuple[StageName, ...]
    defaults: tuple[tuple[str, Any], ...] = ()
    chosen_with_scores: str = ""

    @property
    def title(self) -> str:
        """The recipe's name in the window."""
        return RECIPE_TITLES[self.name]

    @property
    def has_graph(self) -> bool:
        """Whether there are eigenvalues of a graph, which can find the number of clusters."""
        return "graph" in self.stages

    @property
    def has_plain_mixture(self) -> bool:
        """Whether its clusters are the components of a plain mixture, or of k-means."""
        return "mixture" in self.stages


_SEEN = "chosen by people who saw scores on MNIST, where its figures are flattered."
_RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "pixels",
        "A Gaussian mixture, or k-means, on the principal components of the pixels: "
        "the experiment that the documents propose.",
        ("pixels", "pca", "mixture"),
        (("pca.n_components", 30),),
    ),
    Recipe(
        "deskewed",
        "The same with every digit set upright first.",
        ("framing", "deskew", "pixels", "pca", "mixture"),
        (("pca.n_components", 30),),
    ),
    Recipe(
        "orientation",
        "A mixture on where in the digit which direction of edge is found.",
        ("framing", "deskew", "orientation", "pca", "mixture"),
        (("pca.n_components", 30),),
        "The number of directions was " + _SEEN,
    ),
    Recipe(
        "scattering",
        "A mixture on averaged responses of wavelets and of wavelets over their magnitudes.",
        ("framing", "deskew", "scattering", "pca", "mixture"),
        # The floor is a tenth of the mean variance of the components: without it Gaussians go flat.
        (("pca.n_components", 60), ("mixture.start", "k-means"), ("mixture.reg_covar", 1e-4)),
        "The square roots of the coefficients' shares, the scales, the number of principal components, the "
        "start by k-means and the variance floor were " + _SEEN,
    ),
    Recipe(
        "components",
        "Many Gaussians on orientation maps, of which those that overlap most are united until K are left.",
        ("framing", "deskew", "orientation", "pca", "components"),
        (("pca.n_components", 30),),
        "The numbers of directions, of components and of iterations were " + _SEEN,
    ),
    Recipe(
        "manifold",
        "A mixture on orientation maps in which neighbours in a graph of similar images draw each other into "
        "the same cluster. Partitions from several starts are compared first, clusters united and split; "
        "a second graph measures distances that the clusters correct; and the confidence is calibrated.",
        (
            "framing",
            "deskew",
            "orientation",
            "pca",
            "neighbours",
            "graph",
            "spectral",
            "search",
            "graph_mixture",
            *SECOND_PASS,
            "assignment",
            "stability",
            "calibration",
        ),
        (),
        "Orientation maps, 12 directions, half whitening, the weights of Gaussians and neighbours, the added "
        "variance, two passes and what counts in comparing partitions were " + _SEEN,
    ),
)
RECIPES: dict[RecipeName, Recipe] = {recipe.name: recipe for recipe in _RECIPES}


def settings_for(recipe: RecipeName, base: DigitSettings | None = None) -> DigitSettings:
    """Return the settings of a recipe with its own defaults, and everything else as in `base`.

    A setting for which any recipe has a default of its own falls back to its default with another recipe.

    Raises
    ------
    SettingsError
        There is no recipe of that name.
    """
    setting_of(DigitSettings, "recipe").check(recipe)
    settings = replace(base or DigitSettings(), recipe=recipe)
    fresh, own = DigitSettings(), dict(RECIPES[recipe].defaults)
    for path in sorted({path for other in _RECIPES for path, _ in other.defaults}):
        settings = with_value(settings, path, own.get(path, value_at(fresh, path)))
    return settings


def usual_recipe(*, is_drawn: bool) -> RecipeName:
    """Return the recipe that digits are begun with, which the program drew itself or not."""
    # Drawn digits are too alike for the graph of the manifold: it joins different ones.
    return "orientation" if is_drawn else DigitSettings().recipe


def check_experiment(settings: DigitSettings) -> None:
    """Raise `SettingsError` for the first setting out of its bounds or at odds with the recipe."""
    check_settings(settings)
    if settings.n_clusters is None and not RECIPES[settings.recipe].has_graph:
        able = " or ".join(recipe.name for recipe in _RECIPES if recipe.has_graph)
        raise SettingsError(
            "n_clusters",
            f"Only the {able} recipe can find the number of clusters, from its graph.",
            f"Give the number of clusters, or choose the {able} recipe.",
        )
