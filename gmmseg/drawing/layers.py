"""Layers: what a pane can show of an image and its maps, and what these are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from gmmseg.photo.classes import ClassInfo, ClassTable

LayerKind = Literal[
    "image",
    "segments",
    "overlay",
    "outlines",
    "regions",
    "foreground",
    "heatmap",
    "heatmaps",
    "uncertainty",
    "density",
    "feature",
]
LABEL_KINDS: tuple[LayerKind, ...] = ("segments", "overlay", "outlines")
OVER_IMAGE: tuple[LayerKind, ...] = ("overlay", "outlines", "foreground")
_TITLES: dict[LayerKind, str] = {
    "image": "Image",
    "segments": "Classes",
    "overlay": "Overlay",
    "outlines": "Outlines",
    "regions": "Regions",
    "foreground": "Foreground",
    "heatmap": "Heatmap",
    "heatmaps": "All heatmaps",
    "uncertainty": "Uncertainty",
    "density": "Density",
    "feature": "Feature",
}


@dataclass(frozen=True, slots=True)
class Layer:
    """Layer that a pane shows.

    Parameters
    ----------
    kind : str
    component : int
        For a heatmap: any component, from 0, of the class it shows.
    uses_mean_colours : bool
        For label layers: classes in the mean colour of their pixels instead of the class colour. For
        regions: each filled with its mean colour instead of outlined on the photo.
    feature : str
        For a feature: its name in the table.
    """

    kind: LayerKind
    component: int = 0
    uses_mean_colours: bool = False
    feature: str = ""

    @property
    def is_over_image(self) -> bool:
        """Whether the photo shows through."""
        return self.kind in OVER_IMAGE or (self.kind == "regions" and not self.uses_mean_colours)

    @property
    def line_width(self) -> int:
        """Pixels across the lines that it consists of, which reducing must not tear; 0 for areas."""
        if self.kind == "regions":
            return 0 if self.uses_mean_colours else 2
        return int(self.kind == "outlines")


def is_of_classes(layer: Layer) -> bool:
    """Return whether a layer shows the map of classes, or posteriors that go with it."""
    return layer.kind in (*LABEL_KINDS, "heatmap", "heatmaps", "uncertainty")


def layer_title(layer: Layer, classes: ClassTable) -> str:
    """Return the layer's name for a list: ``Heatmap of rock``, ``Classes (mean colours)``."""
    if layer.kind == "heatmap":
        return f"Heatmap of {shown_class(layer, classes).name}" if len(classes) else "Heatmap"
    if layer.kind == "feature":
        return f"Feature: {layer.feature}"
    return _TITLES[layer.kind] + (" (mean colours)" if layer.uses_mean_colours else "")


def available_layers(
    classes: ClassTable, features: Sequence[str] = (), has_frames: bool = False
) -> list[Layer]:
    """Return every layer that can be shown for these classes and features, in the order of a list.

    `has_frames` says whether the image is a frame of several, of which some may show what moves.
    """
    labels = [Layer(kind, uses_mean_colours=mean) for kind in LABEL_KINDS[:2] for mean in (False, True)]
    maps = [Layer("heatmap", entry.components[0]) for entry in classes]
    return [
        Layer("image"), *labels, Layer("outlines"),
        Layer("regions"), Layer("regions", uses_mean_colours=True),
        *[Layer("foreground")] * has_frames, *maps,
        Layer("heatmaps"), Layer("uncertainty"), Layer("density"),
        *(Layer("feature", feature=name) for name in features),
    ]  # fmt: skip


def shown_class(layer: Layer, classes: ClassTable) -> ClassInfo:
    """Return the class whose heatmap the layer shows: the last one where a refit left fewer components."""
    return classes.of_component(min(layer.component, classes.n_components - 1))
