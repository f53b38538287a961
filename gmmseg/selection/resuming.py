"""Correcting a mask that is there already: prompts change what belongs to them, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gmmseg.arrays import BoolArray
from gmmseg.selection.prompts import click
from gmmseg.selection.selecting import PromptedSelection, nothing_selected
from gmmseg.selection.site import Site

_CERTAIN = 4.0
"""Log odds of leaves inside a mask, and minus those of leaves outside: a prompt can overrule them."""


def resumed(site: Site, mask: BoolArray) -> PromptedSelection:
    """Return a selection of the leaves that lie mostly in a mask, as if it had been made by clicks.

    Parameters
    ----------
    site : Site
    mask : bool array, (H, W)
        Not empty.
    """
    from scipy.ndimage import distance_transform_edt

    labels = site.labels[mask]
    n_leaves = site.scene.ground.n_leaves
    sizes = np.bincount(site.labels.reshape(-1) + 1, minlength=n_leaves + 1)[1:]
    members = 2 * np.bincount(labels[labels >= 0], minlength=n_leaves) > sizes
    depths = distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    y, x = np.unravel_index(int(depths.argmax()), mask.shape)
    # Features of later prompts speak of earlier ones: the deepest point stands for those not known.
    clicked = nothing_selected(site).with_prompt(click(int(x), int(y)))
    selection = replace(
        clicked.selection,
        odds=np.where(members, _CERTAIN, -_CERTAIN),
        masks=members[None],
        scores=np.zeros(1),
        is_given=True,
    )
    return replace(clicked, prompts=(), selection=selection, chosen=0)


def within_base(start: PromptedSelection, now: PromptedSelection, base: BoolArray) -> BoolArray:
    """Return the mask `base`, changed only in leaves whose membership prompts changed or that they touch.

    Parameters
    ----------
    start, now : PromptedSelection
        What `resumed` returned for `base`, and what later prompts made of it.
    base : bool array, (H, W)
    """
    is_changed = now.members != start.members
    for prompt in now.prompts:
        touched = now.site.labels[prompt.rows, prompt.columns]
        is_changed[touched[touched >= 0]] = True
    mask: BoolArray = np.where(np.append(is_changed, False)[now.site.labels], now.mask, base)
    return mask
