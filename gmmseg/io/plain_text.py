"""Names as other programs can read them: characters that XML and JSON readers refuse are replaced."""

from __future__ import annotations

import re
from dataclasses import replace

from gmmseg.photo.classes import ClassTable

# All but the production Char of XML 1.0: control characters, halves of surrogate pairs, U+FFFE and U+FFFF.
_REFUSED = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain_text(text: str) -> str:
    """Return a text with U+FFFD in place of each character that XML 1.0 does not allow."""
    return _REFUSED.sub("\ufffd", text)


def with_plain_names(classes: ClassTable) -> ClassTable:
    """Return the classes with names of characters that XML 1.0 allows."""
    return ClassTable(tuple(replace(entry, name=plain_text(entry.name)) for entry in classes))
