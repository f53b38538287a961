"""The kinds of projects that there are, each imported when a project of it is at hand."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from gmmseg.editing.project import Project
from gmmseg.io.projects.kinds.kind import Kind
from gmmseg.io.projects.plain import PROJECT, misfit
from gmmseg.io.strict_json import Form, converted

_HOMES = {"photo": "PhotoKind", "digits": "DigitsKind", "laboratory": "LaboratoryKind"}
"""Class of each kind, in the module of its name."""


@cache
def kind_named(name: str) -> Kind[Any, Any, Any]:
    """Return a kind; raises KeyError."""
    kind: Kind[Any, Any, Any] = getattr(import_module(f"{__package__}.{name}"), _HOMES[name])()
    return kind


def kind_of(project: Project[Any]) -> Kind[Any, Any, Any]:
    """Return the kind of a project."""
    return kind_named(project.kind)


def kind_in(content: Any) -> Kind[Any, Any, Any]:
    """Return the kind that the head of a file names; raises `ReadError` where there is none of that name."""
    name = content.get("kind")
    if not isinstance(name, str) or name not in _HOMES:
        misfit("kind", "must be one of the values it can have")
    return kind_named(name)


def form_of_subject(kind: Kind[Any, Any, Any], content: dict[str, Any]) -> Form:
    """Take what is said of the subject out of a head; raises `ReadError` where it does not fit."""
    if kind.subject not in content:
        misfit(kind.subject, "is missing")
    form: Form = converted(content.pop(kind.subject), kind.form, PROJECT, kind.subject)
    return form


def with_kind(content: dict[str, Any]) -> dict[str, Any]:
    """Say in the head of a project or a journal what versions 1 and 2 took for granted: it is of a photo."""
    return {**content, "kind": "photo"}
