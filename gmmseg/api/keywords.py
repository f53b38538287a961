"""Settings as keyword arguments: their names and types, and what makes settings of those that are given."""

from __future__ import annotations

import difflib
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypedDict, TypeVar, get_type_hints

import numpy as np

from gmmseg.batch.methods import MapMethod
from gmmseg.errors import SettingsError
from gmmseg.features.spec import ColourSpace, FeatureSpec
from gmmseg.frames.settings import Rates
from gmmseg.mixture.settings import Adaptation, CovarianceKind, Criterion, InitMethod
from gmmseg.photo.settings import LearnsFrom, MapSettings, MapUnit, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import Setting, arranged, settings_of, value_at, with_setting

_F = TypeVar("_F", bound=Callable[..., Any])
_S = TypeVar("_S")
_AUTO = "auto"
_KEYWORD = inspect.Parameter.KEYWORD_ONLY


class MixtureKeywords(TypedDict, total=False):
    """The settings of a mixture; defaults, bounds and explanations are in their declarations."""

    n_components: int | Literal["auto"]
    auto: Criterion | None
    covariance: CovarianceKind
    is_hard: bool
    is_standardised: bool
    init: InitMethod
    n_init: int
    seed: int
    max_iter: int
    tol: float
    parameter_tol: float
    q_tol: float
    accelerate: bool
    reg_covar: float | None


class SegmentKeywords(MixtureKeywords, total=False):
    """The settings of a segmentation."""

    learns_from: LearnsFrom | None
    smooth: float
    space: ColourSpace
    has_position: bool
    position_weight: float
    has_texture: bool
    texture_scale: float
    texture_octaves: int


class BackgroundKeywords(TypedDict, total=False):
    """The settings of the background mixture."""

    rate: float | None
    rates: Rates
    n_components: int
    threshold: float
    generation: float
    background: float
    complexity: float
    first_variance: float
    least_variance: float
    most_variance: float


class MapKeywords(TypedDict, total=False):
    """The settings of a map of classes."""

    by: MapUnit
    balance: float
    min_island: int


class CutKeywords(TypedDict, total=False):
    """The settings of a cut of regions."""

    detail: float
    n_regions: int | None


class RegionKeywords(CutKeywords, total=False):
    """The settings of regions."""

    seed: int


class ClassKeywords(MapKeywords, CutKeywords, total=False):
    """The settings of a map of classes and of the regions that they may go by."""


class LabelKeywords(SegmentKeywords, ClassKeywords, total=False):
    """All settings of a picture that is fitted and labelled."""


def segment_settings(features: str | FeatureSpec, keywords: Mapping[str, Any]) -> SegmentSettings:
    """Return the settings that features, as on the command line, and keywords stand for.

    Raises
    ------
    TypeError
        There is no setting of that name.
    SettingsError
        A value is out of its bounds, or has no effect without another one.
    """
    spec = features if isinstance(features, FeatureSpec) else FeatureSpec.parse(features)
    return with_keywords(SegmentSettings(features=spec), with_criterion(keywords))


def with_criterion(keywords: Mapping[str, Any]) -> dict[str, Any]:
    """Return keywords in which a criterion stands for ``n_components="auto"``."""
    given = dict(keywords)
    if given.get("n_components") == _AUTO:
        del given["n_components"]
        given.setdefault("auto", "bic")
    return given


def map_method(keywords: Mapping[str, Any]) -> tuple[MapMethod, dict[str, Any]]:
    """Return how a map of classes is made by keywords of `ClassKeywords`, and the others.

    Raises
    ------
    SettingsError
        A value is out of its bounds, or has no effect.
    """
    of_map, of_cut = (by_keyword(kind) for kind in (MapSettings, RegionSettings))
    own = {name: value for name, value in keywords.items() if name in get_type_hints(ClassKeywords)}
    others = {name: value for name, value in keywords.items() if name not in own}
    settings = with_keywords(MapSettings(), {name: own[name] for name in own if name in of_map})
    cut = {name: own[name] for name in own if name not in of_map}
    idle = [name for name in own if name in (*cut, "balance")]
    if idle and settings.by == "pixel":
        title = {**of_cut, **of_map}[idle[0]].title
        raise SettingsError(
            idle[0], f"{title} has no effect on classes by pixel.", 'Add by="region", or leave it out.'
        )
    return MapMethod(settings, region_settings(cut)), others


def label_method(keywords: Mapping[str, Any]) -> MapMethod:
    """Return how a map of classes is made by keywords of `ClassKeywords` alone; raises as `map_method`."""
    maps, others = map_method(keywords)
    refuse_unknown(others, get_type_hints(ClassKeywords))
    return maps


def adaptation_of(adapt: float | Adaptation | None) -> Adaptation | None:
    """Return how a model is adapted, a relevance factor alone standing for the usual way."""
    return adapt if adapt is None or isinstance(adapt, Adaptation) else Adaptation(float(adapt))


def region_settings(keywords: Mapping[str, Any]) -> RegionSettings:
    """Return the settings that keywords of `RegionKeywords` stand for; raises as `segment_settings`."""
    return with_keywords(RegionSettings(), keywords)


def with_keywords(settings: _S, keywords: Mapping[str, Any]) -> _S:
    """Return settings with values given by the last names of their paths; raises as `segment_settings`."""
    declared = by_keyword(type(settings))
    refuse_unknown(keywords, declared)
    for name, value in keywords.items():
        plain = value.item() if isinstance(value, np.generic) else value
        settings = with_setting(settings, declared[name].path, plain)
    for name in keywords:
        _check_effect(settings, declared[name], declared)
    return settings


def refuse_unknown(keywords: Iterable[str], known: Iterable[str]) -> None:
    """Raise TypeError for the first keyword that is not known."""
    names = list(known)
    for name in keywords:
        if name not in names:
            near = "".join(f"; did you mean {word}?" for word in difflib.get_close_matches(name, names, 1))
            raise TypeError(f"there is no setting {name!r}{near}")


def _check_effect(settings: Any, setting: Setting, declared: Mapping[str, Setting]) -> None:
    if setting.needs and not value_at(settings, setting.needs):
        switch = _keyword(setting.needs)
        raise SettingsError(
            setting.path,
            f"{setting.title} has no effect without {declared[switch].title}.",
            f"Add {switch}=True, or leave it out.",
        )


def by_keyword(kind: type) -> dict[str, Setting]:
    """Return the settings declared in a dataclass by their keywords, in an order for reading."""
    return {_keyword(setting.path): setting for setting in arranged(settings_of(kind))}


def _keyword(path: str) -> str:
    return path.rpartition(".")[2]


def takes_settings(keywords: type, *kinds: type) -> Callable[[_F], _F]:
    """Return a decorator: signature and docstring of a function list the settings that it takes.

    Parameters
    ----------
    keywords : TypedDict
        Of its ``**settings``, for their names and types.
    *kinds : dataclass
        Where the settings are declared, the first that has a name; they replace ``{settings}`` in the
        docstring.
    """
    types = get_type_hints(keywords)

    def decorate(function: _F) -> _F:
        declared: dict[str, Setting] = {}
        for kind in kinds:
            found = by_keyword(kind)
            declared |= {name: found[name] for name in found if name in types and name not in declared}
        signature = inspect.signature(function)
        own = [one for one in signature.parameters.values() if one.kind is not one.VAR_KEYWORD]
        added = [
            inspect.Parameter(name, _KEYWORD, default=one.default, annotation=types[name])
            for name, one in declared.items()
        ]
        function.__signature__ = signature.replace(parameters=[*own, *added])  # type: ignore[attr-defined]
        if function.__doc__ is not None:
            listed = "\n".join(_entry(name, one) for name, one in declared.items())
            function.__doc__ = inspect.cleandoc(function.__doc__).replace("{settings}", listed)
        return function

    return decorate


def _entry(name: str, setting: Setting) -> str:
    """Return a setting as an entry of a numpy-style docstring."""
    if setting.kind == "bool":
        values = "bool"
    elif setting.kind == "choice":
        values = f"{{{', '.join(repr(key) for key, _ in setting.choices)}}}"
    else:
        low, high = (
            f"{bound:g}" if setting.kind == "float" else str(bound) for bound in (setting.low, setting.high)
        )
        values = f"{setting.kind} from {low} to {high}"
        values += f" {setting.unit}" * bool(setting.unit) + f" or {_AUTO!r}" * setting.takes_auto
    text = textwrap.fill(setting.explanation, 96, initial_indent="    ", subsequent_indent="    ")
    return f"{name} : {values}, default {setting.default!r}\n{text}"
