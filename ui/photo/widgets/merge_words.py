"""Merge words: what the measures of overlap are called, and what a union of a merge tree is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from PySide6.QtCore import QCoreApplication

from gmmseg.mixture.dendrogram import Measure
from gmmseg.mixture.tree import Dendrogram
from gmmseg.photo.classes import ClassInfo

_tr = partial(QCoreApplication.translate, "MergeTreePanel")

MEASURES: tuple[tuple[Measure, str, str, str], ...] = (
    (
        "ridge", "Ridge overlap", "1 − overlap",
        "How nearly two components have one peak together: 1 where they do.\nThe lowest density on the ridge "
        "between their Gaussians over the lower of the peaks (Ray and Lindsay 2005, Hennig 2010)",
    ),
    (
        "bhattacharyya", "Bhattacharyya", "1 − coefficient",
        "How much two components overlap, whatever their weights.\n"
        "The Bhattacharyya coefficient exp(−D_B) of their Gaussians",
    ),
    (
        "misclassification", "Misclassification", "1 − probability",
        "How often a pixel of one component is taken for one of the other.\nThe probability, estimated from "
        "the posteriors (DEMP, Hennig 2010)",
    ),
    (
        "entropy", "Entropy", "share of entropy gone",
        "Which union makes it surest what a pixel is of.\nThe pair that takes most away from the entropy of "
        "the posteriors, −Σ γ ln γ (Baudry et al. 2010)",
    ),
)  # fmt: skip
"""Measure, title, title of the heights, and what it is."""


def union_sentence(tree: Dendrogram, node: int, classes: Sequence[ClassInfo], measure: Measure) -> str:
    """Return which classes a union brings together, and how much they overlap.

    Parameters
    ----------
    tree : Dendrogram
    node : int
        The union.
    classes : sequence of ClassInfo
        Those whose components are all below it.
    measure : str
        What the tree was made by.
    """
    names = ", ".join(entry.name for entry in classes)
    if len(classes) < 2:
        return _tr("{0}: merged").format(names) if names else _tr("Part of a merged class")
    value = float(tree.values[node - tree.n_leaves])
    if measure == "entropy":
        share = value / max(float(tree.values.sum()), np.finfo(np.float64).tiny)
        text = _tr("{0}: {1} of the entropy").format(names, f"{share:.0%}")
    else:
        title = next(title for name, title, _, _ in MEASURES if name == measure)
        text = f"{names}: {_tr(title).lower()} {value:.3g}"
    locked = ", ".join(entry.name for entry in classes if entry.is_locked)
    return f"{text} · {_tr('locked:')} {locked}" if locked else text
