"""Plain values that decide the files of a batch: equal where these are equal, else not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.batch.methods import AppliedModel, FittedMixture, GrownRegions, description
from gmmseg.control import result_of
from gmmseg.io.images import image_from_array
from gmmseg.mixture.settings import Adaptation, FitSettings
from gmmseg.photo.classes import default_classes
from gmmseg.photo.objects.edits import add_object
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.project import PhotoProject
from gmmseg.photo.settings import SegmentSettings
from gmmseg.regions.settings import RegionSettings
from tests.core.commands.test_cli import photo


def plain(method: Any) -> str:
    return json.dumps(description(method))


def objects() -> ObjectMap:
    project = PhotoProject.of_image(image_from_array(photo(), "photo"))
    mask = np.zeros((30, 40), bool)
    mask[3:9, 4:12] = True
    return project.edited(add_object(Patch.of(mask), "sky")).document.object_map


MIXTURE = FittedMixture(SegmentSettings(mixture=FitSettings(n_components=3, n_init=1, tol=1e-3)))


def variants() -> list[Any]:
    model = result_of(MIXTURE.events(image_from_array(photo(), "photo"), "")).fit.model
    return [
        MIXTURE,
        FittedMixture(replace(MIXTURE.settings, smooth=0.5)),
        replace(MIXTURE, classes=default_classes(3)),
        replace(MIXTURE, classes=default_classes(3).changed(2, name="Sky")),
        replace(MIXTURE, classes=default_classes(3).changed(2, is_visible=False)),
        replace(MIXTURE, hints=np.ones((30, 40), np.uint8)),
        replace(MIXTURE, hints=np.ones((40, 30), np.uint8)),
        replace(MIXTURE, hints=objects()),
        AppliedModel(model),
        AppliedModel(replace(model, smooth=1.0)),
        AppliedModel(model, Adaptation(3.0)),
        GrownRegions(RegionSettings()),
        GrownRegions(RegionSettings(n_regions=4)),
        GrownRegions(RegionSettings(), MIXTURE),
    ]


def test_methods_that_make_other_files_are_told_apart() -> None:
    found = variants()
    assert len({plain(method) for method in found}) == len(found)
    assert [plain(method) for method in variants()] == [plain(method) for method in found]


def test_files_count_by_what_they_hold(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"hints")
    (tmp_path / "b").write_bytes(b"hints")
    same = [plain(replace(MIXTURE, hints=tmp_path / name)) for name in "ab"]
    assert same[0] == same[1]
    (tmp_path / "b").write_bytes(b"others")
    assert plain(replace(MIXTURE, hints=tmp_path / "b")) != same[0]
