"""The window's figures of an outcome, against the plain definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gmmseg.control import StopRequest, result_of
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.drawn import drawn_digits
from gmmseg.digits.experiment import ExperimentOutcome, ExperimentRequest, experiment_events
from gmmseg.digits.figure import experiment_figure
from gmmseg.digits.gallery import Order
from gmmseg.digits.overview import cluster_moments, overview, rows_in_cell
from gmmseg.digits.recipes import settings_for
from gmmseg.errors import Cancelled, WriteError
from gmmseg.io.digits import export
from gmmseg.io.digits.assignments import assignments_csv, encode_assignments_npz
from gmmseg.io.digits.drawing import encode_figure
from gmmseg.io.digits.export import digit_export_events
from gmmseg.io.digits.export_items import DigitExportItem, check_digit_items


@pytest.fixture(scope="module")
def outcome() -> ExperimentOutcome:
    return result_of(experiment_events(ExperimentRequest(drawn_digits(240, 60), settings_for("orientation"))))


@pytest.mark.parametrize("order", ["surest", "least sure", "random"])
def test_every_image_is_once_among_the_members_of_its_cluster(
    outcome: ExperimentOutcome, order: Order
) -> None:
    made = overview(outcome, order)
    for cluster, members in enumerate(made.members):
        assert sorted(members) == list(np.flatnonzero(outcome.clusters == cluster))


def test_the_surest_come_first_and_of_equally_sure_ones_the_nearest_to_the_mean(
    outcome: ExperimentOutcome,
) -> None:
    made = overview(outcome, "surest")
    for cluster, members in enumerate(made.members):
        sure = outcome.confidence[members]
        assert (np.diff(sure) <= 0).all()
        images = outcome.digits.images[members].astype(float)
        distance = ((images - made.means[cluster]) ** 2).sum(axis=(1, 2))
        assert all(np.diff(distance)[np.diff(sure) == 0] >= -1e-3 * distance.max())
    turned = overview(outcome, "least sure", made)
    assert turned.means is made.means
    assert all((np.diff(outcome.confidence[members]) >= 0).all() for members in turned.members)


def test_the_misplaced_are_those_that_the_scores_count_as_wrong(outcome: ExperimentOutcome) -> None:
    made = overview(outcome, "random")
    assert outcome.scores_all is not None
    assert len(made.misplaced) == made.wrong.sum()
    assert 1 - len(made.misplaced) / outcome.digits.n_images == pytest.approx(outcome.scores_all.acc)


def test_the_cells_of_the_matrix_hold_the_images_they_count(outcome: ExperimentOutcome) -> None:
    for scores, is_fitted in ((outcome.scores_fit, True), (outcome.scores_test, False)):
        assert scores is not None
        for cluster in range(outcome.n_clusters):
            for at, label in enumerate(scores.label_values):
                rows = rows_in_cell(outcome, cluster, label, is_fitted)
                assert len(rows) == scores.confusion[cluster, at]
                assert (outcome.fitted[rows] == is_fitted).all()


def test_moments_are_those_of_the_fitted_members(outcome: ExperimentOutcome) -> None:
    means, covariances = cluster_moments(outcome)
    for cluster in range(outcome.n_clusters):
        points = outcome.embedding[(outcome.clusters == cluster) & outcome.fitted].astype(float)
        assert means[cluster] == pytest.approx(points.mean(axis=0))
        assert covariances[cluster] == pytest.approx(np.cov(points.T, bias=True), rel=1e-6, abs=1e-9)


def test_pictures_can_be_given_up(outcome: ExperimentOutcome) -> None:
    with pytest.raises(Cancelled):
        overview(outcome, "surest", None, lambda: StopRequest.CANCEL)


def test_without_labels_nothing_is_misplaced() -> None:
    drawn = drawn_digits(120, 0)
    plain = DigitSet(drawn.images, None, 120, "Plain")
    outcome = result_of(experiment_events(ExperimentRequest(plain, settings_for("pixels"))))
    made = overview(outcome, "surest")
    assert len(made.misplaced) == 0
    assert not made.wrong.any()
    assert len(rows_in_cell(outcome, 0, 3, True)) == 0


def test_the_files_hold_the_bytes_of_the_encoders(outcome: ExperimentOutcome, tmp_path: Path) -> None:
    items = [
        DigitExportItem(tmp_path / "r.json", "report"),
        DigitExportItem(tmp_path / "a.csv", "assignments"),
        DigitExportItem(tmp_path / "a.npz", "assignments"),
        DigitExportItem(tmp_path / "f.svg", "figure"),
        DigitExportItem(tmp_path / "m.json", "model"),
    ]
    texts = [progress.text for progress in digit_export_events(outcome, items, "window")]
    assert texts == [*(f"Encoding {item.path.name}" for item in items), "Writing"]
    assert all(item.path.exists() for item in items)
    assert (tmp_path / "a.csv").read_bytes() == b"".join(assignments_csv(outcome))
    with np.load(tmp_path / "a.npz") as held:
        assert (held["train"] == outcome.clusters[:240] + 1).all()
        assert (held["test"] == outcome.clusters[240:] + 1).all()
    assert (tmp_path / "a.npz").read_bytes() == encode_assignments_npz(outcome)
    assert (tmp_path / "f.svg").read_bytes() == encode_figure(experiment_figure(outcome), ".svg")


def test_nothing_is_written_before_all_is_encoded(
    outcome: ExperimentOutcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    items = [
        DigitExportItem(tmp_path / "a.csv", "assignments"),
        DigitExportItem(tmp_path / "m.json", "model"),
    ]
    for progress in digit_export_events(outcome, items, "window"):
        assert progress.text
        assert list(tmp_path.iterdir()) == []
    for item in items:
        item.path.unlink()

    def failing(*_: object) -> None:
        raise WriteError("This cannot be encoded.")

    monkeypatch.setattr(export, "digit_model", failing)
    with pytest.raises(WriteError, match="cannot be encoded"):
        result_of(digit_export_events(outcome, items, "window"))
    asked = iter([StopRequest.NONE, StopRequest.CANCEL])
    with pytest.raises(Cancelled):
        result_of(digit_export_events(outcome, items, "window", lambda: next(asked, StopRequest.CANCEL)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("names", "cause"),
    [(["a.jpg"], "cannot be written as “.jpg”"), (["a.npz", "a.npz"], "Two exports")],
)
def test_files_that_cannot_be_written_are_refused_before_the_work(
    outcome: ExperimentOutcome, tmp_path: Path, names: list[str], cause: str
) -> None:
    items = [DigitExportItem(tmp_path / name, "assignments") for name in names]
    with pytest.raises(WriteError, match=cause):
        check_digit_items(items)
