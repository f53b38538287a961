"""``gmmseg apply``: label images with a saved model, without fitting."""

from __future__ import annotations

import argparse
import hashlib

from gmmseg.batch.makers import ExportMaker
from gmmseg.batch.methods import AppliedModel
from gmmseg.commands.batch import command_text, map_method, run_tasks
from gmmseg.commands.console import Console
from gmmseg.commands.options import with_options
from gmmseg.commands.outputs import plan
from gmmseg.commands.tiled import is_tiled, refuse_scheduler, run_tiled
from gmmseg.io.file_kinds import telling_what_it_is
from gmmseg.io.models import FORMAT, load_model, read_model_bytes
from gmmseg.mixture.settings import Adaptation
from gmmseg.photo.given import GivenModel

_NEEDED = (
    "Give the model first, then the pictures; “segment --model FILE.json” or the window's export makes one."
)


def run(options: argparse.Namespace, console: Console) -> bool:
    """Return whether every image was labelled; raises `GmmsegError` where nothing could be done."""
    data = read_model_bytes(options.given)
    with telling_what_it_is(options.given, data, (FORMAT,), _NEEDED):
        model = load_model(data)
    adaptation = None if options.adapt is None else with_options(Adaptation(), options)
    if is_tiled(options):
        return run_tiled(options, console, GivenModel(model, hashlib.sha256(data).hexdigest(), adaptation))
    refuse_scheduler(options)
    method = AppliedModel(model, adaptation, map_method(options))
    maker = ExportMaker(method, command_text(options))
    return run_tasks(options, console, maker, *plan(options, console))
