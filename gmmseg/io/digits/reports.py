"""The report of a digit experiment: one JSON object."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.recipes import RECIPES
from gmmseg.digits.reliability import Reliability
from gmmseg.digits.scores import Scores
from gmmseg.io.reports import cost_figures, run_figures


def digit_report(outcome: ExperimentOutcome, command: str) -> dict[str, Any]:
    """Return the report as plain values.

    ``acc``, ``nmi``, ``ari``, ``purity``, ``confusion`` and ``per_label`` are of the fitted images, those
    that begin with ``test_`` of the images that were assigned afterwards; null without labels, or where
    there are no such images. ``calibration`` compares confidence with the share of images in the cluster that
    is matched with their label, by groups of confidence. Clusters in ``matching`` are counted from 1.

    Parameters
    ----------
    outcome : ExperimentOutcome
    command : str
        What was run, for people.
    """
    digits, settings, fit = outcome.digits, outcome.settings, outcome.scores_fit
    n_fit = int(outcome.fitted.sum())
    has_graph = outcome.eigenvalues is not None
    return {
        **run_figures(command, settings, settings.seed),
        "chosen_with_scores": RECIPES[settings.recipe].chosen_with_scores,
        "data": {
            "name": digits.name,
            "path": None if digits.source is None else str(digits.source),
            "sha256": digits.identity,
            "n_images": digits.n_images,
            "n_train": digits.n_train,
            "is_drawn": digits.is_drawn,
            "notes": list(digits.notes),
        },
        "n_fit": n_fit,
        "n_test": digits.n_images - n_fit,
        "n_clusters": outcome.n_clusters,
        "sizes": [int((outcome.clusters[:n_fit] == k).sum()) for k in range(outcome.n_clusters)],
        **_figures(fit, ""),
        **_figures(outcome.scores_test, "test_"),
        "label_values": None if fit is None else list(fit.label_values),
        "matching": None if fit is None else [[cluster + 1, label] for cluster, label in fit.matching],
        "confusion": None if fit is None else fit.confusion.tolist(),
        "test_confusion": None if outcome.scores_test is None else outcome.scores_test.confusion.tolist(),
        "confidence_power": outcome.power,
        "calibration": _calibration(outcome.reliability_fit),
        "test_calibration": _calibration(outcome.reliability_test),
        "eigenvalues": outcome.eigenvalues.tolist() if outcome.eigenvalues is not None else None,
        "gap_k": outcome.gap_k if has_graph else None,
        "history": [
            {
                "stage": step.stage,
                "iteration": step.iteration,
                "log_likelihood": step.log_likelihood,
                "changed": None if math.isnan(step.changed) else step.changed,
            }
            for step in outcome.history
        ],
        "warnings": list(outcome.warnings),
        **cost_figures(outcome.seconds, outcome.seconds),
    }


def _figures(scores: Scores | None, prefix: str) -> dict[str, Any]:
    return {
        f"{prefix}acc": None if scores is None else scores.acc,
        f"{prefix}nmi": None if scores is None else scores.nmi,
        f"{prefix}ari": None if scores is None else scores.ari,
        f"{prefix}purity": None if scores is None else scores.purity,
        f"{prefix}per_label": None if scores is None else list(scores.per_label),
    }


def _calibration(found: Reliability | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"expected_error": found.error, "groups": [asdict(group) for group in found.groups]}
