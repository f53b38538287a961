"""Requests of the merge tree for computations, and its edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.drawing.scatter import scatter_sample
from gmmseg.editing.editor import Edit
from gmmseg.features.table import FeatureTable
from gmmseg.mixture.dendrogram import Measure, dendrogram, overlap_matrix
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.tree import Dendrogram
from gmmseg.photo.classes import ClassInfo, ClassTable
from gmmseg.photo.document import Document, merge_classes


@dataclass(frozen=True, slots=True, eq=False)
class TreeRequest:
    """The tree of merges of a mixture; `tree_of` answers it."""

    params: MixtureParams
    table: FeatureTable
    measure: Measure


def tree_of(request: TreeRequest, should_stop: ShouldStop = never_stop) -> Dendrogram:
    """Return the tree, made from a sample of the pixels: it is about components, not about single rows."""
    rows = scatter_sample(request.table)
    return dendrogram(request.params, request.table.values[rows], None, request.measure, should_stop)


def overlaps_of(request: TreeRequest, should_stop: ShouldStop = never_stop) -> FloatArray:
    """Return how much each pair of components overlaps, (K, K), by the measure and the rows of the tree."""
    rows = scatter_sample(request.table)
    return overlap_matrix(request.params, request.table.values[rows], request.measure, should_stop)


def classes_of(components: Sequence[int], table: ClassTable) -> list[ClassInfo]:
    """Return the classes all of whose components are among some, in display order."""
    wanted = set(components)
    return [entry for entry in table if wanted.issuperset(entry.components)]


def mergeable(groups: Sequence[Sequence[int]], table: ClassTable) -> list[list[int]]:
    """Return the ids of the classes of each group of components that can be united: two or more, unlocked."""
    open_ids = [[entry.id for entry in classes_of(group, table) if not entry.is_locked] for group in groups]
    return [ids for ids in open_ids if len(ids) > 1]


def locked_apart(groups: Sequence[Sequence[int]], table: ClassTable) -> list[ClassInfo]:
    """Return the locked classes that would be united with others."""
    found = [classes_of(group, table) for group in groups]
    return [entry for classes in found if len(classes) > 1 for entry in classes if entry.is_locked]


def merged_groups(groups: Sequence[Sequence[int]], table: ClassTable) -> ClassTable:
    """Return the table with the classes of each group of components united; locked ones are left alone."""
    for ids in mergeable(groups, table):
        table = table.merged(ids)
    return table


def merge_groups(groups: Sequence[Sequence[int]], table: ClassTable) -> Edit[Document] | None:
    """Return the one edit that unites the classes of each group of components; None where all is done.

    Locked classes are left alone.
    """
    if not mergeable(groups, table):
        return None
    return Edit(
        merge_classes([]).title,
        lambda document: replace(document, classes=merged_groups(groups, document.classes)),
    )
