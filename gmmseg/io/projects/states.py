"""Documents as what differs from an earlier one, so that a step costs what it changed."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar, cast

from gmmseg.editing.history import Entry, History
from gmmseg.io.projects.kinds.kind import Kind, Numbered, numbered
from gmmseg.io.projects.plain import PROJECT, encoded, fields_of, misfit, value_of
from gmmseg.io.strict_json import parse

_MAX_ENTRIES = 1000
"""Of a history that is read, several times what the window keeps."""
_MOST_FORGOTTEN = 10**9
D = TypeVar("D")
AnyKind = Kind[D, Any, Any]


def changes(kind: AnyKind[D], before: D, after: D, parts: Numbered) -> dict[str, Any]:
    """Return the fields in which a document differs from an earlier one about the same subject.

    What is the same object in both is left out.
    """
    return {
        each.name: content_of(kind, each.name, before, after, parts)
        for each in fields(kind.document)
        if each.name != kind.subject and getattr(after, each.name) is not getattr(before, each.name)
    }


def content_of(kind: AnyKind[D], name: str, before: D, after: D, parts: Numbered) -> Any:
    """Return the plain form of a field of a document, as it differs from an earlier one."""
    value = getattr(after, name)
    return None if value is None else kind.content(name, getattr(before, name), value, parts)


def changed(kind: AnyKind[D], document: D, content: Any, parts: Numbered, place: str) -> D:
    """Return the document with the changes that `changes` gave; raises `ReadError` where they do not fit."""
    if not isinstance(content, dict):
        misfit(place, "must be an object")
    declared, hints = fields_of(kind.document)
    made: dict[str, Any] = {}
    for name, value in content.items():
        within = f"{place}.{name}"
        if name not in declared or name == kind.subject:
            misfit(within, "is not known")
        if value is None:
            made[name] = value_of(hints[name], value, within)
        else:
            made[name] = kind.value(name, value, document, parts, within)
    result: D = replace(cast(Any, document), **made)
    return result


# History


def history_changes(kind: AnyKind[D], before: History[D] | None, after: History[D]) -> dict[str, Any]:
    """Return how one history becomes another: entries that stay as ranges, the others as what they change.

    Both are about one subject; each new entry is given as its difference from the one before it, the first
    from an empty document.
    """
    known = {} if before is None else {id(entry): at for at, entry in enumerate(before.entries)}
    items: list[Any] = []
    parts = numbered(kind, before)
    document = kind.empty(kind.project.subject_of(after.present.state))
    for entry in after.entries:
        at = known.get(id(entry))
        if at is None:
            found = changes(kind, document, entry.state, parts)
            items.append({"title": entry.title, "time": entry.time, "changes": found})
        elif items and isinstance(items[-1], list) and items[-1][1] == at:
            items[-1][1] = at + 1
        else:
            items.append([at, at + 1])
        document = entry.state
    forgotten = {"forgotten": after.n_forgotten} if after.n_forgotten else {}
    return {"entries": items, "at": len(after.past)} | forgotten


def changed_history(
    kind: AnyKind[D], before: History[D] | None, content: Any, subject: Any, place: str
) -> History[D]:
    """Return the history that `history_changes` described; raises `ReadError` where that does not fit."""
    match content:
        case {"entries": list(items), "at": int(at), **others} if others.keys() <= {"forgotten"}:
            n_forgotten = value_of(int, others.get("forgotten", 0), f"{place}.forgotten")
        case _:
            misfit(place, "must have entries and a place among them")
    known = () if before is None else before.entries
    entries: list[Entry[D]] = []
    parts = numbered(kind, before)
    for index, item in enumerate(items):
        within = f"{place}.entries[{index}]"
        if isinstance(item, list):
            start, stop = value_of(tuple[int, int], item, within)
            if not 0 <= start < stop <= len(known):
                misfit(within, "is no range of the entries before")
            entries += known[start:stop]
        else:
            document = entries[-1].state if entries else kind.empty(subject)
            entries.append(_entry_of(kind, item, document, parts, within))
        if len(entries) > _MAX_ENTRIES:
            misfit(place, f"has more than the {_MAX_ENTRIES} entries allowed")
    if not 0 <= at < len(entries):
        misfit(f"{place}.at", "is no place in the history")
    if not 0 <= n_forgotten <= _MOST_FORGOTTEN:
        misfit(f"{place}.forgotten", "is no number of steps")
    return History.standing(tuple(entries), at, n_forgotten)


def _entry_of(kind: AnyKind[D], content: Any, before: D, parts: Numbered, place: str) -> Entry[D]:
    match content:
        case {"title": title, "time": time, "changes": found, **others} if not others:
            pass
        case _:
            misfit(place, "must have a title, a time and changes")
    return Entry(
        changed(kind, before, found, parts, f"{place}.changes"),
        value_of(str, title, f"{place}.title"),
        time=value_of(float, time, f"{place}.time"),
    )


def of_present_subject(kind: AnyKind[D], history: History[D]) -> History[D]:
    """Return the part of a history around the present in which the subject is the present one."""
    subject, at, entries = kind.project.subject_of(history.present.state), len(history.past), history.entries
    is_other = [kind.project.subject_of(entry.state) is not subject for entry in entries]
    first = next((k + 1 for k in range(at, -1, -1) if is_other[k]), 0)
    last = next((k for k in range(at, len(entries)) if is_other[k]), len(entries))
    if (first, last) == (0, len(entries)):
        return history
    return History.standing(entries[first:last], at - first, 0 if first else history.n_forgotten)


def about(kind: AnyKind[D], history: History[D], subject: Any) -> History[D]:
    """Return a history with its subject in place of an empty one that stood for it, as if it were read anew.

    Raises
    ------
    ReadError
        What is in the history does not fit the subject.
    """
    content = parse(encoded(history_changes(kind, None, history)), PROJECT)
    return changed_history(kind, None, content, subject, "history")
