"""From selected leaves to the mask of the image's own pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import BoolArray
from gmmseg.regions.leaves import flood
from gmmseg.regions.refinement import squared_gradient, widened
from gmmseg.render import row_blocks
from gmmseg.selection.prompts import Box, Prompt
from gmmseg.selection.site import Site

_MOVED = 6
"""Working pixels that refining moves a border at most."""


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
        Index of the first prompt that corrects. The leaves of those before it are taken as they are; a leaf
        of a correction is shared by a watershed of the colour gradient: from all prompts in it, and from the
        pixels around it, each with its label.
    box : (x0, y0, x1, y1), optional
        Half-open; outside it only pixels of prompts are selected.
    """
    labels = site.labels
    mask = _spread(members, labels)
    touched = [labels[prompt.rows, prompt.columns] for prompt in prompts]
    corrected = touched[first_correction:]
    for leaf in np.unique(np.concatenate(corrected)).tolist() if corrected else ():
        if leaf >= 0:
            _share(mask, site, leaf, prompts)
    if box is not None:
        x0, y0, x1, y1 = box
        mask[:y0] = mask[y1:] = mask[:, :x0] = mask[:, x1:] = False
    for prompt, leaves in zip(prompts, touched, strict=True):
        held = leaves >= 0
        mask[prompt.rows[held], prompt.columns[held]] = prompt.is_positive
    return mask


def _spread(members: BoolArray, labels: NDArray[np.int32]) -> BoolArray:
    """Return whether each pixel's leaf is one of the members, (H, W)."""
    table = np.append(members, False)
    mask = np.empty(labels.shape, dtype=np.bool_)
    # Block by block: the indices that `take` makes of labels then stay in the cache.
    for rows in row_blocks(labels.shape):
        np.take(table, labels[rows], out=mask[rows], mode="wrap")
    return mask


def _share(mask: BoolArray, site: Site, leaf: int, prompts: Sequence[Prompt]) -> None:
    """Share a leaf's pixels among the prompts in it and what lies around it."""
    window = _window(site, leaf)
    labels = site.labels[window]
    own = labels == leaf
    takes_part = widened(own) & (labels >= 0)
    markers = np.where(takes_part & ~own, 1 + mask[window], 0).astype(np.int32)
    for prompt in prompts:
        rows, columns = prompt.rows - window[0].start, prompt.columns - window[1].start
        inside = (rows >= 0) & (rows < own.shape[0]) & (columns >= 0) & (columns < own.shape[1])
        rows, columns = rows[inside], columns[inside]
        inside = own[rows, columns]
        markers[rows[inside], columns[inside]] = 1 + prompt.is_positive
    if not ((markers == 1).any() and (markers == 2).any()):
        return
    flooded = flood(squared_gradient(site.rgb[window]), markers, takes_part)
    mask[window][own] = flooded[own] == 2


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
