"""Clustering scores against scikit-learn's and against matching by trying every permutation."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import adjusted_rand_score, confusion_matrix, normalized_mutual_info_score

from gmmseg.digits.scores import is_misplaced, misplaced, score

CLUSTERS = st.integers(1, 60).flatmap(
    lambda n: st.tuples(
        arrays(np.int32, n, elements=st.integers(0, 4)), arrays(np.int64, n, elements=st.integers(-3, 3))
    )
)


def drawn(n: int, n_clusters: int, labels: list[int], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return clusters that follow labels for three quarters of the images."""
    random = np.random.default_rng(seed)
    truth = random.integers(0, len(labels), n)
    clusters = np.where(random.random(n) < 0.75, truth % n_clusters, random.integers(0, n_clusters, n))
    return clusters, np.array(labels)[truth]


@pytest.mark.parametrize("labels", [list(range(10)), [-7, 0, 3, 255], [5]])
@pytest.mark.parametrize("n_clusters", [1, 4, 10, 17])
@pytest.mark.parametrize("seed", range(3))
def test_nmi_ari_and_confusion_are_scikit_learns(labels: list[int], n_clusters: int, seed: int) -> None:
    clusters, truth = drawn(70_000 if seed == 0 else 500, n_clusters, labels, seed)
    scores = score(clusters, truth)
    assert scores.nmi == pytest.approx(normalized_mutual_info_score(truth, clusters), abs=1e-12)
    assert scores.ari == pytest.approx(adjusted_rand_score(truth, clusters), abs=1e-12)
    names = {value: at for at, value in enumerate(sorted(set(truth.tolist())))}
    whole = confusion_matrix(clusters, [names[t] for t in truth.tolist()], labels=range(max(17, len(names))))
    np.testing.assert_array_equal(scores.confusion, whole[: len(scores.confusion), : len(names)])
    assert scores.label_values == tuple(names)
    assert scores.n_images == len(truth)


@settings(max_examples=150)
@given(CLUSTERS)
def test_scores_of_any_small_clustering_are_scikit_learns(given_: tuple[np.ndarray, np.ndarray]) -> None:
    clusters, labels = given_
    scores = score(clusters, labels, 5)
    assert scores.nmi == pytest.approx(normalized_mutual_info_score(labels, clusters), abs=1e-12)
    assert scores.ari == pytest.approx(adjusted_rand_score(labels, clusters), abs=1e-12)
    assert scores.confusion.shape == (5, len(set(labels.tolist())))
    assert scores.acc <= scores.purity <= 1


@settings(max_examples=60)
@given(CLUSTERS)
def test_accuracy_is_that_of_the_best_matching_of_all(given_: tuple[np.ndarray, np.ndarray]) -> None:
    clusters, labels = given_
    values = sorted(set(labels.tolist()))
    seats = [*values, *[None] * 5]
    best = max(
        sum(names[c] == label for c, label in zip(clusters.tolist(), labels.tolist(), strict=True))
        for names in set(permutations(seats[: max(5, len(values))], 5))
    )
    scores = score(clusters, labels)
    assert scores.acc == pytest.approx(best / len(labels), abs=1e-15)
    assert len(scores.matching) == min(clusters.max() + 1, len(values))
    assert len({label for _, label in scores.matching}) == len(scores.matching)


def test_renaming_the_clusters_changes_no_figure() -> None:
    clusters, labels = drawn(3000, 10, list(range(10)), 4)
    names = np.random.default_rng(0).permutation(10)
    one, other = score(clusters, labels), score(names[clusters], labels)
    for field in ("acc", "nmi", "ari", "purity", "per_label"):
        assert getattr(one, field) == pytest.approx(getattr(other, field), abs=1e-15)
    assert score(labels, labels).acc == score(labels, labels).purity == 1.0


def test_purity_and_recall_are_those_counted_by_hand() -> None:
    clusters = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2])
    labels = np.array([7, 7, 9, 9, 9, 7, 7, 7, 4])
    scores = score(clusters, labels)
    assert scores.label_values == (4, 7, 9)
    assert scores.purity == pytest.approx((2 + 2 + 3) / 9)
    # One to one: 2 with 7 (3), 1 with 9 (2), which leaves 0 to 4 (0); more than 0-7, 1-9, 2-4 (2 + 2 + 1)
    # is the same, so either may come out, but the figure is 5.
    assert scores.acc == pytest.approx(5 / 9)
    for label, recall in zip(scores.label_values, scores.per_label, strict=True):
        matched = [cluster for cluster, value in scores.matching if value == label]
        assert recall == np.isin(clusters[labels == label], matched).mean()


def test_a_label_without_a_cluster_has_recall_0_and_a_cluster_left_over_no_label() -> None:
    scores = score(np.array([0, 0, 1, 1, 2]), np.array([5, 5, 6, 6, 6]))
    assert scores.label_of(2) is None
    assert [scores.label_of(0), scores.label_of(1)] == [5, 6]
    assert scores.acc == pytest.approx(4 / 5)
    few = score(np.array([0, 0, 0]), np.array([1, 2, 2]))
    assert few.per_label == (0.0, 1.0)


def test_misplaced_images_come_surest_first_and_make_up_what_accuracy_lacks() -> None:
    clusters, labels = drawn(400, 7, [0, 1, 2, 3, 4], 1)
    confidence = np.random.default_rng(2).random(400).astype(np.float32).round(1)
    scores = score(clusters, labels)
    order = misplaced(scores, clusters, labels, confidence)
    assert len(order) == round((1 - scores.acc) * 400)
    assert (np.diff(confidence[order]) <= 0).all()
    ties = np.diff(confidence[order]) == 0
    assert (np.diff(order)[ties] > 0).all()
    assert is_misplaced(scores, clusters, labels).sum() == len(order)
    assert all(scores.label_of(int(clusters[i])) != labels[i] for i in order)


@pytest.mark.parametrize(
    ("clusters", "labels", "n_clusters"),
    [([0, 1], [0], None), ([], [], None), ([-1], [0], None), ([3], [0], 3), ([[0]], [[0]], None)],
)
def test_what_is_no_clustering_is_refused(
    clusters: list[int], labels: list[int], n_clusters: int | None
) -> None:
    with pytest.raises(ValueError, match="clusters"):
        score(np.array(clusters, dtype=int), np.array(labels, dtype=int), n_clusters)
