"""From selected leaves to the mask of the image's own pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import BoolArray, ByteArray, FloatArray, IntArray, looked_up
from gmmseg.features.colour import srgb_to_lab
from gmmseg.regions.leaves import flood
from gmmseg.regions.refinement import squared_gradient, widened
from gmmseg.selection.prompts import Box, Prompt
from gmmseg.selection.site import Site

_LAB_REACH = 20.0
"""Difference in CIELAB that counts as much as the radius of a leaf."""
_MOVED = 6
"""Working pixels that refining moves a border at most."""
_SEEDS = 64
"""Pixels of a stroke in one leaf that are looked at when it is shared."""
_PEN = np.ones((3, 3), dtype=np.bool_)
"""Pixels that one pixel of a prompt stands for: itself and its eight neighbours."""


def painted(
    site: Site, members: BoolArray, prompts: Sequence[Prompt], first_correction: int, box: Box | None = None
) -> BoolArray:
    """Return the mask of selected leaves, with every pixel of each prompt as it asks.

    Parameters
    ----------
    site : Site
        Pixels without data are never selected.
    members : bool array, (N,)
    prompts : sequence of Prompt
        In the order given. Of prompts on one pixel the last counts.
    first_correction : int
        Index of the first prompt that corrects. The leaves of those before it are taken as they are. A leaf
        of a correction is divided by a watershed of the colour gradient, from the prompts in it and from the
        pixels around it with their labels. A leaf with prompts of both signs is shared: a pixel goes with
        the nearest prompt, in distance over the leaf's radius plus distance in CIELAB over 20.
    box : (x0, y0, x1, y1), optional
        Half-open; outside it only pixels of prompts are selected.
    """
    labels = site.labels
    mask = _spread(members, labels)
    touched = [labels[prompt.rows, prompt.columns] for prompt in prompts]
    signs = tuple(
        _leaves_of(touched, [prompt.is_positive == sign for prompt in prompts]) for sign in (False, True)
    )
    shared = signs[0] & signs[1]
    corrected = _leaves_of(touched, [at >= first_correction for at in range(len(prompts))])
    for leaf in sorted(shared):
        _share(mask, site, leaf, prompts, touched)
    for leaf in sorted(corrected - shared):
        _flood(mask, site, leaf, leaf in signs[True], prompts, touched)
    if box is not None:
        x0, y0, x1, y1 = box
        mask[:y0] = mask[y1:] = mask[:, :x0] = mask[:, x1:] = False
    for prompt, leaves in zip(prompts, touched, strict=True):
        held = leaves >= 0
        mask[prompt.rows[held], prompt.columns[held]] = prompt.is_positive
    return mask


def _spread(members: BoolArray, labels: NDArray[np.int32]) -> BoolArray:
    """Return whether each pixel's leaf is one of the members, (H, W)."""
    return looked_up(np.append(members, False), labels)


def _leaves_of(touched: Sequence[NDArray[np.int32]], are_meant: Sequence[bool]) -> set[int]:
    """Return the leaves with data that some of the prompts touch."""
    leaves = [np.unique(one) for one, is_meant in zip(touched, are_meant, strict=True) if is_meant]
    return {leaf for one in leaves for leaf in one.tolist() if leaf >= 0}


def _share(
    mask: BoolArray,
    site: Site,
    leaf: int,
    prompts: Sequence[Prompt],
    touched: Sequence[NDArray[np.int32]],
) -> None:
    """Share a leaf's pixels among the prompts in it."""
    window = _window(site, leaf)
    rows, columns = np.nonzero(site.labels[window] == leaf)
    rows, columns = rows + window[0].start, columns + window[1].start
    pixels = np.stack([rows, columns], axis=1).astype(np.float64)
    lab = _lab(site.rgb, rows, columns)
    radius = np.sqrt(len(rows) / np.pi)
    nearest = np.full(len(rows), np.inf)
    wins = np.zeros(len(rows), dtype=np.bool_)
    for prompt, leaves in zip(prompts, touched, strict=True):
        at = np.flatnonzero(leaves == leaf)
        if len(at) == 0:
            continue
        at = at[:: -(-len(at) // _SEEDS)]
        seeds = np.stack([prompt.rows[at], prompt.columns[at]], axis=1)
        seed_lab = _lab(site.rgb, prompt.rows[at], prompt.columns[at])
        for seed, colour in zip(seeds, seed_lab, strict=True):
            away = np.sqrt(((pixels - seed) ** 2).sum(axis=1)) / radius
            away += np.sqrt(((lab - colour) ** 2).sum(axis=1)) / _LAB_REACH
            closer = away <= nearest
            nearest[closer] = away[closer]
            wins[closer] = prompt.is_positive
    mask[rows, columns] = wins


def _flood(
    mask: BoolArray,
    site: Site,
    leaf: int,
    is_positive: bool,
    prompts: Sequence[Prompt],
    touched: Sequence[NDArray[np.int32]],
) -> None:
    """Divide a leaf, all of whose prompts have one sign, between them and what lies around it."""
    from scipy.ndimage import binary_dilation

    window = _window(site, leaf)
    labels = site.labels[window]
    own = labels == leaf
    around = widened(own) & ~own & (labels >= 0)
    asked = np.zeros(own.shape, dtype=np.bool_)
    for prompt, leaves in zip(prompts, touched, strict=True):
        at = leaves == leaf
        asked[prompt.rows[at] - window[0].start, prompt.columns[at] - window[1].start] = True
    differs = around & (mask[window] != is_positive)
    if not differs.any():
        return
    agrees = (around & ~differs) | (binary_dilation(asked, _PEN) & own)
    flooded = flood(squared_gradient(site.rgb[window]), agrees + 2 * differs.astype(np.int32), own | around)
    mask[window][own] = (flooded[own] == 2) != is_positive


def _window(site: Site, leaf: int) -> tuple[slice, slice]:
    """Return rows and columns that hold all pixels of a leaf: refining moves its border only so far."""
    top, left, bottom, right = site.scene.ground.boxes[leaf].tolist()
    down, across = (
        large / small for large, small in zip(site.shape, site.scene.ground.labels.shape, strict=True)
    )
    return (
        slice(max(int((top - _MOVED) * down), 0), int((1 - bottom + _MOVED) * down) + 1),
        slice(max(int((left - _MOVED) * across), 0), int((1 - right + _MOVED) * across) + 1),
    )


def _lab(rgb: ByteArray, rows: IntArray, columns: IntArray) -> FloatArray:
    lab: FloatArray = srgb_to_lab(rgb[rows, columns].T.astype(np.float64) / 255).T
    return lab
