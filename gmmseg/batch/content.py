"""The hash of what a path leads to."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def content_hash(path: Path) -> str:
    """Return the hash of a file's bytes, or of the names and bytes of a folder's files; empty for neither."""
    if not path.exists():
        return ""
    digest = hashlib.sha256()
    if not path.is_dir():
        digest.update(path.read_bytes())
        return digest.hexdigest()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            content = file.read_bytes()
            name = os.fsencode(file.relative_to(path).as_posix())
            digest.update(b"%s\0%d\0" % (name, len(content)))
            digest.update(content)
    return digest.hexdigest()
