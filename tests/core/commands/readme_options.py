"""README's table of options: ``python -m tests.core.commands.readme_options`` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gmmseg.commands.options import plain
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import Setting, arranged, settings_of

README = Path(__file__).parents[3] / "README.md"
BEGIN, END = "<!-- options -->\n", "<!-- end of options -->\n"


def table() -> str:
    """Return the table of the options of ``segment`` that are settings, in Markdown."""
    lines = ["| option | in the window | values | default |", "|---|---|---|---|"]
    return "\n".join([*lines, *(_line(setting) for setting in _declared())]) + "\n"


def _declared() -> Iterator[Setting]:
    seen: set[str] = set()
    for kind in (SegmentSettings, MapSettings, RegionSettings):
        for setting in arranged(settings_of(kind)):
            if setting.option and setting.option not in seen:
                seen.add(setting.option)
                yield setting


def _line(setting: Setting) -> str:
    names = ", ".join(f"`{name}`" for name in setting.option.split())
    if setting.kind == "bool":
        values = ""
    elif setting.kind == "choice":
        values = ", ".join(f"`{key}`" for key, _ in setting.choices)
    else:
        values = f"{plain(setting.low)} to {plain(setting.high)}{f' {setting.unit}' if setting.unit else ''}"
        values += " or `auto`" * setting.takes_auto
    if setting.default is None:
        default = "—" if setting.kind == "choice" else "chosen"
    else:
        default = "off" if setting.default is False else plain(setting.default)
    title = setting.title.replace("|", r"\|")
    return f"| {names} | {title} | {values} | {default} |"


def parts() -> tuple[str, str, str]:
    """Return README before the table, the table, and README after it."""
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    inner, after = rest.split(END)
    return before + BEGIN, inner, END + after


if __name__ == "__main__":
    before, _, after = parts()
    README.write_text(before + table() + after, encoding="utf-8")
