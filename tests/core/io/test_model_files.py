"""Model files give back the same bits, and whatever else is in a file is refused by the field's name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gmmseg.errors import GmmsegError, ModelError, ReadError
from gmmseg.features.spec import COLOUR_SPACES, FeatureSpec
from gmmseg.image import GREY, RGB, Image, ImageSource
from gmmseg.io.models import FORMAT_VERSION, dump_model, load_model, read_model
from gmmseg.limits import MAX_MODEL_BYTES
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.density import log_density
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.settings import CovarianceKind
from gmmseg.photo.classes import default_classes
from gmmseg.photo.model import Model, check_suits


def a_model(
    kind: CovarianceKind = "full", n_components: int = 3, n_features: int = 3, seed: int = 0
) -> Model:
    random = np.random.default_rng(seed)
    spread = random.normal(size=(n_components, n_features, n_features))
    full = spread @ np.swapaxes(spread, 1, 2) + np.eye(n_features)
    full = (full + np.swapaxes(full, 1, 2)) / 2
    diagonal = np.abs(random.normal(size=(n_components, n_features))) + 0.1
    values = {"full": full, "tied": full[0], "diag": diagonal, "spherical": diagonal[:, 0]}[kind]
    weights = random.dirichlet(np.ones(n_components))
    return Model(
        params=MixtureParams(weights, random.normal(size=(n_components, n_features)), FAMILIES[kind](values)),
        features=FeatureSpec("lab", has_position=True, is_standardised=True),
        names=tuple(f"feature {d}" for d in range(n_features)),
        centre=random.normal(size=n_features),
        scale=np.abs(random.normal(size=n_features)) + 0.01,
        channels=RGB,
        classes=default_classes(n_components).changed(1, name="Himmel ☁ 天"),
        smooth=0.1 + 0.2,
        seed=2**62 + 1,
        white=0.1 + 2.9,
    )


def assert_same_bits(one: Model, other: Model) -> None:
    for a, b in (
        (one.params.weights, other.params.weights),
        (one.params.means, other.params.means),
        (one.params.covariance.values, other.params.covariance.values),
        (one.centre, other.centre),
        (one.scale, other.scale),
    ):
        assert a.shape == b.shape
        assert a.tobytes() == b.tobytes()
    assert one.white == other.white
    assert one.params.covariance.kind == other.params.covariance.kind
    assert one.params.is_hard == other.params.is_hard
    for name in ("features", "names", "channels", "classes", "smooth", "seed"):
        assert getattr(one, name) == getattr(other, name)


@pytest.mark.parametrize("kind", FAMILIES)
@pytest.mark.parametrize("seed", range(3))
def test_every_family_comes_back_with_the_same_bits(kind: CovarianceKind, seed: int) -> None:
    model = a_model(kind, seed=seed)
    again = load_model(dump_model(model))
    assert_same_bits(model, again)
    assert dump_model(again) == dump_model(model)


@given(
    values=st.lists(st.floats(-1e150, 1e150), min_size=4, max_size=4),
    variances=st.lists(st.floats(1e-150, 1e150), min_size=4, max_size=4),
    shares=st.lists(st.floats(0, 1), min_size=2, max_size=2).filter(lambda pair: sum(pair) > 1e-3),
    space=st.sampled_from(COLOUR_SPACES),
    name=st.text(st.characters(exclude_categories=["Cs"])),
    is_hard=st.booleans(),
    seed=st.integers(0, 2**63 - 1),
)
def test_any_numbers_come_back_with_the_same_bits(
    values: list[float], variances: list[float], shares: list[float], space: Any, name: str,
    is_hard: bool, seed: int,
) -> None:  # fmt: skip
    weights = np.array(shares) / sum(shares)
    params = MixtureParams(
        weights, np.array(values).reshape(2, 2), FAMILIES["diag"](np.array(variances).reshape(2, 2)), is_hard
    )
    model = replace(
        a_model(n_components=2, n_features=2), params=params, features=FeatureSpec(space), names=(name, "b"),
        classes=default_classes(2).changed(2, name=name), seed=seed,
    )  # fmt: skip
    assert_same_bits(model, load_model(dump_model(model)))


@pytest.mark.parametrize("kind", FAMILIES)
def test_a_saved_model_scores_rows_with_the_same_bits(kind: CovarianceKind, tmp_path: Path) -> None:
    model = a_model(kind)
    (tmp_path / "model.json").write_bytes(dump_model(model))
    again = read_model(tmp_path / "model.json")
    rows = np.random.default_rng(5).normal(size=(1000, 3))
    for (_, a), (_, b) in zip(log_density(model.params, rows), log_density(again.params, rows), strict=True):
        assert a.tobytes() == b.tobytes()


def test_a_model_of_version_1_has_the_texture_that_was_the_only_one_then() -> None:
    data = json.loads(dump_model(a_model()))
    data["version"] = 1
    del data["features"]["texture_scale"], data["features"]["texture_octaves"]
    assert load_model(json.dumps(data).encode()).features.texture_scales == (1, 2, 4)
    data["features"] = []
    with pytest.raises(ModelError, match="features” must be an object"):
        load_model(json.dumps(data).encode())


def test_chosen_scales_of_texture_come_back() -> None:
    spec = FeatureSpec(has_texture=True, texture_scale=0.75, texture_octaves=2)
    assert load_model(dump_model(replace(a_model(), features=spec))).features == spec


def test_merged_classes_come_back() -> None:
    model = a_model(n_components=4)
    model = replace(model, classes=model.classes.merged([2, 4]).moved(3, 0))
    assert load_model(dump_model(model)).classes == model.classes


def changed(place: str, value: Any) -> bytes:
    """Return a model file with one field set, or removed when `value` is ``...``."""
    content = json.loads(dump_model(a_model()))
    *path, last = [int(part) if part.isdigit() else part for part in place.split(".")]
    node = content
    for part in path:
        node = node[part]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return json.dumps(content).encode()


WRONG: list[tuple[str, Any, str]] = [
    ("weights", ..., "weights"),
    ("weights", "x", "weights"),
    ("weights", [0.5, 0.4, 0.0], "weights” sums to 0.9"),
    ("weights", [1.5, -0.5, 0.0], r"weights\[0\]"),
    ("weights", [], "weights” is empty"),
    ("weights", [0.5, 0.5], "means"),
    ("weights.1", True, r"weights\[1\]"),
    ("weights.1", None, r"weights\[1\]"),
    ("weights", [1e-9] * 1000, "more than the 256 items"),
    ("means", [[0, 0, 0]], "means"),
    ("means.2", [0, 0], r"means\[2\]” has 2 items where 3"),
    ("means.2.1", "0", r"means\[2\]\[1\]"),
    ("means.2.1", 10**400, r"means\[2\]\[1\]"),
    ("names", ["a", "b"], "means"),
    ("names", [], "names” is empty"),
    ("\ud800", 1, "not valid Unicode"),
    ("names.0", 7, r"names\[0\]"),
    ("names.0", "\ud800", r"names\[0\]"),
    ("centre", [0, 0], "centre"),
    ("white", 0, "white"),
    ("white", "bright", "white” must be a number or nothing"),
    ("white", 1e200, "white” must be at most 1e\\+150"),
    ("scale.0", 0, r"scale\[0\]"),
    ("scale.0", -1, r"scale\[0\]"),
    ("covariance.kind", "round", "covariance.kind"),
    ("covariance.kind", ["full"], "covariance.kind"),
    ("covariance.kind", "diag", "covariance.values"),
    ("covariance.values.0", [[1, 2, 0], [0, 1, 0], [0, 0, 1]], "covariance.values” is not symmetric"),
    ("covariance.values.0", [[1, 2, 0], [2, 1, 0], [0, 0, 1]], "not positive definite"),
    ("covariance.values.0", [[0, 0, 0], [0, 0, 0], [0, 0, 0]], "not positive definite"),
    ("covariance.extra", 1, "covariance.extra” is not known"),
    ("surprise", 1, "surprise” is not known"),
    ("channels", "red", "channels"),
    ("features.space", "cmyk", "features.space"),
    ("features.texture_scale", 0.0, "features.texture_scale"),
    ("features.texture_octaves", 2.5, "features.texture_octaves"),
    ("features.texture_octaves", 5, "features.texture_octaves"),
    ("features.texture_octaves", ..., "features.texture_octaves"),
    ("features.has_position", 1, "features.has_position” must be true or false"),
    ("is_hard", "no", "is_hard"),
    ("smooth", -1, "smooth"),
    ("seed", 2**64, "seed"),
    ("seed", -1, "seed” must be at least 0"),
    ("seed", 1.5, "seed"),
    ("classes.0.id", 0, r"classes\[0\].id"),
    ("classes.0.id", 255, r"classes\[0\].id"),
    ("classes.0.id", 2, "same id twice"),
    ("classes.0.colour", "blue", r"classes\[0\].colour"),
    ("classes.0.colour", "#12345G", r"classes\[0\].colour"),
    ("classes.0.components", [0, 1], "each of the 3 components once"),
    ("classes.0.components", [], r"classes\[0\].components"),
    ("classes.0.components", [7], r"classes\[0\].components\[0\]"),
    ("classes.0.name", None, r"classes\[0\].name"),
    ("format", "something else", "format"),
    ("format", ..., "format"),
    ("version", 0, "version"),
    ("version", "1", "version"),
]


@pytest.mark.parametrize(("place", "value", "named"), WRONG)
def test_a_wrong_field_is_refused_by_its_name(place: str, value: Any, named: str) -> None:
    with pytest.raises(ModelError, match=named) as caught:
        load_model(changed(place, value))
    assert caught.value.remedy
    assert not {"`", "Expected", "$", "Invalid", "0000000"} & {
        *caught.value.cause,
        *caught.value.cause.split(),
    }


def test_a_model_of_a_newer_version_asks_for_an_update() -> None:
    data = json.loads(changed("version", FORMAT_VERSION + 1))
    data["unheard of"] = 1
    with pytest.raises(ModelError, match="newer gmmseg") as caught:
        load_model(json.dumps(data).encode())
    assert "Update" in caught.value.remedy


GOOD = dump_model(a_model())
BROKEN = {
    "empty": b"",
    "spaces": b"  \n",
    "cut off": GOOD[: len(GOOD) // 2],
    "not text": b"\xff\xfe\x00\x01",
    "another kind of JSON": b"[1, 2, 3]",
    "NaN": GOOD.replace(b'"seed": 4611686018427387905', b'"seed": NaN'),
    "NaN among numbers": GOOD.replace(b'"smooth": 0.30000000000000004', b'"smooth": NaN'),
    "infinity": GOOD.replace(b'"seed": 4611686018427387905', b'"seed": -Infinity'),
    "overflow": GOOD.replace(b'"smooth": 0.30000000000000004', b'"smooth": 1e999'),
    "key twice": GOOD.replace(b'"seed": ', b'"smooth": '),
    "deep lists": b"[" * 1_000_000,
    "deep objects": b'{"a":' * 1_000_000,
    "long number": b'{"format": ' + b"1" * 100_000 + b"}",
    "after the end": GOOD + b"x",
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_refused(name: str) -> None:
    assert BROKEN[name] != GOOD
    with pytest.raises(ModelError) as caught:
        load_model(BROKEN[name])
    assert caught.value.remedy


def test_a_key_that_is_there_twice_is_named() -> None:
    with pytest.raises(ModelError, match="“smooth” is there twice"):
        load_model(BROKEN["key twice"])


def test_a_number_that_is_none_is_named() -> None:
    with pytest.raises(ModelError, match="holds NaN where a number must be"):
        load_model(BROKEN["NaN among numbers"])


def test_a_billion_components_are_refused_without_being_made() -> None:
    with pytest.raises(ModelError, match="weights"):
        load_model(changed("weights", 10**9))


def test_a_file_that_is_too_large_is_refused_unparsed() -> None:
    with pytest.raises(ModelError, match="64 MiB"):
        load_model(b" " * (MAX_MODEL_BYTES + 1))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@pytest.mark.slow
@settings(max_examples=300)
@given(field=st.sampled_from(sorted(json.loads(GOOD))), value=json_values)
def test_any_json_in_any_field_is_a_model_or_refused(field: str, value: Any) -> None:
    try:
        model = load_model(changed(field, value))
    except GmmsegError:
        return
    assert_same_bits(model, load_model(dump_model(model)))


@pytest.mark.slow
@settings(max_examples=300)
@given(data=st.binary(max_size=200), at=st.integers(0, len(GOOD)), gone=st.integers(0, 50))
def test_any_bytes_are_a_model_or_refused(data: bytes, at: int, gone: int) -> None:
    for candidate in (data, GOOD[:at] + data + GOOD[at + gone :]):
        try:
            model = load_model(candidate)
        except GmmsegError:
            continue
        assert_same_bits(model, load_model(dump_model(model)))


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "missing.json", tmp_path, tmp_path / "nul\0"):
        with pytest.raises(ReadError):
            read_model(path)


def an_image(channels: tuple[str, ...]) -> Image:
    return Image(np.zeros((2, 2, len(channels)), np.uint8), channels, ImageSource("x"))


def test_an_image_with_other_channels_is_refused_with_both_numbers() -> None:
    check_suits(a_model(), an_image(RGB))
    with pytest.raises(ModelError, match=r"fitted on 3 channels .* has 1 channel"):
        check_suits(a_model(), an_image(GREY))
    with pytest.raises(ModelError, match=r"3 channels .* has 7 channels"):
        check_suits(a_model(), an_image(tuple("abcdefg")))


def test_a_colour_space_needs_colour_channels() -> None:
    with pytest.raises(ModelError, match="red, green, blue"):
        check_suits(a_model(), an_image(("near infrared", "red", "green")))
