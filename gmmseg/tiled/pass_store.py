"""Results of the passes over a picture, kept in a folder, so that a run can be resumed where it ended.

The work between passes is a function of their results alone: a run that is taken up repeats it, and reads
the results of the passes that are done instead of running them. It ends with the same bytes.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray

Arrays = Mapping[str, AnyArray]


class PassStore:
    """Results by name.

    Parameters
    ----------
    folder : Path, optional
        Where they are kept; None keeps nothing.
    key : str
        Of the run: results under another key are not used.
    """

    def __init__(self, folder: Path | None, key: str = "") -> None:
        self._folder = folder
        self._key = key
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def get(self, name: str) -> Arrays | None:
        """Return what was put under a name, None where nothing was or where it is damaged."""
        if self._folder is None:
            return None
        try:
            with np.load(self._folder / f"{name}.npz", allow_pickle=False) as stored:
                arrays = {field: stored[field] for field in stored.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None
        return arrays if str(arrays.pop("key", "")) == self._key else None

    def kept(self, name: str, make: Callable[[], Arrays]) -> Arrays:
        """Return what was put under a name, made and put there where nothing was; raises OSError."""
        found = self.get(name)
        if found is None:
            found = make()
            self.put(name, found)
        return found

    def put(self, name: str, arrays: Arrays) -> None:
        """Keep arrays under a name; raises OSError."""
        if self._folder is None:
            return
        path = self._folder / f"{name}.npz"
        temporary = path.with_suffix(".tmp")
        named: dict[str, Any] = {"key": np.array(self._key), **arrays}
        with temporary.open("wb") as file:
            np.savez(file, **named)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
