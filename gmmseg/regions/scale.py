"""The height at which a hierarchy is cut by default."""

from __future__ import annotations

import math

NATURAL_LOG_ODDS = 0.3
"""Log odds that two regions are different things above which they stay apart by default.

Segmentation covering and the probabilistic Rand index (PRI; both as in Arbeláez et al. 2011) are best here
on the validation images of BSDS500 with odds fitted to the training images alone, which is nearest to what
a new image meets; on both sets together, with odds fitted to both, covering is best at .18 (.674 instead of
.673). One value for all images: heights are odds fitted to what people drew, which takes up what a rule for
each image could add. Tried, and no better on images that it was
not tuned on: the longest gap between heights in a window, the cut that agrees best with all others around
it, cuts at different heights in different places, a height that depends on the number of regions, limits of
that number, description lengths, and corrections by contrast, texture, colours or the sizes of regions.
"""


def natural_height() -> float:
    """Return the height of the default cut, nats: ``log(1 + exp(NATURAL_LOG_ODDS))``, see `union_cost`."""
    return math.log1p(math.exp(NATURAL_LOG_ODDS))
