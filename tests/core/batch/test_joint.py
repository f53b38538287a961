"""One mixture for many pictures: exactly that of the pictures side by side."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from gmmseg import limits
from gmmseg.arrays import AnyArray
from gmmseg.batch.joint import joint_fit_events, united_colours
from gmmseg.commands.cli import run
from gmmseg.control import result_of
from gmmseg.errors import BudgetError, FeatureError, ReadError
from gmmseg.features.spec import FeatureSpec
from gmmseg.io.images import Picture, image_from_array
from gmmseg.io.models import dump_model
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.model import Model
from gmmseg.photo.settings import SegmentSettings
from tests.core.commands.test_cli import photo

FAST = FitSettings(n_components=3, n_init=2, tol=1e-4)


def joint(pictures: list[AnyArray], features: str = "rgb", **changes: Any) -> Model:
    spec = FeatureSpec.parse(features)
    settings = SegmentSettings(FeatureSpec(spec.space, spec.has_position, spec.has_texture, **changes), FAST)
    model, errors = result_of(joint_fit_events(pictures, settings))
    assert errors == {}
    return model


def of_one(picture: AnyArray, features: str = "rgb", **changes: Any) -> Model:
    spec = FeatureSpec.parse(features)
    settings = SegmentSettings(FeatureSpec(spec.space, spec.has_position, spec.has_texture, **changes), FAST)
    image = image_from_array(picture, "picture")
    return result_of(segment_events(SegmentRequest(image, settings))).fit.model


def noisy(kind: str, height: int = 24) -> AnyArray:
    picture: AnyArray = photo(height, 40, seed=5)
    match kind:
        case "16 bit":
            return picture.astype(np.uint16) * 257 + np.arange(40, dtype=np.uint16)[None, :, None]
        case "float":
            return picture.astype(np.float32) / 511
        case "grey":
            return picture[:, :, 0]
    return picture


@pytest.mark.parametrize("kind", ["8 bit", "16 bit", "float", "grey"])
@pytest.mark.parametrize("standardised", [False, True])
def test_the_mixture_is_bit_for_bit_that_of_all_pixels_side_by_side(kind: str, standardised: bool) -> None:
    whole = noisy(kind)
    parts = [whole[:7], whole[7:9], whole[9:]]
    expected = of_one(whole, is_standardised=standardised)
    assert dump_model(joint(parts, is_standardised=standardised)) == dump_model(expected)


def test_features_of_each_pixel_are_pooled() -> None:
    # The same texture and place in both halves: then the whole is not what they would have side by side, but
    # a picture twice gives the mixture of the picture once.
    once = noisy("8 bit")
    model, single = joint([once, once], "lab+position"), of_one(once, "lab+position")
    assert model.names == single.names
    assert np.allclose(model.means, single.means, rtol=1e-9)
    assert np.allclose(model.params.weights, single.params.weights, rtol=1e-9)


def test_processes_that_read_change_nothing() -> None:
    pictures = [noisy("8 bit", height) for height in (9, 12, 15)]
    settings = SegmentSettings(FeatureSpec(has_position=True), FAST)
    models = [result_of(joint_fit_events(pictures, settings, n_jobs))[0] for n_jobs in (1, 2)]
    assert dump_model(models[0]) == dump_model(models[1])


def test_pictures_of_another_kind_and_unreadable_ones_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    pictures: list[Picture] = [tmp_path / "empty.png", noisy("8 bit"), noisy("16 bit"), noisy("grey")]
    model, errors = result_of(joint_fit_events(pictures, SegmentSettings(mixture=FAST)))
    assert dump_model(model) == dump_model(of_one(noisy("8 bit")))
    assert isinstance(errors.pop(0), ReadError)
    assert {at: type(error) for at, error in errors.items()} == {2: FeatureError, 3: FeatureError}
    assert "red, green, blue as uint16 where the first picture holds red, green, blue as uint8" in str(
        errors[2]
    )
    with pytest.raises(ReadError, match="empty file"):
        result_of(joint_fit_events(pictures[:1], SegmentSettings(mixture=FAST)))


def test_floats_have_no_common_place_and_large_pools_are_refused() -> None:
    settings = SegmentSettings(FeatureSpec(has_position=True), FAST)
    with pytest.raises(FeatureError, match="no common measure"):
        result_of(joint_fit_events([noisy("float")], settings))
    with limits.budget_of(400_000), pytest.raises(BudgetError, match="All pictures together need"):
        result_of(joint_fit_events([noisy("8 bit")] * 9, settings))


def test_colours_are_united_as_by_numpy() -> None:
    random = np.random.default_rng(0)
    columns, counts = random.integers(0, 4, (3, 200)).astype(float), random.integers(1, 9, 200).astype(float)
    united, sums = united_colours(columns, counts)
    expected, inverse = np.unique(columns, axis=1, return_inverse=True)
    assert np.array_equal(united, expected)
    assert np.array_equal(sums, np.bincount(inverse.reshape(-1), counts))


@pytest.mark.slow
def test_classes_mean_the_same_in_every_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    whole = photo(30, 60)
    # Each part has two of the three colours.
    Pillow.fromarray(whole[:, :40]).save("photos/a.png")
    Pillow.fromarray(whole[:, 20:]).save("photos/b.png")
    Path("photos/c.png").write_bytes(b"no picture")
    options = ["-k", "3", "--n-init", "2", "--tol", "1e-4"]
    line = ["segment", "photos", *options, "--joint", "-o", "masks", "--model", "models"]
    assert run([*line, "--jobs", "2"]) == 1
    a, b = (np.asarray(Pillow.open(f"masks/{name}.png")) for name in "ab")
    assert np.array_equal(a[:, 20:], b[:, :20])
    assert set(np.unique(a)) != set(np.unique(b))
    assert Path("models/a.json").read_bytes() == Path("models/b.json").read_bytes()
    # One picture alone gets what it gets without --joint.
    assert run(["segment", "photos/a.png", *options, "--joint", "-o", "j.png", "--model", "j.json"]) == 0
    assert run(["segment", "photos/a.png", *options, "-o", "p.png", "--model", "p.json"]) == 0
    for name in ("png", "json"):
        assert Path(f"j.{name}").read_bytes() == Path(f"p.{name}").read_bytes()
    assert json.loads(Path("j.json").read_text())["format"] == "gmmseg-model"
    assert run(["segment", "photos/a.png", "--method", "regions", "--joint", "-o", "r.png"]) == 2
