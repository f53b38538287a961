"""The page of the Python interface, from its docstrings: ``python -m tests.core.api.page`` writes it anew."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Any

import gmmseg
from gmmseg.api.segmenting import regions

PAGE = Path(__file__).parents[3] / "docs" / "api.md"
_HEAD = """\
# Python

What `import gmmseg` offers, made from its docstrings by `python -m tests.core.api.page`. README has a tour.
"""


def page() -> str:
    """Return the page in Markdown."""
    names = [name for name in gmmseg.__all__ if not name.startswith("__")]
    functions = [name for name in names if name[0].islower()]
    classes = [name for name in names if name not in functions]
    contents = " · ".join(f"[{name}](#{name.lower()})" for name in (*functions, *classes))
    parts = [_HEAD, f"{contents}\n"]
    parts += [_function(name, _named(name)) for name in functions]
    parts += [_class(name, _named(name)) for name in classes]
    return "\n".join(parts)


def _named(name: str) -> Any:
    # The package of this name is called as the function.
    return regions if name == "regions" else getattr(gmmseg, name)


def _function(name: str, function: Any, heading: str = "##") -> str:
    return f"{heading} {name}\n```python\n{name}{signature(function)}\n```\n{_described(function)}\n"


def _class(name: str, kind: type) -> str:
    parts = [f"## {name}\n{_described(kind)}\n"]
    for member, value in vars(kind).items():
        if member.startswith("_"):
            continue
        if isinstance(value, property | cached_property):
            parts.append(f"- `.{member}`: {inspect.getdoc(value)}")
        elif isinstance(value, classmethod) or inspect.isfunction(value):
            parts.append(_function(member, getattr(kind, member), "###"))
    return "\n".join(parts) + "\n"


def signature(function: Any) -> str:
    """Return the parameters with their defaults; annotations are written differently by each Python."""
    given = [
        one.replace(annotation=one.empty, default=_shown(one.default))
        for name, one in inspect.signature(function).parameters.items()
        if name != "self"
    ]
    return str(inspect.Signature(given))


def _shown(default: Any) -> Any:
    return _Shown(default) if inspect.isfunction(default) else default


class _Shown:
    """A function as a default, by its name: its own text holds an address."""

    def __init__(self, function: Any) -> None:
        self._name = function.__name__

    def __repr__(self) -> str:
        return str(self._name)


def _described(documented: Any) -> str:
    return "\n".join(_markdown(inspect.getdoc(documented) or ""))


def _markdown(text: str) -> Iterator[str]:
    """Yield the lines of a numpy-style docstring as Markdown: sections in bold, entries as lists."""
    lines = text.splitlines()
    in_section = False
    for at, line in enumerate(lines):
        below = lines[at + 1] if at + 1 < len(lines) else ""
        if re.fullmatch("-{3,}", line):
            continue
        if re.fullmatch("-{3,}", below):
            in_section = True
            yield f"**{line}**\n"
        elif in_section and line and not line.startswith(" "):
            name, colon, kind = line.partition(" : ")
            yield f"- `{name}`{f' : {kind}' if colon else ''}" if _is_entry(line) else line
        else:
            yield re.sub("``", "`", f"  {line.strip()}" if line.startswith(" ") else line)


def _is_entry(line: str) -> bool:
    return " : " in line or re.fullmatch(r"[\w, *()\[\].]+", line) is not None


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
