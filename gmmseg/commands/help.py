"""``gmmseg help``: what a command does and its options, or what commands there are."""

from __future__ import annotations

import argparse

from gmmseg.commands.console import Console
from gmmseg.commands.parser import build_parser


def run(options: argparse.Namespace, console: Console) -> bool:
    """Print the help and return True."""
    parser, commands = build_parser()
    chosen = parser if options.topic is None else commands[options.topic]
    console.answer(chosen.format_help().rstrip("\n"))
    return True
