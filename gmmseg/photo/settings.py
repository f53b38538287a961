"""The settings of a segmentation, each declared once; the panel, checks and parser read them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from gmmseg.features.spec import COLOUR_SPACES, ColourSpace, FeatureSpec
from gmmseg.mixture.covariance import FAMILIES, FAMILY_TITLES
from gmmseg.mixture.params import FitSettings, InitMethod
from gmmseg.setting import Setting, check_values, value_at, with_value

Criterion = Literal["bic", "icl", "entropy"]
CRITERIA: tuple[Criterion, ...] = get_args(Criterion)
MAX_COMPONENTS = 256


@dataclass(frozen=True, slots=True)
class SegmentSettings:
    """What turns an image into a label map; equal settings give equal bytes.

    Parameters
    ----------
    features : FeatureSpec
    mixture : FitSettings
    auto : {"bic", "icl", "entropy"}, optional
        Choose K by this criterion; `mixture.n_components` is then not used.
    smooth : float
        Strength of the spatial prior, 0 to switch it off.
    """

    features: FeatureSpec = field(default_factory=FeatureSpec)
    mixture: FitSettings = field(default_factory=FitSettings)
    auto: Criterion | None = None
    smooth: float = 0.0


SPACE_TITLES: dict[ColourSpace, str] = {"rgb": "RGB", "lab": "CIELAB", "hsv": "HSV cone", "gray": "Grey"}
_INIT_TITLES: dict[InitMethod, str] = {"kmeans++": "k-means++", "random": "Random rows"}
_CRITERION_TITLES = {"bic": "BIC", "icl": "ICL", "entropy": "Entropy elbow"}

SETTINGS: tuple[Setting, ...] = (
    Setting(
        "features.space",
        "Colour space",
        "What a pixel is to the mixture: its RGB values, perceptual "
        "CIELAB, HSV as points of a cone (so that hue does not wrap), or luminance alone.",
        "choice",
        choices=tuple((space, SPACE_TITLES[space]) for space in COLOUR_SPACES),
        is_advanced=False,
    ),
    Setting(
        "features.has_position",
        "Position",
        "Adds the pixel's x and y, so that components become compact.",
        "bool",
        is_advanced=False,
    ),
    Setting(
        "features.position_weight",
        "Position weight",
        "Length of the longer image side, measured in the "
        "range of the colour space: larger values make components more compact.",
        "float",
        0.0,
        100.0,
    ),
    Setting(
        "features.has_texture",
        "Texture",
        "Adds how strongly luminance changes around the pixel, finely and coarsely, so that rough and smooth "
        "parts of one colour differ.",
        "bool",
        is_advanced=False,
    ),
    Setting(
        "features.texture_scale",
        "Finest texture",
        "Standard deviation of the finest Gaussian derivatives that texture is measured with.",
        "float",
        0.5,
        8.0,
        "px",
    ),
    Setting(
        "features.texture_octaves",
        "Texture scales",
        "How many, each twice as coarse as the one before: every one is a feature. "
        "The last also gives the local deviation.",
        "int",
        1,
        4,
    ),
    Setting(
        "features.is_standardised",
        "Standardise",
        "Divides every feature by its standard deviation; centre and scale are kept in the model.",
        "bool",
    ),
    Setting(
        "mixture.n_components",
        "Components",
        "K, the number of Gaussians in the mixture (S2 eq. 30).",
        "int",
        1,
        MAX_COMPONENTS,
        is_advanced=False,
    ),
    Setting(
        "auto",
        "Choose K by",
        "Fits a range of K and keeps the best by this criterion. Neighbouring pixels "
        "are not independent, so BIC tends to large K; ICL asks for separated components.",
        "choice",
        choices=tuple((c, _CRITERION_TITLES[c]) for c in CRITERIA),
        is_optional=True,
        is_advanced=False,
    ),
    Setting(
        "mixture.covariance",
        "Covariance",
        "The shape of a component: any ellipsoid, one shape for all, an axis-aligned ellipsoid, or a ball.",
        "choice",
        choices=tuple((kind, FAMILY_TITLES[kind]) for kind in FAMILIES),
        is_advanced=False,
    ),
    Setting(
        "mixture.is_hard",
        "Hard assignment",
        "The ε → 0 limit of the mixture: k-means (S3).",
        "bool",
    ),
    Setting(
        "smooth",
        "Smooth",
        "Strength of the spatial prior: neighbouring pixels prefer the same component.",
        "float",
        0.0,
        10.0,
        is_advanced=False,
    ),
    Setting(
        "mixture.init",
        "Start",
        "How the first means are chosen.",
        "choice",
        choices=tuple(_INIT_TITLES.items()),
    ),
    Setting(
        "mixture.n_init",
        "Restarts",
        "Independent starts; the one with the highest bound is kept. EM finds a local optimum only.",
        "int",
        1,
        1000,
    ),
    Setting("mixture.seed", "Seed", "The same seed and settings give the same bytes.", "int", 0, 2**63 - 1),
    Setting("mixture.max_iter", "Iteration limit", "EM iterations of each run.", "int", 1, 1_000_000),
    Setting(
        "mixture.tol",
        "Tolerance",
        "Stop when the mean log-likelihood per pixel rises by less than this in an iteration.",
        "float",
        0.0,
        1e6,
        "nats",
    ),
    Setting(
        "mixture.parameter_tol",
        "‖Δθ‖ tolerance",
        "First rule of S2 eq. 29: stop when the parameters "
        "change by at most this many standard deviations; 0 switches the rule off.",
        "float",
        0.0,
        1e6,
        "σ",
    ),
    Setting(
        "mixture.q_tol",
        "|ΔQ| tolerance",
        "Second rule of S2 eq. 29: stop when Q per pixel rises by at most this; 0 switches the rule off.",
        "float",
        0.0,
        1e6,
        "nats",
    ),
    Setting(
        "mixture.accelerate",
        "Accelerate",
        "Jumps ahead between iterations where that raises the likelihood (SQUAREM): two to four times fewer "
        "of them at a small tolerance. Another local optimum may be found.",
        "bool",
    ),
    Setting(
        "mixture.reg_covar",
        "Variance floor",
        "Smallest variance of a component in any direction; automatic "
        "is the quantisation variance of the features.",
        "float",
        0.0,
        1e12,
        is_optional=True,
    ),
)
BY_PATH = {setting.path: setting for setting in SETTINGS}


def get_setting(settings: SegmentSettings, path: str) -> Any:
    """Return the value at `path`."""
    return value_at(settings, path)


def with_setting(settings: SegmentSettings, path: str, value: Any) -> SegmentSettings:
    """Return the settings with the value at `path` replaced; raises `SettingsError` when out of bounds."""
    BY_PATH[path].check(value)
    return with_value(settings, path, value)


def check_settings(settings: SegmentSettings) -> None:
    """Raise `SettingsError` for the first setting out of its bounds."""
    check_values(settings, SETTINGS)
