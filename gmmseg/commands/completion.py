"""``gmmseg completion``: scripts by which shells complete commands and options, made from the parser."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gmmseg.commands.console import Console
from gmmseg.commands.parser import build_parser
from gmmseg.commands.usage import Parser

_LONGEST_HELP = 60


@dataclass(frozen=True, slots=True)
class Option:
    """An option, as a shell completes it."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A command, as a shell completes it; `words` are those its argument can be, none for files."""

    name: str
    summary: str
    options: tuple[Option, ...]
    words: tuple[str, ...]


def run(options: argparse.Namespace, console: Console) -> bool:
    """Print the script and return True."""
    _, parsers = build_parser()
    commands = [
        Command(name, _short(parser.description or ""), tuple(_options(parser)), _words(parser))
        for name, parser in parsers.items()
    ]
    script = {"bash": _bash, "zsh": _zsh, "fish": _fish}[options.shell](commands)
    console.answer(script.rstrip("\n"))
    return True


def _words(parser: Parser) -> tuple[str, ...]:
    positional = (action for action in parser._actions if not action.option_strings)
    return tuple(str(word) for action in positional for word in action.choices or ())


def _options(parser: Parser) -> Iterator[Option]:
    for action in parser._actions:
        if action.option_strings and action.help != argparse.SUPPRESS:
            names = tuple(action.option_strings)
            text = _short((action.help or "") % {"default": action.default, "prog": "gmmseg"})
            choices = tuple(map(str, action.choices or ()))
            yield Option(names, text, action.nargs != 0, choices)


def _short(text: str) -> str:
    """Return the beginning of a text as one line without signs that shells read."""
    first = text.partition(". ")[0].partition("\n")[0]
    line = " ".join("".join(c if c.isalnum() or c in " ,.-+/" else " " for c in first).split())
    return line if len(line) <= _LONGEST_HELP else f"{line[:_LONGEST_HELP].rpartition(' ')[0]} ..."


def _bash(commands: Sequence[Command]) -> str:
    values = "\n".join(
        f"        {' | '.join(shlex.quote(f'{command.name} {name}') for name in one.names)}) "
        f"words={shlex.quote(' '.join(one.choices))} ;;"
        for command in commands
        for one in command.options
        if one.choices
    )
    names = "\n".join(
        f"        {command.name}) words="
        f"{shlex.quote(' '.join(name for one in command.options for name in one.names))} ;;"
        for command in commands
    )
    arguments = "\n".join(
        f"        {command.name}) words={shlex.quote(' '.join(command.words))} ;;"
        for command in commands
        if command.words
    )
    first = shlex.quote(" ".join([*(command.name for command in commands), "--help", "--version"]))
    return f"""\
# bash completion for gmmseg; as a file of that name in ~/.local/share/bash-completion/completions
_gmmseg() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" before="${{COMP_WORDS[COMP_CWORD-1]}}"
    local command="${{COMP_WORDS[1]}}" words=""
    COMPREPLY=()
    if [[ $COMP_CWORD -eq 1 ]]; then
        COMPREPLY=($(compgen -W {first} -- "$current"))
        return
    fi
    case "$command $before" in
{values}
    esac
    if [[ -z $words && $current == -* ]]; then
        case "$command" in
{names}
        esac
    elif [[ -z $words ]]; then
        case "$command" in
{arguments}
        esac
    fi
    [[ -n $words ]] && COMPREPLY=($(compgen -W "$words" -- "$current"))
}}
complete -o bashdefault -o default -F _gmmseg gmmseg
"""


def _zsh(commands: Sequence[Command]) -> str:
    listed = "\n".join(f"        {shlex.quote(f'{one.name}:{one.summary}')}" for one in commands)
    cases = "\n".join(
        f"        {command.name})\n            _arguments \\\n"
        + "".join(
            f"                {shlex.quote(word)} \\\n" for one in command.options for word in _zsh_words(one)
        )
        + f"                {shlex.quote(_zsh_arguments(command))} ;;"
        for command in commands
    )
    return f"""\
#compdef gmmseg
# zsh completion for gmmseg; as a file _gmmseg in a folder of $fpath
_gmmseg() {{
    local -a commands
    commands=(
{listed}
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        _files
        return
    fi
    local command=$words[2]
    shift words
    (( CURRENT-- ))
    case $command in
{cases}
    esac
}}
_gmmseg "$@"
"""


def _zsh_arguments(command: Command) -> str:
    return f"*:word:({' '.join(command.words)})" if command.words else "*:file:_files"


def _zsh_words(option: Option) -> Iterator[str]:
    for name in option.names:
        value = ""
        if option.choices:
            value = f":value:({' '.join(option.choices)})"
        elif option.takes_value:
            value = ":value:_files"
        yield f"{name}[{option.help}]{value}"


def _fish(commands: Sequence[Command]) -> str:
    lines = ["# fish completion for gmmseg; as gmmseg.fish in ~/.config/fish/completions"]
    start = ["complete", "-c", "gmmseg", "-n"]
    for command in commands:
        first = [*start, "__fish_use_subcommand", "-a", command.name, "-d", command.summary]
        lines.append(shlex.join(first))
        within = [*start, f"__fish_seen_subcommand_from {command.name}"]
        if command.words:
            lines.append(shlex.join([*within, "-f", "-a", " ".join(command.words)]))
        for one in command.options:
            words = list(within)
            for name in one.names:
                words += ["-l", name[2:]] if name.startswith("--") else ["-s", name[1:]]
            words += ["-x", "-a", " ".join(one.choices)] if one.choices else ["-r"] * one.takes_value
            lines.append(shlex.join([*words, "-d", one.help]))
    return "\n".join(lines) + "\n"
