"""Assignments of an experiment as files: which cluster each image of the training and the test part is in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from gmmseg.control import ShouldStop, never_stop
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.io.csv_lines import csv_pieces
from gmmseg.io.npy import encode_arrays
from gmmseg.setting import settings_to_dict
from gmmseg.version import VERSION


def encode_assignments_npz(outcome: ExperimentOutcome) -> bytes:
    """Return an .npz with ``train`` and ``test``: the cluster, from 1, of each image in the files' order.

    ``train_confidence`` and ``test_confidence`` hold the posteriors of these clusters, ``metadata`` JSON
    text that says what the numbers are. Of a random selection only its images are there, in their order;
    ``train_index`` and ``test_index`` then say which of the files' images they are, from 0.
    """
    digits = outcome.digits
    selected: dict[str, Any] = {}
    if digits.part_index is not None:
        selected = {
            "train_index": digits.part_index[digits.train],
            "test_index": digits.part_index[digits.test],
        }
    return encode_arrays(
        train=outcome.clusters[digits.train] + 1,
        test=outcome.clusters[digits.test] + 1,
        train_confidence=outcome.confidence[digits.train],
        test_confidence=outcome.confidence[digits.test],
        **selected,
        metadata=np.asarray(json.dumps(_metadata(outcome))),
    )


def _metadata(outcome: ExperimentOutcome) -> dict[str, Any]:
    return {
        "generator": f"gmmseg {VERSION}",
        "data": outcome.digits.name,
        "sha256": outcome.digits.identity,
        "values": "clusters counted from 1, the largest first",
        "n_clusters": outcome.n_clusters,
        "n_fit": int(outcome.fitted.sum()),
        "settings": settings_to_dict(outcome.settings),
    }


def assignments_csv(outcome: ExperimentOutcome, should_stop: ShouldStop = never_stop) -> Iterator[bytes]:
    """Return RFC 4180 lines in pieces: part, index in it, cluster from 1, posterior, whether fitted, label.

    Raises
    ------
    Cancelled
    """
    digits = outcome.digits
    labels = [""] * digits.n_images if digits.labels is None else digits.labels.tolist()
    rows = (
        (
            "train" if at < digits.n_train else "test",
            digits.index_in_part(at),
            int(outcome.clusters[at]) + 1,
            f"{outcome.confidence[at]:.6g}",
            int(outcome.fitted[at]),
            label,
        )
        for at, label in enumerate(labels)
    )
    return csv_pieces(("part", "index", "cluster", "confidence", "fitted", "label"), rows, should_stop)
