"""Whole runs on photos of the Berkeley set, checked against scipy on all pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from gmmseg.control import result_of
from gmmseg.features.spec import FeatureSpec
from gmmseg.io.images import read_image
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.settings import SegmentSettings
from tests.data.shared import BSDS500

PHOTOS = BSDS500 / "images" / "val"
pytestmark = [
    pytest.mark.shared_data,
    pytest.mark.skipif(not PHOTOS.is_dir(), reason="the BSDS500 photos are not beside the checkout"),
]


def photos() -> list[Path]:
    return sorted(PHOTOS.glob("*.jpg"))[::34]


@pytest.mark.parametrize("path", photos(), ids=lambda path: path.stem)
@pytest.mark.parametrize("covariance", ["full", "spherical"])
@pytest.mark.slow
def test_likelihood_and_labels_are_those_of_all_pixels(path: Path, covariance: CovarianceKind) -> None:
    image = read_image(path)
    settings = SegmentSettings(mixture=FitSettings(4, covariance, tol=1e-4))
    outcome = result_of(segment_events(SegmentRequest(image, settings)))
    result, params = outcome.fit.result, outcome.fit.result.params
    pixels = image.pixels.reshape(-1, 3).astype(float)
    joint = np.stack(
        [
            np.log(weight) + multivariate_normal(mean, matrix).logpdf(pixels)
            for weight, mean, matrix in zip(params.weights, params.means, params.matrices(), strict=True)
        ]
    )
    assert result.total_weight == len(pixels)
    assert result.n_rows == len(np.unique(pixels, axis=0))
    assert result.log_likelihood == pytest.approx(logsumexp(joint, axis=0).sum(), rel=1e-11)
    labels = outcome.segmentation.labels.reshape(-1)
    best = np.sort(joint, axis=0)
    is_clear = best[-1] - best[-2] > 1e-9
    np.testing.assert_array_equal(labels[is_clear], joint.argmax(axis=0)[is_clear] + 1)
    bounds = np.array([step.lower_bound for step in result.history])
    assert (np.diff(bounds) >= -1e-12 * np.abs(bounds[1:])).all()


@pytest.mark.parametrize("features", ["lab+position", "hsv", "gray+texture"])
@pytest.mark.slow
def test_every_feature_fits_and_repeats_to_the_byte(features: str) -> None:
    image = read_image(photos()[0])
    settings = SegmentSettings(FeatureSpec.parse(features), FitSettings(3, tol=1e-3))
    first, second = (result_of(segment_events(SegmentRequest(image, settings))) for _ in range(2))
    assert first.segmentation.labels.tobytes() == second.segmentation.labels.tobytes()
    assert first.fit.result.params.means.tobytes() == second.fit.result.params.means.tobytes()
    assert set(np.unique(first.segmentation.labels)) == {1, 2, 3}
