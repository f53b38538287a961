"""Components united by moments: the mixture as a whole keeps mean and covariance; then EM may go on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gmmseg.control import result_of
from gmmseg.mixture.merging import with_merged
from gmmseg.mixture.settings import FitSettings
from gmmseg.photo.component_merging import (
    ComponentMerge,
    merge_components,
    merge_events,
    regrouped,
    united,
)
from gmmseg.photo.document import Document, Fit
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.settings import SegmentSettings
from tests.core.mixture.cases import KINDS, random_params
from tests.core.photo.test_walking import picture


@pytest.fixture(scope="module")
def fit() -> Fit:
    settings = SegmentSettings(mixture=FitSettings(n_components=4, covariance="diag", n_init=2))
    return result_of(segment_events(SegmentRequest(picture(), settings))).fit


@pytest.mark.parametrize("kind", KINDS)
def test_the_whole_keeps_its_moments(kind: str) -> None:
    params = random_params(np.random.default_rng(0), 4, 3, kind)  # type: ignore[arg-type]
    found = united(params, [(0, 2), (1,), (3,)])
    for mixture in (params, found):
        mean = mixture.weights @ mixture.means
        spread = mixture.means - mean
        covariance = np.einsum("k,kde->de", mixture.weights, mixture.matrices())
        covariance = covariance + (mixture.weights * spread.T) @ spread
        if mixture is params:
            expected = mean, covariance
    np.testing.assert_allclose(mean, expected[0])
    np.testing.assert_allclose(covariance, expected[1])
    pair = with_merged(params, 0, 2)
    np.testing.assert_allclose(found.means, pair.means)
    np.testing.assert_allclose(found.matrices(), pair.matrices())


def test_a_refit_goes_on_from_the_moments(fit: Fit) -> None:
    merge = ComponentMerge(fit, ((0, 1), (2,), (3,)))
    plain = result_of(merge_events(merge))
    assert plain.result.stop_reason == "merged"
    assert plain.result.params.n_components == plain.settings.mixture.n_components == 3
    assert plain.settings.mixture.covariance == "full"
    assert plain.result.log_likelihood < fit.result.log_likelihood
    again = result_of(merge_events(replace(merge, refits=True)))
    assert again.result.history[0].log_likelihood == pytest.approx(plain.result.log_likelihood)
    assert again.result.log_likelihood > plain.result.log_likelihood
    assert again.result.converged
    assert again.is_merged


def test_the_edit_puts_fit_and_settings_in_place_of_the_old_ones(fit: Fit) -> None:
    document = Document(image=fit.image, settings=fit.settings, fit=fit, classes=fit.model.classes)
    merge = ComponentMerge(fit, ((0, 2), (1,), (3,)))
    new = merge_components(merge, result_of(merge_events(merge))).apply(document)
    assert new.fit is not None
    assert not new.is_stale
    assert new.settings.mixture.n_components == 3
    assert [entry.name for entry in new.classes] == [fit.model.classes.classes[k].name for k in (0, 1, 3)]
    assert [entry.components for entry in new.classes] == [(0,), (1,), (2,)]


def test_merged_classes_keep_what_is_left_of_them(fit: Fit) -> None:
    classes = fit.model.classes.merged([1, 4])
    kept = regrouped(classes, ((0, 1), (2,), (3,)))
    assert [(entry.id, entry.components) for entry in kept] == [(1, (0, 2)), (3, (1,))]
