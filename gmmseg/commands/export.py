"""``gmmseg export``: write files of a project, the same as the window does."""

from __future__ import annotations

import argparse

from gmmseg.batch.documents import Subject, as_in_document, document_source_events
from gmmseg.commands.batch import command_text
from gmmseg.commands.console import Console
from gmmseg.commands.outputs import first_there, items_of
from gmmseg.errors import ReadError, WriteError
from gmmseg.io.atomic import shown
from gmmseg.io.export import export_events
from gmmseg.io.export_items import OBJECT_KINDS, check_items
from gmmseg.io.outputs import check_inputs_stay
from gmmseg.io.projects.file.reading import open_events
from gmmseg.photo.project import PhotoProject


def run(options: argparse.Namespace, console: Console) -> bool:
    """Write what was asked for and return True; raises `GmmsegError` where that is not possible."""
    items = items_of(options)
    check_inputs_stay([item.path for item in items], [options.project])
    there = first_there(items)
    if options.no_clobber and there is not None:
        console.say(f"{shown(options.project)}: left out, {shown(there)} is there already")
        return True
    check_items(items)
    opened = console.drain(open_events(options.project, options.image, should_stop=console.should_stop))
    if not isinstance(opened.project, PhotoProject):
        raise ReadError(
            f"{shown(options.project)} is a project of the desk “{opened.project.kind}”, not of a photo.",
            "Open it in the window, or with gmmseg.open_project in Python.",
        )
    if opened.note:
        if opened.is_missing:
            raise ReadError(opened.note, "Put it beside the project, or name it by --image FILE.")
        console.note(opened.note)
    kinds = {item.kind for item in items}
    usual: Subject = "objects" if kinds & set(OBJECT_KINDS) else "classes"
    if options.subject is None and usual == "classes" and opened.project.document.fit is None:
        raise WriteError(
            f"{shown(options.project)} has no finished fit, whose classes would be written.",
            "Write its objects with --subject objects or its regions with --subject regions.",
        )
    source = console.drain(
        document_source_events(
            opened.project.document,
            options.subject or usual,
            command_text(options),
            needs_mixture="table" in kinds,
            should_stop=console.should_stop,
        ),
        shown(options.project),
    )
    items = as_in_document(items, opened.project.document, options.subject or usual)
    console.drain(export_events(source, items, console.should_stop), shown(options.project))
    return True
