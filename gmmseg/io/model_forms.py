"""Grammar of model files: fields, types and bounds, and their conversion."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, cast

import numpy as np
from msgspec import Meta, Struct

from gmmseg.arrays import FloatArray
from gmmseg.colours import Colour, hex_colour
from gmmseg.errors import ModelError
from gmmseg.features.spec import ColourSpace, FeatureSpec
from gmmseg.io.strict_json import MODEL, DocumentKind, Form, Text, array, converted, refuse
from gmmseg.limits import MAX_FEATURES
from gmmseg.mixture.covariance import FAMILIES, Covariance
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import MAX_COMPONENTS, CovarianceKind
from gmmseg.photo.classes import IGNORE_ID, ClassInfo, ClassTable
from gmmseg.setting import setting_of

_HUGE = 1e150
"""Larger numbers overflow when they are squared."""
_LARGEST_SCALE = 1e70
"""A covariance times two scales must stay finite."""
_MAX_ID = 65534
_LARGEST_SIDE = 4096
_LARGEST_COORDINATE = 1e6
"""Of digits, whose pixels are in 0..1."""
_SCALE, _OCTAVES = (setting_of(FeatureSpec, name) for name in ("texture_scale", "texture_octaves"))

Number = Annotated[float, Meta(ge=-_HUGE, le=_HUGE)]
Variance = Annotated[float, Meta(ge=1 / _HUGE, le=_HUGE)]
Scale = Annotated[float, Meta(ge=1 / _LARGEST_SCALE, le=_LARGEST_SCALE)]
Weights = Annotated[
    tuple[Annotated[float, Meta(ge=0, le=1)], ...], Meta(min_length=1, max_length=MAX_COMPONENTS)
]
Names = Annotated[tuple[Text, ...], Meta(min_length=1, max_length=MAX_FEATURES)]


class Head(Struct, frozen=True):
    """Fields with which every model file begins."""

    format: str
    version: Annotated[int, Meta(ge=1, le=10**9)]


class Full(Form, frozen=True, tag_field="kind", tag="full"):
    """A covariance matrix for each component, (K, D, D)."""

    values: tuple[tuple[tuple[Number, ...], ...], ...]


class Tied(Form, frozen=True, tag_field="kind", tag="tied"):
    """One covariance matrix for all, (D, D)."""

    values: tuple[tuple[Number, ...], ...]


class Diagonal(Form, frozen=True, tag_field="kind", tag="diag"):
    """Variances for each component, (K, D)."""

    values: tuple[tuple[Variance, ...], ...]


class Spherical(Form, frozen=True, tag_field="kind", tag="spherical"):
    """One variance for each component, (K,)."""

    values: tuple[Variance, ...]


CovarianceForm = Full | Tied | Diagonal | Spherical


class FeatureForm(Form, frozen=True):
    """The fields of a `FeatureSpec`."""

    space: ColourSpace
    has_position: bool
    has_texture: bool
    position_weight: Annotated[float, Meta(ge=0, le=_HUGE)]
    is_standardised: bool
    texture_scale: Annotated[float, Meta(ge=_SCALE.low, le=_SCALE.high)]
    texture_octaves: Annotated[int, Meta(ge=int(_OCTAVES.low), le=int(_OCTAVES.high))]


class ClassId(int):
    """A class's value in masks."""

    __slots__ = ()

    def __new__(cls, value: object) -> ClassId:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MAX_ID:
            raise ValueError(f"must be a whole number from 1 to {_MAX_ID}")
        if value == IGNORE_ID:
            raise ValueError(f"must not be {IGNORE_ID}, which means ignore")
        return super().__new__(cls, value)


class HexColour:
    """A colour written as ``#E69F00``."""

    def __init__(self, value: object) -> None:
        try:
            self.rgb: Colour = hex_colour(cast(str, value))
        except (ValueError, AttributeError) as error:
            raise ValueError("must be a colour such as #E69F00") from error


class ClassForm(Form, frozen=True):
    """The fields of a `ClassInfo`."""

    id: ClassId
    name: Text
    colour: HexColour
    components: Annotated[
        tuple[Annotated[int, Meta(ge=0)], ...], Meta(min_length=1, max_length=MAX_COMPONENTS)
    ]
    is_visible: bool
    is_locked: bool


class MixtureForm(Form, frozen=True):
    """The fields that every model file has."""

    format: str
    version: int
    generator: Text
    weights: Weights
    means: tuple[tuple[Number, ...], ...]
    covariance: CovarianceForm

    def params(self, n_features: int, *, is_hard: bool = False) -> MixtureParams:
        """Return the mixture; raises `ModelError` where no mixture can be so."""
        n_components = len(self.weights)
        return MixtureParams(
            _weights_of(self.weights),
            array("means", self.means, (n_components, n_features)),
            _covariance_of(self.covariance, n_components, n_features),
            is_hard,
        )


class TableModelForm(MixtureForm, frozen=True):
    """A model of the rows of a table."""

    names: Names
    centre: tuple[Number, ...]
    scale: tuple[Scale, ...]
    is_hard: bool
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)]

    def scaled(self) -> tuple[MixtureParams, tuple[str, ...], FloatArray, FloatArray]:
        """Return the mixture, names, centre and scale of its features; raises `ModelError`."""
        n_features = len(self.names)
        return (
            self.params(n_features, is_hard=self.is_hard),
            tuple(map(str, self.names)),
            array("centre", self.centre, (n_features,)),
            array("scale", self.scale, (n_features,)),
        )


class ModelForm(TableModelForm, frozen=True):
    """A model of a picture's pixels, in the newest version."""

    channels: Annotated[tuple[Text, ...], Meta(max_length=MAX_FEATURES)]
    features: FeatureForm
    classes: Annotated[tuple[ClassForm, ...], Meta(max_length=MAX_COMPONENTS)]
    smooth: Annotated[float, Meta(ge=0, le=1e6)]
    white: Annotated[float, Meta(ge=1, le=_HUGE)] | None


Side = Annotated[int, Meta(ge=1, le=_LARGEST_SIDE)]
Coordinate = Annotated[float, Meta(ge=-_LARGEST_COORDINATE, le=_LARGEST_COORDINATE)]
UnitNumber = Annotated[float, Meta(ge=-1 - 1e-9, le=1 + 1e-9)]


class DigitModelForm(MixtureForm, frozen=True):
    """A model of digits."""

    name: Text
    shape: tuple[Side, Side]
    mean: tuple[Coordinate, ...]
    axes: Annotated[tuple[tuple[UnitNumber, ...], ...], Meta(min_length=1, max_length=MAX_FEATURES)]
    means: tuple[tuple[Coordinate, ...], ...]


def checked_content(content: Any, format_name: str, newest: int) -> dict[str, Any]:
    """Return the root object of a model file of one format, at most of the newest version that is known."""
    head = converted(content, Head)
    if head.format != format_name:
        refuse("format", f"must be “{format_name}”; this is another kind of file")
    if head.version > newest:
        raise ModelError(
            f"The model was made by a newer gmmseg (its field “version” is {head.version}, this program "
            f"reads {newest}).",
            "Update gmmseg.",
        )
    return cast(dict[str, Any], content)


def check_classes(
    classes: Sequence[ClassForm | ClassInfo], n_components: int, kind: DocumentKind = MODEL
) -> None:
    """Raise the kind's error unless classes have different ids and hold each component once."""
    for at, entry in enumerate(classes):
        place = f"classes[{at}].components"
        for position, component in enumerate(entry.components):
            if component >= n_components:
                refuse(f"{place}[{position}]", f"must be at most {n_components - 1}", kind)
        if list(entry.components) != sorted(set(entry.components)):
            refuse(place, "must list components in increasing order", kind)
    if len({entry.id for entry in classes}) < len(classes):
        refuse("classes", "has the same id twice", kind)
    if sorted(k for entry in classes for k in entry.components) != list(range(n_components)):
        refuse("classes", f"must hold each of the {n_components} components once", kind)


def class_table(forms: tuple[ClassForm, ...], n_components: int) -> ClassTable:
    """Return the classes in forms; raises `ModelError` unless they hold each component once."""
    check_classes(forms, n_components)
    return ClassTable(
        tuple(
            ClassInfo(
                int(form.id),
                str(form.name),
                form.colour.rgb,
                form.components,
                form.is_visible,
                form.is_locked,
            )
            for form in forms
        )
    )


def _weights_of(values: tuple[float, ...]) -> FloatArray:
    """Return the weights of components, (K,); raises `ModelError` unless they sum to 1."""
    weights = np.array(values)
    if abs(float(weights.sum()) - 1) > 1e-6:
        refuse("weights", f"sums to {float(weights.sum()):.6g}, not to 1")
    return weights


def _covariance_of(form: CovarianceForm, n_components: int, n_features: int) -> Covariance:
    """Return the covariance in a form; raises `ModelError` where no mixture can have it."""
    place = "covariance.values"
    family = FAMILIES[cast(CovarianceKind, form.__struct_config__.tag)]
    values = array(place, form.values, family.shape(n_components, n_features))
    if family.is_diagonal:
        return family(values)
    transposed = np.swapaxes(values, -1, -2)
    largest = np.abs(values).max(axis=(-1, -2), keepdims=True)
    if (np.abs(values - transposed) > 1e-9 * largest).any():
        refuse(place, "is not symmetric")
    with np.errstate(all="ignore"):
        try:
            covariance = family(values)
        except np.linalg.LinAlgError:
            refuse(place, "is not positive definite")
        if not np.isfinite(covariance.precisions(n_components, n_features)).all():
            refuse(place, "is too close to singular")
    return covariance
