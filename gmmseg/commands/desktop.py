"""``gmmseg desktop``: the program's entry, icon and file type among those of a Linux desktop."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

from gmmseg.commands.console import Console
from gmmseg.errors import ReadError, WriteError
from gmmseg.io.atomic import refusals, write_atomically
from gmmseg.io.formats import MIME_TYPES
from gmmseg.io.projects.archive import MIME_TYPE, SUFFIX

_PACKAGE = Path(__file__).absolute().parents[1]
_UPDATES = (("update-mime-database", "mime"), ("update-desktop-database", "applications"))
"""Programs that read what was installed, each with its folder; where they are missing it is read at login."""
_SECONDS = 30
MIMETYPE = MIME_TYPE.decode()


def run(options: argparse.Namespace, console: Console) -> bool:
    """Install the files for this user, or remove them, and return True; raises `GmmsegError`."""
    if sys.platform in ("win32", "darwin"):
        raise WriteError("Entries of this kind are for Linux desktops.", "Start the window by “gmmseg”.")
    share = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    for name, content in _files().items():
        place = share / name
        with refusals(place):
            if options.remove:
                place.unlink(missing_ok=True)
                continue
            place.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(place, content)
    for program, folder in _UPDATES:
        found = shutil.which(program)
        if found is not None and (share / folder).is_dir():
            subprocess.run([found, str(share / folder)], check=False, capture_output=True, timeout=_SECONDS)  # noqa: S603
    console.note(f"{'Removed from' if options.remove else 'Installed in'} {share}.")
    return True


def _files() -> dict[str, bytes]:
    """Return the files by their places within a user's data."""
    icon = _icon()
    return {
        "applications/gmmseg.desktop": _entry().encode(),
        "mime/packages/gmmseg.xml": _file_type().encode(),
        "icons/hicolor/scalable/apps/gmmseg.svg": icon,
        f"icons/hicolor/scalable/mimetypes/{MIMETYPE.replace('/', '-')}.svg": icon,
    }


def _icon() -> bytes:
    # Within an installed package, beside it in a checkout.
    for folder in (_PACKAGE / "_window", _PACKAGE.parent):
        path = folder / "assets" / "icons" / "app.svg"
        if path.is_file():
            return path.read_bytes()
    raise ReadError("The program's icon is missing.", "Install the program again.")


def _entry() -> str:
    types = "".join(f"{one};" for one in (MIMETYPE, *MIME_TYPES))
    return f"""\
[Desktop Entry]
Type=Application
Name=gmmseg
GenericName=Image segmentation
Comment=Segment images with Gaussian mixtures, cut out objects by clicks
Exec={_command()} %F
Icon=gmmseg
Terminal=false
Categories=Graphics;Science;Education;
Keywords=segmentation;mask;mixture;clustering;
MimeType={types}
StartupWMClass=gmmseg
"""


def _command() -> str:
    main = _PACKAGE.parent / "main.py"
    words = [sys.executable, str(main)] if main.is_file() else [sys.executable, "-m", "gmmseg"]
    return " ".join(_quoted(word) for word in words)


def _quoted(word: str) -> str:
    """Return a word as an Exec line has it: twice escaped, and % doubled."""
    inner = "".join(f"\\{c}" if c in '"`$\\' else c for c in word)
    return '"{}"'.format(inner.replace("\\", "\\\\").replace("%", "%%"))


def _file_type() -> str:
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{MIMETYPE}">
    <comment>gmmseg project</comment>
    <sub-class-of type="application/zip"/>
    <generic-icon name="{MIMETYPE.replace("/", "-")}"/>
    <magic priority="70">
      <match type="string" offset="0" value="PK\\003\\004">
        <match type="string" offset="30" value="mimetype{MIMETYPE}"/>
      </match>
    </magic>
    <glob pattern="*{SUFFIX}"/>
  </mime-type>
</mime-info>
"""
