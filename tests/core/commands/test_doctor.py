"""``gmmseg doctor`` on a machine on which something is missing, and on one that lacks nothing."""

from __future__ import annotations

import importlib.metadata

import pytest

from gmmseg.commands.cli import run


def test_what_is_there_is_told_with_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor"], lambda: None) == 0
    said = capsys.readouterr().out
    assert f"can be opened, PySide6 {importlib.metadata.version('PySide6-Essentials')}" in said
    assert all(line.startswith(("ok", "--", "    ")) for line in said.splitlines())


def test_what_is_missing_comes_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def absent(name: str) -> str:
        if name in ("zarr", "distributed"):
            raise importlib.metadata.PackageNotFoundError
        return "1.0"

    monkeypatch.setattr(importlib.metadata, "version", absent)
    monkeypatch.setattr("gmmseg.commands.doctor.is_available", lambda: False)
    monkeypatch.setattr("gmmseg.commands.doctor.shutil.which", lambda name: None)
    # Extras and speed can be done without, a window cannot.
    assert run(["doctor"], lambda: None) == 0
    said = capsys.readouterr().out
    assert "pip install 'gmmseg[large]'" in said
    assert "pip install 'gmmseg[cluster]'" in said
    assert "Install a C compiler" in said
    assert run(["doctor"], lambda: "Qt needs the system library libEGL.so.1.") == 1
    assert "libEGL" in capsys.readouterr().out
