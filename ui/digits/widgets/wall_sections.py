"""The sections of a wall of digits, with their texts: clusters, samples, lists of digits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale

from gmmseg.arrays import ByteArray, IntArray
from gmmseg.colours import class_colour
from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.document import Document
from gmmseg.digits.overview import Overview
from ui.digits.widgets.wall_layout import WallSection

MOST_LISTED = 20_000
"""Digits of one flat list: more nobody looks through."""


def cluster_section(document: Document, made: Overview, cluster: int) -> WallSection:
    """Return a cluster with its portraits and its members in the order of the overview."""
    outcome = made.outcome
    members = made.members[cluster]
    share = 100 * len(members) / outcome.digits.n_images
    details = [_tr("{0} digits, {1} %").format(_counted(len(members)), f"{share:.1f}")]
    label = None if outcome.scores_all is None else outcome.scores_all.label_of(cluster)
    if label is not None:
        details.append(_tr("matches {0}").format(label))
    return WallSection(
        cluster,
        document.name_of(cluster),
        tuple(details),
        outcome.digits.images,
        members,
        np.stack([made.means[cluster], made.spreads[cluster]]),
        (_tr("Mean of the cluster's digits"), _tr("Spread: twice the standard deviation of each pixel")),
        class_colour(cluster),
        made.wrong if outcome.scores_all is not None else None,
        can_rename=True,
    )


def sample_section(document: Document, drawn: ByteArray, cluster: int) -> WallSection:
    """Return digits (n, h, w) that were drawn from a cluster."""
    return WallSection(
        cluster,
        document.name_of(cluster),
        (_tr("drawn, not of the data"),) if len(drawn) else (_tr("empty"),),
        drawn,
        np.arange(len(drawn)),
        colour=class_colour(cluster),
        is_sample=True,
    )


def misplaced_section(made: Overview, caption_of: Callable[[int], str]) -> WallSection:
    """Return the digits in a cluster that is not matched with their label, the worst first."""
    n_wrong = len(made.misplaced)
    share = 100 * n_wrong / made.outcome.digits.n_images
    title = _tr("{0} misplaced, {1} %").format(_counted(n_wrong), f"{share:.2f}")
    details: tuple[str, ...] = ()
    if n_wrong > MOST_LISTED:
        details = (_tr("the worst {0} are shown").format(_counted(MOST_LISTED)),)
    return _listed(-1, title, details, made.outcome.digits, made.misplaced, caption_of)


def chosen_section(
    title: str, digits: DigitSet, rows: IntArray, caption_of: Callable[[int], str]
) -> WallSection:
    """Return digits that were chosen elsewhere."""
    details = [_tr("digits: {0}").format(_counted(len(rows)))]
    if len(rows) > MOST_LISTED:
        details.append(_tr("the first {0} are shown").format(_counted(MOST_LISTED)))
    return _listed(-2, title, tuple(details), digits, rows, caption_of)


def not_clustered_section(digits: DigitSet) -> WallSection:
    """Return digits of a set in random order."""
    rows: IntArray = np.random.default_rng(0).permutation(digits.n_images)[:MOST_LISTED]
    size = f"{digits.image_shape[0]} × {digits.image_shape[1]}"
    details = (_tr("{0} digits, {1}").format(_counted(digits.n_images), size), _tr("Run sorts them"))
    return WallSection(-3, _tr("Not clustered yet"), details, digits.images, rows, is_unfolded=True)


def _listed(
    key: int,
    title: str,
    details: tuple[str, ...],
    digits: DigitSet,
    rows: IntArray,
    caption_of: Callable[[int], str],
) -> WallSection:
    """Return a flat list of digits with what is known of each below it."""
    return WallSection(
        key, title, details, digits.images, rows[:MOST_LISTED], caption_of=caption_of, is_unfolded=True
    )


def _counted(number: int) -> str:
    return QLocale().toString(number)


def _tr(text: str) -> str:
    return QCoreApplication.translate("DigitSections", text)
