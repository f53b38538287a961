"""Folder of unfinished maps, beside their place, so that the work can be taken up again."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Self

from gmmseg.errors import WriteError
from gmmseg.io.atomic import refusals, shown
from gmmseg.io.lock import Holder, take
from gmmseg.io.temporaries import NEW
from gmmseg.tiled.pass_store import PassStore

_KEY, _PASSES = "run.txt", "passes"


class WorkFolder:
    """The folder ``NAME.part`` beside an output; a context manager, in which no other run has it.

    Parameters
    ----------
    output : Path
    key : str
        Says which picture and settings the work is for.
    resumes : bool
        Whether to go on with what is there; else it is removed.

    Raises
    ------
    WriteError
        It is another program's or in use by another run, or of another picture or other settings where it is
        to be resumed.
    """

    def __init__(self, output: Path, key: str, resumes: bool) -> None:
        self.path = output.with_name(f"{output.name}.part")
        lock = take(self.path)
        if isinstance(lock, Holder):
            raise WriteError(
                f"Another run is at work on {shown(output)} (process {lock.pid} on {lock.host}).",
                "Let it end, or choose another name.",
            )
        self._lock = lock
        try:
            with refusals(self.path):
                if os.path.lexists(self.path):
                    self._take_over(key, resumes)
                self.path.mkdir(exist_ok=True)
                (self.path / _KEY).write_text(f"{key}\n", "ascii")
                self.store = PassStore(self.path / _PASSES, key)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            self._lock.release()

    @property
    def maps(self) -> Path:
        """The folder of the pyramid, which may take the output's place."""
        return self.path / NEW

    def remove(self) -> None:
        """Remove the folder with what is left in it."""
        shutil.rmtree(self.path, ignore_errors=True)

    def is_empty(self) -> bool:
        """Whether no pass is done yet."""
        with contextlib.suppress(OSError):
            return not any((self.path / _PASSES).iterdir())
        return True

    def _take_over(self, key: str, resumes: bool) -> None:
        kept = self.path / _KEY
        if not kept.is_file():
            raise WriteError(
                f"{shown(self.path)} is in the way and holds no unfinished work.", "Rename or remove it."
            )
        if not resumes:
            shutil.rmtree(self.path)
        elif kept.read_text("ascii", "replace").strip() != key:
            raise WriteError(
                f"The unfinished work in {shown(self.path)} is of another picture or of other settings.",
                "Leave out --resume to start anew.",
            )
