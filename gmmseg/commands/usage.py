"""The answer to wrong usage: a short usage line, one sentence with a remedy, and exit code 2."""

from __future__ import annotations

import argparse
import difflib
import os
import re
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

_LONGEST_WORD = 80


class Parser(argparse.ArgumentParser):
    """A parser whose help keeps its line breaks, and that takes no shortened option names."""

    def __init__(self, prog: str | None = None, **arguments: Any) -> None:
        arguments.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(prog, allow_abbrev=False, **arguments)

    def error(self, message: str) -> NoReturn:
        """Print the usage line and what is wrong, and end the program with code 2."""
        self.print_usage(sys.stderr)
        ending = "" if message.endswith((".", "?")) else "."
        self.exit(2, f"{self.prog}: error: {message}{ending} See “{self.prog} --help”.\n")

    def refuse_unknown(self, words: Sequence[str]) -> NoReturn:
        """End the program with code 2 over what no option or argument of this parser takes."""
        if "--" in words:
            word = printable(words[-1])
            self.error(f"“{word}” is not expected here: write ./ before a name that begins with -")
        word = next((word for word in words if word.startswith("-")), words[0]).partition("=")[0]
        if not word.startswith("-"):
            self.error(f"“{printable(word)}” is not expected here")
        known = [name[2:] for name in self._option_string_actions if name.startswith("--")]
        bare = word.lstrip("-").replace("_", "-")
        # A letter alone, as in -q, is no name cut short.
        is_word = word.startswith("--") or len(bare) > 1
        longer = [name for name in known if bare and is_word and name.startswith(bare)]
        near = longer[:1] or difflib.get_close_matches(bare, known, 1, cutoff=0.7)
        guess = "".join(f"; did you mean --{name}?" for name in near)
        self.error(f"there is no option {printable(word)}{guess}")


def with_joined_numbers(argv: Sequence[str]) -> list[str]:
    """Return the words with values such as ``-1,3`` joined to their options by ``=``.

    argparse takes for an option what begins with a minus and is not one number.
    """
    joined: list[str] = []
    for word in argv:
        is_value = re.fullmatch(r"-[0-9.]+(,[^,]*)+", word) is not None
        if is_value and joined and re.fullmatch(r"--[a-z-]+", joined[-1]):
            joined[-1] += f"={word}"
        else:
            joined.append(word)
    return joined


def check_first_word(parser: Parser, argv: Sequence[str], commands: Sequence[str]) -> None:
    """End the program with code 2 where a command line does not begin with a command, telling why."""
    if not argv or argv[0] in (*commands, "-h", "--help", "--version"):
        return
    word = printable(argv[0])
    if argv[0].startswith("-"):
        parser.error(
            f"{word} cannot come first: write a command and then its options, such as "
            "“gmmseg segment photo.jpg -o mask.png”"
        )
    if os.path.lexists(argv[0]):
        kind = "folder" if os.path.isdir(argv[0]) else "file"
        parser.error(
            f"“{word}” is a {kind}, and the window takes no options: write a command before it, such as "
            "“gmmseg segment photo.jpg -o mask.png”"
        )
    near = difflib.get_close_matches(argv[0].lower(), commands, 1)
    listed = " and ".join(", ".join(commands).rsplit(", ", 1))
    parser.error(
        f"there is no command “{word}” and no file of that name; the commands are {listed}."
        + "".join(f" Did you mean “gmmseg {name}”?" for name in near)
    )


def printable(word: str) -> str:
    """Return a word of the command line as part of one line, shortened where it is long."""
    text = "".join(c if c.isprintable() else " " for c in word)
    return text if len(text) <= _LONGEST_WORD else f"{text[:_LONGEST_WORD]}…"
