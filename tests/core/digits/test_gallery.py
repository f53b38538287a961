"""Means, spreads, members, sheets, and digits drawn from the Gaussians of clusters."""

from __future__ import annotations

import numpy as np
import pytest

from gmmseg.control import StopRequest
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.gallery import cluster_rows, means_and_spreads, members_of, sheet
from gmmseg.digits.generative import digit_model
from gmmseg.digits.scores import score
from gmmseg.errors import Cancelled


def test_means_and_spreads_are_numpys() -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (2500, 5, 7), dtype=np.uint8)
    clusters = random.choice([0, 1, 3], 2500)
    means, spreads = means_and_spreads(images, clusters, 5)
    for cluster in (0, 1, 3):
        own = images[clusters == cluster].astype(float)
        np.testing.assert_allclose(means[cluster], own.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(spreads[cluster], own.std(axis=0), rtol=1e-4)
    assert not means[[2, 4]].any()
    assert not spreads[[2, 4]].any()


def test_means_can_be_cancelled() -> None:
    with pytest.raises(Cancelled):
        means_and_spreads(np.zeros((3, 2, 2), np.uint8), np.zeros(3, int), 1, lambda: StopRequest.CANCEL)


def test_members_come_surest_first_or_last_or_drawn_the_same_each_time() -> None:
    clusters = np.array([0, 1, 1, 0, 1, 1])
    confidence = np.array([0.1, 0.9, 0.5, 0.2, 0.9, 0.7], dtype=np.float32)
    assert members_of(1, clusters, confidence, 3, "surest").tolist() == [1, 4, 5]
    assert members_of(1, clusters, confidence, 9, "least sure").tolist() == [2, 5, 1, 4]
    drawn = members_of(1, clusters, confidence, 4)
    assert sorted(drawn.tolist()) == [1, 2, 4, 5]
    assert drawn.tolist() == members_of(1, clusters, confidence, 4).tolist()
    assert members_of(2, clusters, confidence, 4, "surest").tolist() == []


@pytest.mark.parametrize(("n", "n_columns", "shape"), [(7, 3, (3, 3)), (2, 5, (1, 2)), (0, 4, (1, 1))])
def test_a_sheet_holds_every_digit_in_its_place(n: int, n_columns: int, shape: tuple[int, int]) -> None:
    images = np.random.default_rng(0).integers(1, 256, (n, 4, 3), dtype=np.uint8)
    picture = sheet(images, n_columns, gap=1, paper=0)
    assert picture.shape == (shape[0] * 5 + 1, shape[1] * 4 + 1)
    for at, image in enumerate(images):
        row, column = divmod(at, shape[1])
        np.testing.assert_array_equal(
            picture[1 + 5 * row : 5 + 5 * row, 1 + 4 * column : 4 + 4 * column], image
        )
    assert int((picture > 0).sum()) == images.size


def test_a_clusters_row_begins_with_its_mean_and_spread() -> None:
    digits = drawn_digits(60, 10)
    clusters = np.arange(70) % 3
    rows = cluster_rows(digits.images, clusters, np.ones(70), 4, 5)
    assert [len(row) for row in rows] == [7, 7, 7, 2]
    own = digits.images[clusters == 1].astype(float)
    assert np.abs(rows[1][0] - own.mean(axis=0)).max() <= 0.5 + 1e-3
    assert np.abs(rows[1][1] - 2 * own.std(axis=0)).max() <= 0.5 + 1e-2


def test_drawn_digits_have_the_mean_and_covariance_of_their_cluster() -> None:
    random = np.random.default_rng(0)
    basis = random.standard_normal((2, 36))
    clusters = np.repeat([0, 1], 1500)
    offsets = np.where(clusters == 0, -3.0, 3.0)[:, None] * basis[0]
    pixels = 128 + 5 * (offsets + random.standard_normal((3000, 1)) * basis[1])
    images = np.clip(np.rint(pixels), 0, 255).astype(np.uint8).reshape(-1, 6, 6)
    model = digit_model(images, clusters, 2, "stripes")
    for cluster in (0, 1):
        drawn = model.draw_of(cluster, 3000, np.random.default_rng(1)).reshape(3000, -1).astype(float)
        own = images[clusters == cluster].reshape(1500, -1).astype(float)
        assert np.abs(drawn.mean(axis=0) - own.mean(axis=0)).max() < 1.0
        gap = np.abs(np.cov(drawn.T) - np.cov(own.T)).max()
        assert gap < 0.15 * np.cov(own.T).max()
    both, from_cluster = model.draw(400, np.random.default_rng(2))
    assert both.shape == (400, 6, 6)
    along = both.reshape(400, -1).astype(float) @ basis[0]
    middle = 128 * basis[0].sum()
    np.testing.assert_array_equal(along > middle, from_cluster == 1)


def test_digits_drawn_from_the_true_classes_look_like_them() -> None:
    digits = drawn_digits(1500, 100)
    assert digits.labels is not None
    model = digit_model(digits.images, digits.labels, 10, digits.name)
    drawn, clusters = model.draw(200, np.random.default_rng(0))
    means, _ = means_and_spreads(digits.images, digits.labels, 10)
    gaps = ((drawn[:, None].astype(float) - means) ** 2).sum(axis=(2, 3))
    assert score(gaps.argmin(axis=1), clusters).purity > 0.6
    again, _ = model.draw(200, np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, again)


def test_an_empty_cluster_is_never_drawn() -> None:
    digits = drawn_digits(200, 20)
    model = digit_model(digits.images, np.zeros(220, int), 3, "one")
    _, clusters = model.draw(50, np.random.default_rng(0))
    assert set(clusters.tolist()) == {0}
