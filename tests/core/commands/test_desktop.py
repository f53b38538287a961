"""``gmmseg desktop``: files that desktops read, installed and removed again."""

from __future__ import annotations

import configparser
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import gmmseg
from gmmseg.commands.cli import run
from gmmseg.commands.desktop import _quoted
from gmmseg.io.formats import MIME_TYPES, SUFFIXES
from gmmseg.version import VERSION

ROOT = Path(__file__).parents[3]


@pytest.fixture
def share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user's data, with none of the system's programs to read it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("PATH", "")
    return tmp_path / "share"


def test_what_is_installed_is_removed_again(share: Path, capsys: Any) -> None:
    assert run(["desktop"]) == 0
    assert str(share) in capsys.readouterr().err
    files = sorted(path.relative_to(share).as_posix() for path in share.rglob("*") if path.is_file())
    assert files == [
        "applications/gmmseg.desktop",
        "icons/hicolor/scalable/apps/gmmseg.svg",
        "icons/hicolor/scalable/mimetypes/application-x-gmmseg.svg",
        "mime/packages/gmmseg.xml",
    ]
    assert run(["desktop", "--quiet"]) == 0
    assert run(["desktop", "--remove"]) == 0
    assert not [path for path in share.rglob("*") if path.is_file()]
    assert run(["desktop", "--remove"]) == 0


def test_the_entry_starts_this_program_on_files(share: Path) -> None:
    assert run(["desktop"]) == 0
    text = (share / "applications" / "gmmseg.desktop").read_text()
    parsed = configparser.ConfigParser(interpolation=None)
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(text)
    entry = parsed["Desktop Entry"]
    assert entry["Type"] == "Application"
    words = shlex.split(entry["Exec"])
    assert words[-1] == "%F"
    done = subprocess.run([*words[:-1], "--version"], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith(f"gmmseg {VERSION}\n")
    types = entry["MimeType"].rstrip(";").split(";")
    assert types == ["application/x-gmmseg", *MIME_TYPES]
    assert len(MIME_TYPES) == len(SUFFIXES)
    validator = shutil.which("desktop-file-validate", path="/usr/bin")
    if validator is not None:
        subprocess.run([validator, str(share / "applications" / "gmmseg.desktop")], check=True, timeout=30)


def test_odd_folders_are_quoted() -> None:
    # As the desktop entry specification has it: quoting, then the escape of strings, and field codes doubled.
    assert _quoted("/a b/python") == '"/a b/python"'
    assert _quoted('/a"$`\\b%f') == '"/a\\\\"\\\\$\\\\`\\\\\\\\b%%f"'


def test_the_file_type_is_that_of_projects(share: Path, tmp_path: Path) -> None:
    assert run(["desktop"]) == 0
    tree = ElementTree.parse(share / "mime" / "packages" / "gmmseg.xml")
    space = {"m": "http://www.freedesktop.org/standards/shared-mime-info"}
    pattern = tree.find(".//m:glob", space)
    assert pattern is not None
    assert pattern.get("pattern") == "*.gmmseg"
    project = tmp_path / "work.gmmseg"
    gmmseg.save_project(gmmseg.new_project(np.zeros((4, 5, 3), np.uint8)), project)
    data = project.read_bytes()
    matches = tree.findall(".//m:match", space)
    assert len(matches) == 2
    for match in matches:
        value = (match.get("value") or "").encode().decode("unicode_escape").encode("latin-1")
        start = int(match.get("offset") or 0)
        assert data[start : start + len(value)] == value


def test_the_citation_is_of_this_version() -> None:
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {VERSION}\n" in text
