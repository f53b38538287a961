"""Messages of C code on standard error are taken; those of others in the meantime are not lost."""

from __future__ import annotations

import os
import tempfile
from typing import Any

import pytest

from gmmseg.io.native_messages import native_messages


def test_sentences_of_a_library_are_taken_and_other_lines_follow_after(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with native_messages() as messages:
        os.write(2, b"LZWDecode: Not enough data at scanline 0.\n")
        os.write(2, b"gmmseg: photo.png is read\n")
        assert capfd.readouterr().err == ""
    assert messages == ["LZWDecode: Not enough data at scanline 0."]
    assert capfd.readouterr().err == "gmmseg: photo.png is read\n"
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_standard_error_comes_back_after_an_exception(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="x"), native_messages():
        raise ValueError("x")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


@pytest.mark.parametrize(("module", "name"), [(os, "dup"), (tempfile, "TemporaryFile")])
def test_without_a_standard_error_or_room_nothing_is_taken(
    monkeypatch: pytest.MonkeyPatch, module: Any, name: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(9, "refused")

    with monkeypatch.context() as patch:
        patch.setattr(module, name, fail)
        with native_messages() as messages:
            pass
    assert messages == []
