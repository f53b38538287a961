"""Components of a fit united into Gaussians with their moments: the documents' merging, S2 section 2.1."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from gmmseg.control import Progress, ShouldStop, never_stop
from gmmseg.editing.editor import Edit
from gmmseg.features.build import feature_table
from gmmseg.mixture.covariance import Full
from gmmseg.mixture.fit import evaluate, fit_events
from gmmseg.mixture.merging import merged_component
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.document import Document, Fit, with_fit
from gmmseg.photo.jobs import JobEvent, TableMaker, with_floor


@dataclass(frozen=True, slots=True)
class ComponentMerge:
    """A request to replace each group of a fit's components by one Gaussian.

    Parameters
    ----------
    fit : Fit
    groups : tuple of tuple of int
        Each component once.
    refits : bool
        Iterate EM from there; else the mixture is what the moments make it, and its likelihood lower.
    """

    fit: Fit
    groups: tuple[tuple[int, ...], ...]
    refits: bool = False


def united(params: MixtureParams, groups: Sequence[Sequence[int]]) -> MixtureParams:
    """Return the mixture with a Gaussian of the same moments for each group, full covariances.

    Mean and covariance of the mixture as a whole stay what they were.
    """
    parts = [merged_component(params, list(group)) for group in groups]
    weights, means, matrices = (np.array(column) for column in zip(*parts, strict=True))
    return MixtureParams(weights, means, Full(matrices))


def merge_events(
    merge: ComponentMerge,
    *,
    should_stop: ShouldStop = never_stop,
    make_table: TableMaker = feature_table,
) -> Generator[JobEvent, None, Fit]:
    """Return the fit that takes the place of another one; its settings have its number of components.

    Raises
    ------
    Cancelled
    """
    before = merge.fit
    began = time.perf_counter()
    yield Progress("Merging components")
    table = make_table(before.image, before.settings.features, should_stop, before.model.standard)
    params = united(before.result.params, merge.groups)
    mixture = replace(
        before.settings.mixture, n_components=params.n_components, covariance="full", is_hard=False
    )
    if merge.refits:
        events = fit_events(table.values, table.weights, with_floor(mixture, table), should_stop, params)
        result = yield from events
    else:
        result = evaluate(params, table.values, table.weights, should_stop, "merged")
    return Fit(
        result,
        replace(before.model, params=result.params, classes=ClassTable()),
        before.image,
        replace(before.settings, mixture=mixture, auto=None, learns_from=None),
        {**before.seconds, "fit": time.perf_counter() - began},
        is_merged=True,
    )


def merge_components(merge: ComponentMerge, fit: Fit) -> Edit[Document]:
    """Return the edit that puts a fit made by `merge_events` in the place of the one it was made from."""

    def apply(document: Document) -> Document:
        return with_fit(
            replace(document, settings=fit.settings, given=None),
            fit,
            regrouped(document.classes, merge.groups),
        )

    return Edit("Merge components", apply)


def regrouped(classes: ClassTable, groups: Sequence[Sequence[int]]) -> ClassTable:
    """Return the classes of united components: each group belongs to the first class that had some of it."""
    of = {component: at for at, group in enumerate(groups) for component in group}
    left = set(range(len(groups)))
    entries = []
    for entry in classes:
        held = tuple(sorted({of[component] for component in entry.components} & left))
        left.difference_update(held)
        if held:
            entries.append(replace(entry, components=held))
    return ClassTable(tuple(entries))
