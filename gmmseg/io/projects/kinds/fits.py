"""A fit as plain values: its model as in model files, its figures, and its steps as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import MISSING, fields
from typing import Any

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.errors import ModelError
from gmmseg.image import Image
from gmmseg.io.models import model_content, model_of
from gmmseg.io.projects.plain import covariance_from, fields_of, misfit, value_of, values_of
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams
from gmmseg.photo.document import Fit
from gmmseg.photo.given import GivenModel
from gmmseg.photo.model import Model
from gmmseg.photo.objects.hints import Hints
from gmmseg.photo.objects.tiles import TileMap, is_tile

_APART = ("params", "history")
"""Fields of a result that are not written as they are: the model has the first, columns hold the other."""
_FIGURES = ("log_likelihood", "q", "h", "lower_bound", "q_gain", "h_gain", "parameter_change")
_LABELS = ("restart", "stage", "iteration", "is_reseeded")
_MAX_STEPS = 2_000_000


def fit_content(fit: Fit) -> dict[str, Any]:
    """Return a fit without its image; `fit_of` gives back the same bits."""
    return {
        "model": model_content(fit.model),
        "settings": fit.settings,
        "seconds": fit.seconds,
        "hints": fit.hints,
        "given": given_content(fit.given),
        "is_merged": fit.is_merged,
        **result_content(fit.result),
    }


def result_content(result: FitResult) -> dict[str, Any]:
    """Return a result without its parameters: its figures, and its steps as columns."""
    return {
        "result": {
            each.name: getattr(result, each.name) for each in fields(FitResult) if each.name not in _APART
        },
        "steps": _columns([step for step in result.history if _has_shape_of(step, result.params)], result),
    }


def result_of(content: Any, params: MixtureParams, place: str) -> FitResult:
    """Return the result that `result_content` gave; raises `ReadError` where it is none."""
    match content:
        case {"result": dict(result), "steps": steps}:
            pass
        case _:
            misfit(place, "must have a result and steps")
    declared, hints = fields_of(FitResult)
    needed = {name for name, each in declared.items() if each.default is MISSING} - set(_APART)
    if not needed <= result.keys() <= declared.keys() - set(_APART):
        misfit(f"{place}.result", "has other fields than a result")
    figures = {name: value_of(hints[name], each, f"{place}.result.{name}") for name, each in result.items()}
    return FitResult(params, history=_steps(steps, params, f"{place}.steps"), **figures)


def given_content(given: GivenModel | None) -> dict[str, Any] | None:
    """Return a model that is given, and how it is adapted; `given_of` gives back the same bits."""
    if given is None:
        return None
    return {each.name: getattr(given, each.name) for each in fields(GivenModel)} | {
        "model": model_content(given.model)
    }


def given_of(content: Any, place: str) -> GivenModel | None:
    """Return what `given_content` was made of; raises `ReadError` where that is nothing."""
    if content is None:
        return None
    declared, hints = fields_of(GivenModel)
    if not isinstance(content, dict) or content.keys() != declared.keys():
        misfit(place, "must have the fields of a model that is given")
    others = {
        name: value_of(hints[name], each, f"{place}.{name}")
        for name, each in content.items()
        if name != "model"
    }
    return GivenModel(model=_model(content["model"], f"{place}.model"), **others)


def _model(content: Any, place: str) -> Model:
    try:
        return model_of(content)
    except ModelError as error:
        misfit(place, f"is no model: {error.cause.rstrip('.')}")


def fit_of(content: Any, image: Image, place: str) -> Fit:
    """Return the fit of an image that `fit_content` gave; raises `ReadError` where it is none."""
    match content:
        case {"model": model, "settings": settings, "seconds": seconds}:
            pass
        case _:
            misfit(place, "must have a model, settings, seconds, a result and steps")
    made = _model(model, f"{place}.model")
    _, fit_hints = fields_of(Fit)
    return Fit(
        result_of(content, made.params, place),
        made,
        image,
        value_of(fit_hints["settings"], settings, f"{place}.settings"),
        value_of(fit_hints["seconds"], seconds, f"{place}.seconds"),
        _checked(
            value_of(fit_hints["hints"], content.get("hints"), f"{place}.hints"), image, f"{place}.hints"
        ),
        given_of(content.get("given"), f"{place}.given"),
        value_of(bool, content.get("is_merged", False), f"{place}.is_merged"),
    )


def _checked(hints: Hints | None, image: Image, place: str) -> Hints | None:
    """Return hints whose map is one of the image."""
    if hints is None:
        return None
    empty = TileMap.empty((image.height, image.width))
    tiles = hints.ids.tiles
    if hints.ids.shape != empty.shape or len(tiles) != len(empty.tiles):
        misfit(place, "must be of the image's size")
    if not all(is_tile(tile, empty.box(at)) for at, tile in enumerate(tiles)):
        misfit(place, "has what is no tile of the image")
    return hints


def _has_shape_of(step: FitStep, params: MixtureParams) -> bool:
    return (
        step.params.means.shape == params.means.shape
        and step.params.covariance.kind == params.covariance.kind
    )


def _columns(steps: Sequence[FitStep], result: FitResult) -> dict[str, Any]:
    """Return steps as one list or array for each of their fields.

    ``result`` says which of them have the parameters of the result.
    """
    columns: dict[str, Any] = {name: [getattr(step, name) for step in steps] for name in _LABELS}
    columns["result"] = [at for at, step in enumerate(steps) if step.params is result.params]
    columns["figures"] = np.array([[getattr(step, name) for name in _FIGURES] for step in steps])
    for name in ("weights", "means"):
        columns[name] = np.array([getattr(step.params, name) for step in steps])
    columns["covariances"] = np.array([step.params.covariance.values for step in steps])
    return columns


def _steps(content: Any, params: MixtureParams, place: str) -> tuple[FitStep, ...]:
    names = (*_LABELS, "result", "figures", "weights", "means", "covariances")
    if not isinstance(content, dict) or content.keys() != set(names):
        misfit(place, "must have the columns of steps")
    _, hints = fields_of(FitStep)
    labels = {name: values_of(hints[name], content[name], f"{place}.{name}") for name in _LABELS}
    n_steps = len(labels["restart"])
    own = frozenset(values_of(int, content["result"], f"{place}.result"))
    if n_steps > _MAX_STEPS or any(len(column) != n_steps for column in labels.values()):
        misfit(place, "must have columns of one length")
    if not n_steps:
        return ()
    n_components, n_features = params.means.shape
    shapes = {
        "figures": (len(_FIGURES),),
        "weights": (n_components,),
        "means": (n_components, n_features),
        "covariances": params.covariance.shape(n_components, n_features),
    }
    arrays: dict[str, FloatArray] = {}
    for name, shape in shapes.items():
        arrays[name] = value_of(FloatArray, content[name], f"{place}.{name}")
        if arrays[name].shape != (n_steps, *shape):
            misfit(f"{place}.{name}", f"must have the shape {(n_steps, *shape)}")
        if name != "figures" and not np.isfinite(arrays[name]).all():
            misfit(f"{place}.{name}", "must be finite")
    if (arrays["weights"] < 0).any():
        misfit(f"{place}.weights", "must be at least 0")
    return tuple(
        FitStep(
            **{name: column[at] for name, column in labels.items()},
            **dict(zip(_FIGURES, arrays["figures"][at].tolist(), strict=True)),
            params=params if at in own else _params_at(arrays, at, params, place),
        )
        for at in range(n_steps)
    )


def _params_at(arrays: dict[str, FloatArray], at: int, params: MixtureParams, place: str) -> MixtureParams:
    family = FAMILIES[params.covariance.kind]
    values = arrays["covariances"][at]
    covariance = covariance_from(family, values.copy(), f"{place}.covariances")
    return MixtureParams(arrays["weights"][at].copy(), arrays["means"][at].copy(), covariance, params.is_hard)
