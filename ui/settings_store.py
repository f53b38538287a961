"""SettingsStore: what the window remembers from one start to the next."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast, get_args
from urllib.parse import quote_from_bytes, unquote_to_bytes

from PySide6.QtCore import QByteArray, QSettings

from gmmseg.limits import MAX_BACKUPS
from ui.theme import Scheme

Purpose = Literal["open", "digits", "tables", "export", "project"]
MAX_RECENT = 10
_MOST_DIGITS = 18
"""Of a number of bytes: no machine has more, and Python refuses to read thousands."""
_RECENT: dict[Purpose, str] = {
    "open": "recent",
    "digits": "recent_digits",
    "tables": "recent_tables",
    "export": "recent_exports",
}
"""The key under which the files of each purpose are remembered."""


@dataclass(frozen=True, slots=True)
class KeptLayout:
    """A layout of docks and toolbars.

    Parameters
    ----------
    state : QByteArray
        As Qt saved it.
    folded : tuple of str
        Names of docks that are folded away.
    automatic : tuple of str
        Sides that were folded for want of room.
    """

    state: QByteArray
    folded: tuple[str, ...] = ()
    automatic: tuple[str, ...] = ()


class SettingsStore:
    """Reads defaults where nothing valid is stored; where nothing can be written it lasts for this run.

    A damaged file is put aside as ``gmmseg.ini.damaged``, in case its owner wants something back from it.
    """

    def __init__(self) -> None:
        _put_aside_if_damaged()
        self._settings = _open()

    @property
    def path(self) -> Path:
        """The settings file."""
        return Path(self._settings.fileName())

    def recent_files(self, purpose: Purpose = "open") -> list[Path]:
        """Return the files opened last, newest first, at most `MAX_RECENT`; some may be gone."""
        # Percent-encoded bytes: a file name need not be text.
        words = self._text(_RECENT[purpose]).split()
        return [Path(os.fsdecode(unquote_to_bytes(word))) for word in words][:MAX_RECENT]

    def add_recent(self, path: Path, purpose: Purpose = "open") -> None:
        """Put a file at the head of the recent ones."""
        path = path.absolute()
        files = [path, *(other for other in self.recent_files(purpose) if other != path)]
        self._set_recent(files[:MAX_RECENT], purpose)

    def clear_recent(self, purpose: Purpose = "open") -> None:
        """Forget the recent files."""
        self._set_recent([], purpose)

    def folder(self, purpose: Purpose) -> Path:
        """Return the folder used last for this purpose, or the home folder where that is gone."""
        word = self._text(f"folder/{purpose}")
        folder = Path(os.fsdecode(unquote_to_bytes(word)))
        return folder if word and os.path.isdir(folder) else Path.home()

    def set_folder(self, purpose: Purpose, folder: Path) -> None:
        """Remember the folder for this purpose."""
        self._settings.setValue(f"folder/{purpose}", quote_from_bytes(os.fsencode(folder.absolute())))

    @property
    def scheme(self) -> Scheme:
        """The colour scheme; ``system`` follows the desktop."""
        stored = self._text("scheme")
        return cast(Scheme, stored) if stored in get_args(Scheme) else "system"

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        self._settings.setValue("scheme", scheme)

    @property
    def memory_budget(self) -> int | None:
        """Bytes that one image may need; None is half of the machine's memory."""
        word = self._text("memory_budget")
        is_number = word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS
        return (int(word) or None) if is_number else None

    @memory_budget.setter
    def memory_budget(self, n_bytes: int | None) -> None:
        self._settings.setValue("memory_budget", "" if n_bytes is None else str(n_bytes))

    @property
    def restores_session(self) -> bool:
        """Whether a start opens what was open when the window was closed."""
        return self._text("restore_session") == "yes"

    @restores_session.setter
    def restores_session(self, is_wanted: bool) -> None:
        self._settings.setValue("restore_session", "yes" if is_wanted else "no")

    def session(self, desk: str) -> Path | None:
        """Return what was open at a desk when the window was closed; None where it is gone, or not wanted."""
        word = self._text(f"session_{desk}")
        path = Path(os.fsdecode(unquote_to_bytes(word)))
        return path if self.restores_session and word and os.path.exists(path) else None

    def set_session(self, desk: str, path: Path | None) -> None:
        """Remember what is open at a desk: a project, or a file or folder of the user's."""
        word = "" if path is None else quote_from_bytes(os.fsencode(path.absolute()))
        self._settings.setValue(f"session_{desk}", word)

    @property
    def desk(self) -> str:
        """The desk that was in use when the window was closed; empty where that is not wanted back."""
        return self._text("desk") if self.restores_session else ""

    @desk.setter
    def desk(self, name: str) -> None:
        self._settings.setValue("desk", name)

    @property
    def n_backups(self) -> int:
        """Number of earlier versions of a project that are kept beside it."""
        word = self._text("backups")
        return int(word) if word in ("0", "1", "2", "3") else MAX_BACKUPS

    @n_backups.setter
    def n_backups(self, number: int) -> None:
        self._settings.setValue("backups", str(number))

    @property
    def export_kinds(self) -> tuple[str, ...]:
        """Kinds exported last; empty at first."""
        return tuple(self._text("export_kinds").split())

    @export_kinds.setter
    def export_kinds(self, kinds: tuple[str, ...]) -> None:
        self._settings.setValue("export_kinds", " ".join(kinds))

    @property
    def panes(self) -> dict[str, Any]:
        """State of the panes, by arrangement; empty at first."""
        try:
            stored = json.loads(self._text("panes") or "{}")
        except (ValueError, RecursionError):
            return {}
        return stored if isinstance(stored, dict) else {}

    @panes.setter
    def panes(self, state: dict[str, Any]) -> None:
        self._settings.setValue("panes", json.dumps(state))

    @property
    def arrangement(self) -> str:
        """Name of the photo desk's arrangement in use; empty at first."""
        return self._text("arrangement")

    @arrangement.setter
    def arrangement(self, name: str) -> None:
        self._settings.setValue("arrangement", name)

    @property
    def is_hint_dismissed(self) -> bool:
        """Whether the three steps for beginners have been closed."""
        return self._text("hint") == "dismissed"

    def dismiss_hint(self) -> None:
        """Do not show the three steps again."""
        self._settings.setValue("hint", "dismissed")

    def geometry(self) -> QByteArray:
        """Return the window's place and size as Qt saved it; empty at first."""
        return self._bytes("geometry")

    def layouts(self) -> dict[str, KeptLayout]:
        """Return the layouts by desk and arrangement; empty at first."""
        return {
            name: KeptLayout(
                self._bytes(f"layout_{name}"),
                tuple(self._text(f"folded_{name}").split()),
                tuple(self._text(f"automatic_{name}").split()),
            )
            for name in self._text("desks").split()
        }

    def set_window(self, geometry: QByteArray, layouts: Mapping[str, KeptLayout]) -> None:
        """Remember the window's place and size, and the docks of each desk and arrangement."""
        self._settings.setValue("geometry", geometry)
        self._settings.setValue("desks", " ".join(layouts))
        for name, layout in layouts.items():
            self._settings.setValue(f"layout_{name}", layout.state)
            self._settings.setValue(f"folded_{name}", " ".join(layout.folded))
            self._settings.setValue(f"automatic_{name}", " ".join(layout.automatic))

    def save(self) -> None:
        """Write now; silent where the folder is not writable."""
        self._settings.sync()

    def _set_recent(self, files: list[Path], purpose: Purpose) -> None:
        words = [quote_from_bytes(os.fsencode(path)) for path in files]
        self._settings.setValue(_RECENT[purpose], " ".join(words))

    def _text(self, key: str) -> str:
        return str(self._settings.value(key, "", type=str))

    def _bytes(self, key: str) -> QByteArray:
        value = self._settings.value(key, QByteArray(), type=QByteArray)
        return value if isinstance(value, QByteArray) else QByteArray()


def _open() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "gmmseg", "gmmseg")


def _put_aside_if_damaged() -> None:
    settings = _open()
    # QSettings parses, and notices the damage, only when asked for something.
    settings.allKeys()
    if settings.status() is QSettings.Status.FormatError:
        path = Path(settings.fileName())
        with contextlib.suppress(OSError):
            path.replace(path.with_name(path.name + ".damaged"))
