"""Document: the undoable state of an experiment with digits, immutable, and its edits."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gmmseg.digits.dataset import DigitSet
from gmmseg.digits.experiment import ExperimentOutcome
from gmmseg.digits.recipes import RECIPES, check_experiment, settings_for, usual_recipe
from gmmseg.digits.scores import score
from gmmseg.digits.settings import DigitSettings, RecipeName
from gmmseg.editing.editor import Edit
from gmmseg.setting import with_setting

MAX_NAME = 100
"""Characters of a cluster's name."""


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """Digits, how they are to be clustered, and what the last run found.

    Parameters
    ----------
    digits : DigitSet, optional
    settings : DigitSettings
    outcome : ExperimentOutcome, optional
        Of these digits, perhaps under older settings.
    names : tuple of str
        The user's name of each cluster of the outcome; empty for one without.
    """

    digits: DigitSet | None = None
    settings: DigitSettings = field(default_factory=DigitSettings)
    outcome: ExperimentOutcome | None = None
    names: tuple[str, ...] = ()

    @property
    def is_stale(self) -> bool:
        """Whether there are digits whose clusters under the present settings are not known."""
        if self.digits is None:
            return False
        return self.outcome is None or self.outcome.settings != self.settings

    def name_of(self, cluster: int) -> str:
        """Return the name of a cluster, or its number, which people count from 1."""
        own = self.names[cluster] if cluster < len(self.names) else ""
        return own or _numbered(cluster)


def open_digits(digits: DigitSet) -> Edit[Document]:
    """Return the edit that takes another set of digits; the clusters of the old one go.

    The settings stay, but for the recipe where it was the one that the old set was begun with.
    """

    def apply(document: Document) -> Document:
        settings = document.settings
        before = document.digits
        if settings.recipe == usual_recipe(is_drawn=before is not None and before.is_drawn):
            settings = _with_recipe(document, usual_recipe(is_drawn=digits.is_drawn))
        return Document(digits, settings)

    return Edit(f"Open {digits.name}", apply)


def change_setting(path: str, value: Any, title: str) -> Edit[Document]:
    """Return the edit that sets one setting; applying it raises `SettingsError` when out of bounds.

    With another recipe come that recipe's own defaults.
    """

    def apply(document: Document) -> Document:
        if path == "recipe":
            return replace(document, settings=_with_recipe(document, value))
        settings = with_setting(document.settings, path, value)
        check_experiment(settings)
        return replace(document, settings=settings)

    return Edit(title, apply, merge_key=f"digits {path}")


def reset_settings(title: str) -> Edit[Document]:
    """Return the edit that gives the recipe its defaults."""
    return Edit(title, lambda document: replace(document, settings=settings_for(document.settings.recipe)))


def _with_recipe(document: Document, recipe: RecipeName) -> DigitSettings:
    settings = settings_for(recipe, document.settings)
    if settings.n_clusters is None and not RECIPES[recipe].has_graph:
        # Without a graph there are no eigenvalues to find the number of clusters from.
        known = DigitSettings().n_clusters if document.outcome is None else document.outcome.n_clusters
        settings = replace(settings, n_clusters=known)
    return settings


def rename_cluster(cluster: int, name: str) -> Edit[Document]:
    """Return the edit that names a cluster; an empty name gives it its number again."""
    kept = " ".join("".join(c if c.isprintable() else " " for c in name).split())[:MAX_NAME]

    def apply(document: Document) -> Document:
        n_clusters = 0 if document.outcome is None else document.outcome.n_clusters
        if cluster >= n_clusters:
            return document
        names = [*document.names, *[""] * (n_clusters - len(document.names))]
        names[cluster] = "" if kept == _numbered(cluster) else kept
        return replace(document, names=tuple(names))

    return Edit(f"Name cluster {cluster + 1}" if not kept else f"Rename to {kept}", apply)


def _numbered(cluster: int) -> str:
    return f"Cluster {cluster + 1}"


def with_outcome(document: Document, outcome: ExperimentOutcome) -> Document:
    """Return the document with a finished run; not an edit: it belongs to the edit that asked for it.

    A name goes on with most of its cluster's images.
    """
    return replace(document, outcome=outcome, names=_inherited(document, outcome))


def _inherited(document: Document, outcome: ExperimentOutcome) -> tuple[str, ...]:
    old = document.outcome
    if old is None or not any(document.names) or old.digits.identity != outcome.digits.identity:
        return ()
    shared = score(outcome.clusters, old.clusters, outcome.n_clusters)
    sizes = np.bincount(old.clusters, minlength=old.n_clusters)
    names = [""] * outcome.n_clusters
    for cluster, before in shared.matching:
        n_shared = int(shared.confusion[cluster, shared.label_values.index(before)])
        if 2 * n_shared > sizes[before] and before < len(document.names):
            names[cluster] = document.names[before]
    return tuple(names)
