"""The report and the component table say in feature units what the fit found."""

from __future__ import annotations

import csv
import io
import json
import locale
import math
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from gmmseg.arrays import FloatArray
from gmmseg.features.spec import FeatureSpec
from gmmseg.image import RGB, Image, ImageSource
from gmmseg.io.csv_lines import csv_lines, safe_cell
from gmmseg.io.reports import build_report, encode_report, peak_rss_bytes
from gmmseg.io.tables import encode_component_table
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams
from gmmseg.photo.classes import default_classes
from gmmseg.photo.document import Fit
from gmmseg.photo.model import Model
from gmmseg.photo.settings import SegmentSettings

KEYS = [
    "version", "kernel", "command", "settings", "seed", "image", "n_pixels", "n_rows", "n_components",
    "log_likelihood", "lower_bound", "n_parameters", "bic", "n_iter", "converged", "stop_reason", "history",
    "restarts", "best_restart", "restart_spread",
    "weights", "means", "covariances", "warnings", "seconds", "peak_rss_bytes",
]  # fmt: skip
CENTRE = np.array([100.0, 120.0, 140.0])
SCALE = np.array([10.0, 20.0, 5.0])


def a_step(params: MixtureParams, bound: float, n: int) -> FitStep:
    return FitStep(0, "exact", 0, bound * n, 0.0, 0.0, bound, math.nan, math.nan, math.nan, params)


def a_fit(values: FloatArray) -> Fit:
    """Return a fit of standardised rows whose log-likelihood is SciPy's."""
    weights, means = np.array([0.25, 0.75]), np.array([[0.0, 1.0, 2.0], [0.5, -1.0, 0.0]])
    matrices = np.stack([np.diag([1.0, 2.0, 0.5]), np.array([[1, 0.3, 0], [0.3, 1, 0.1], [0, 0.1, 2]])])
    params = MixtureParams(weights, means, Full(matrices))
    density = sum(
        w * multivariate_normal(m, c).pdf(values) for w, m, c in zip(weights, means, matrices, strict=True)
    )
    total = float(np.log(density).sum())
    bound = total / len(values)
    history = (a_step(params, bound - 1, 1), a_step(params, bound, 1))
    result = FitResult(
        params, total, bound, 7, True, "bound", history, (), 0,
        len(values), float(len(values)), 1e-3, ("component 2 is empty",),
    )  # fmt: skip
    image = Image(
        np.zeros((4, 5, 3), np.uint8), RGB, ImageSource("photo.png", sha256="ab" * 32, format="PNG")
    )
    model = Model(
        params, FeatureSpec(is_standardised=True), RGB, CENTRE.copy(), SCALE.copy(), RGB, default_classes(2)
    )
    return Fit(result, model, image, SegmentSettings(features=model.features), {})


@pytest.fixture
def values() -> FloatArray:
    return np.random.default_rng(0).normal(size=(20, 3))


def report_of(values: FloatArray, **seconds: float) -> dict[str, Any]:
    return build_report(a_fit(values), len(values), "segment photo.png", seconds)


def test_all_keys_are_there_and_no_other(values: FloatArray) -> None:
    report = report_of(values, read=1.0, fit=2.0)
    assert list(report) == KEYS
    assert list(report["image"]) == ["path", "width", "height", "sha256"]
    assert report["image"] == {"path": "photo.png", "width": 5, "height": 4, "sha256": "ab" * 32}
    assert list(report["seconds"]) == ["read", "features", "fit", "label", "write", "total"]
    assert report["seconds"] == {
        "read": 1.0, "features": None, "fit": 2.0, "label": None, "write": None, "total": 3.0,
    }  # fmt: skip
    assert report["settings"]["features"]["is_standardised"] is True
    assert report["n_iter"] == 7
    assert report["warnings"] == ["component 2 is empty"]


def test_the_likelihood_is_that_of_the_features_themselves(values: FloatArray) -> None:
    report = report_of(values)
    features = values * SCALE + CENTRE
    density = sum(
        w * multivariate_normal(m, c).pdf(features)
        for w, m, c in zip(report["weights"], report["means"], report["covariances"], strict=True)
    )
    expected = float(np.log(density).sum())
    assert report["log_likelihood"] == pytest.approx(expected, rel=1e-12)
    assert report["lower_bound"] == pytest.approx(expected / 20, rel=1e-12)
    assert report["history"][-1] == report["lower_bound"]
    assert report["history"][0] == pytest.approx(report["lower_bound"] - 1)
    assert report["n_parameters"] == 1 + 6 + 12
    assert report["bic"] == pytest.approx(-2 * expected + 19 * math.log(20), rel=1e-12)


def test_means_and_covariances_are_in_feature_units(values: FloatArray) -> None:
    report = report_of(values)
    np.testing.assert_allclose(report["means"][0], [100, 140, 150])
    np.testing.assert_allclose(report["covariances"][0], np.diag([100, 800, 12.5]))
    np.testing.assert_allclose(report["covariances"][1][0][1], 0.3 * 10 * 20)


def test_the_report_is_strict_json_also_where_numbers_are_not_finite(values: FloatArray) -> None:
    fit = a_fit(values)
    fit = replace(fit, result=replace(fit.result, lower_bound=math.nan, log_likelihood=-math.inf))

    def refuse(name: str) -> None:
        pytest.fail(f"{name} is not JSON")

    again = json.loads(encode_report(build_report(fit, 20, "x", {})), parse_constant=refuse)
    assert again["lower_bound"] is None
    assert again["log_likelihood"] is None
    assert list(again) == KEYS


HELD = """
import numpy as np
from gmmseg.io.csv_lines import csv_lines, safe_cell
from gmmseg.io.reports import peak_rss_bytes
before = peak_rss_bytes()
held = np.ones(64 << 17)
del held
print(peak_rss_bytes() - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the system does not tell")
def test_the_peak_of_memory_counts_what_was_held_and_freed() -> None:
    done = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True)
    assert (60 << 20) < int(done.stdout) < (70 << 20)
    assert peak_rss_bytes() is not None


def rows_of(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))


def test_the_table_has_a_row_for_each_component_and_the_upper_triangle(values: FloatArray) -> None:
    model = a_fit(values).model
    classes = default_classes(2).changed(1, name='Himmel, "blau"\nunten')
    header, first, second = rows_of(encode_component_table(model, classes, np.array([5, 15])))
    assert header == [
        "class", "name", "colour", "component", "pixels", "share", "weight",
        "mean red", "mean green", "mean blue", "cov red red", "cov red green", "cov red blue",
        "cov green green", "cov green blue", "cov blue blue",
    ]  # fmt: skip
    assert first[:7] == ["1", 'Himmel, "blau"\nunten', "#E69F00", "0", "5", "0.25", "0.25"]
    assert second[:4] == ["2", "Class 2", "#56B4E9", "1"]
    assert [float(cell) for cell in second[7:]] == [*model.means[1], *model.matrices[1][np.triu_indices(3)]]


def test_the_table_has_decimal_points_in_every_locale(values: FloatArray) -> None:
    model = a_fit(values).model
    plain = encode_component_table(model, default_classes(2), np.array([5, 15]))
    before = locale.setlocale(locale.LC_ALL)
    for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "de"):
        try:
            locale.setlocale(locale.LC_ALL, name)
        except locale.Error:
            continue
        break
    else:
        pytest.skip("no locale with decimal commas is installed")
    try:
        assert encode_component_table(model, default_classes(2), np.array([5, 15])) == plain
    finally:
        locale.setlocale(locale.LC_ALL, before)


def test_lines_end_as_rfc_4180_wants(values: FloatArray) -> None:
    data = encode_component_table(a_fit(values).model, default_classes(2), np.array([0, 0]))
    assert data.count(b"\r\n") == data.count(b"\n") == 3
    assert data.endswith(b"\r\n")


FORMULAS = [
    "=1+1", "+x", "-x", "@SUM(A1)", "\tx", "\rx", "\nx", "\n=1+1", " =1+1", "\u00a0=1+1", "\u200b=1+1",
    "\x00=1+1", "\ufeff@x", "＝1+1", "＋x", "－x", "＠x", "\u3000＝1",
]  # fmt: skip


@pytest.mark.parametrize("name", FORMULAS)
def test_a_name_that_looks_like_a_formula_stays_text(values: FloatArray, name: str) -> None:
    classes = default_classes(2).changed(1, name=name)
    rows = rows_of(encode_component_table(a_fit(values).model, classes, np.array([1, 1])))
    assert rows[1][1] == f"'{name}"
    assert safe_cell("sky = blue") == "sky = blue"


def test_other_texts_and_numbers_stay_as_they_are() -> None:
    cells: list[str | float] = ["sky = blue", "a-b", "x@y", "", "天", " a", 'a, "b"', -1.5, -2]
    read = next(csv.reader(io.StringIO(csv_lines([cells]).decode("utf-8"), newline="")))
    assert read == [str(cell) for cell in cells]
