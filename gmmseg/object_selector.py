"""ObjectSelector: from an image and clicks to the mask of one object, in one call."""

from __future__ import annotations

from collections.abc import Sequence

from gmmseg.arrays import BoolArray
from gmmseg.control import result_of
from gmmseg.errors import FeatureError
from gmmseg.io.images import Picture, as_image
from gmmseg.selection.prompts import Box, click
from gmmseg.selection.selecting import PromptedSelection, nothing_selected
from gmmseg.selection.site import Site, site_events

Click = tuple[int, int, bool]
"""x, y in pixels of the image, and whether the pixel is object."""


class ObjectSelector:
    """Selects one object at a time by clicks and boxes.

    Making one does the long work, less than a second on a photo of 481 × 321; a click then takes some
    hundredths of one. The same image, seed and prompts give the same mask.

    Parameters
    ----------
    image : (H, W) or (H, W, C) array, Image, or path
    seed : int
        Of the mixtures that regions are made from.

    Raises
    ------
    ReadError
        Where it is no image or no pixel holds data.
    """

    def __init__(self, image: Picture, seed: int = 0) -> None:
        self._stand_on(result_of(site_events(as_image(image), seed)))

    @classmethod
    def on(cls, site: Site) -> ObjectSelector:
        """Return a selector on a site that is already there."""
        selector = cls.__new__(cls)
        selector._stand_on(site)
        return selector

    def _stand_on(self, site: Site) -> None:
        self._site = site
        self._box: Box | None = None
        self._states: dict[tuple[Click, ...], PromptedSelection] = {(): nothing_selected(self._site)}

    def select(self, clicks: Sequence[Click], box: Box | None = None) -> BoolArray:
        """Return the mask of the object, (H, W).

        Every clicked pixel has the label asked for, of several clicks on one pixel the last; a click where
        the image holds no data counts for the nearest pixel that does.

        Parameters
        ----------
        clicks : sequence of (x, y, is_positive)
            Pixels of the image, in the order given.
        box : (x0, y0, x1, y1), optional
            Half-open; what lies outside is background.

        Raises
        ------
        FeatureError
            Where a click is not three values or lies outside the image, or the box is empty.
        """
        return self._state(clicks, box).mask

    def sizes(self, clicks: Sequence[Click], box: Box | None = None) -> list[BoolArray]:
        """Return distinct masks (H, W) that the clicks could mean, best first."""
        return self._state(clicks, box).sizes()

    def _state(self, clicks: Sequence[Click], box: Box | None) -> PromptedSelection:
        if any(len(one) != 3 for one in clicks):
            raise FeatureError("A click is three values.", "Give x, y, and whether it is on the object.")
        wanted = tuple((int(x), int(y), bool(is_positive)) for x, y, is_positive in clicks)
        height, width = self._site.shape
        for x, y, _ in wanted:
            if not (0 <= x < width and 0 <= y < height):
                raise FeatureError(
                    f"The click {x}, {y} lies outside the image of {width} × {height} pixels.",
                    "Give pixels of the image, from 0, 0 at the top left.",
                )
        if box is not None:
            box = _box_within(box, width, height)
        if box != self._box:
            self._box, self._states = box, {(): nothing_selected(self._site, box)}
        known = next(at for at in range(len(wanted), -1, -1) if wanted[:at] in self._states)
        state = self._states[wanted[:known]]
        for at in range(known, len(wanted)):
            state = state.with_prompt(click(*wanted[at]))
            self._states[wanted[: at + 1]] = state
        # Only what leads to the last answer is kept: a session of clicks goes on from there.
        self._states = {part: kept for part, kept in self._states.items() if wanted[: len(part)] == part}
        return state


def _box_within(box: Box, width: int, height: int) -> Box:
    """Return the part of a box that lies on the image."""
    x0, y0, x1, y1 = (int(value) for value in box)
    held = max(x0, 0), max(y0, 0), min(x1, width), min(y1, height)
    if held[0] >= held[2] or held[1] >= held[3]:
        raise FeatureError(
            f"The box {x0}, {y0}, {x1}, {y1} holds no pixel of the image.",
            "Give x0, y0, x1, y1 with x0 < x1 and y0 < y1 in pixels of the image.",
        )
    return held
