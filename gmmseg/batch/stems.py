"""File names for what is made of many pictures."""

from __future__ import annotations

from pathlib import Path


def distinct_stems(images: list[Path]) -> list[str]:
    """Return a file name without extension for each image, no two equal even where case does not count."""
    taken: set[str] = set()
    stems = []
    for image in images:
        stem, number = image.stem, 1
        while stem.casefold() in taken:
            number += 1
            stem = f"{image.stem}_{number}"
        taken.add(stem.casefold())
        stems.append(stem)
    return stems
