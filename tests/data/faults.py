"""Faults of the file system that permissions do not bring about for the superuser, as whom tests may run."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest


def close_folder(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make a folder one that may be neither listed nor entered."""
    folder.mkdir(exist_ok=True)
    closed = f"{folder.name}/"

    def refusing(name: str) -> None:
        real = getattr(os, name)

        def call(path: Any, *arguments: Any, **named: Any) -> Any:
            text = "" if isinstance(path, int) else os.fspath(path)
            if closed in text or (name in ("listdir", "scandir") and text.endswith(folder.name)):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
            return real(path, *arguments, **named)

        monkeypatch.setattr(os, name, call)

    for name in ("stat", "lstat", "open", "mkdir", "listdir", "scandir"):
        refusing(name)
