"""What the export dialog offers of regions, where that differs from what it offers of classes."""

from __future__ import annotations

from gmmseg.io.export_items import ExportKind
from ui.widgets.export_row import Offer

REGION_OFFERS: tuple[Offer[ExportKind], ...] = (
    (
        "mask", "&Mask", "{}_mask", "The region of each pixel, with a legend of the regions",
        (".png", ".tif", ".npy", ".npz"),
    ),
    ("overlay", "&Overlay", "{}_overlay", "The photo under the region colours: for slides", (".png",)),
    (
        "table", "Region &table", "{}_table",
        "Area, outline, place, shape and mean colour of each region, and the mean posteriors of the classes "
        "in it",
        (".csv",),
    ),
    ("report", "&Report", "{}_report", "Settings, number of regions and how long it took", (".json",)),
    ("ome-tiff", "OME-TIFF", "{}_labels", "The region numbers as a channel", (".ome.tif",)),
)  # fmt: skip
"""The formats are those of the classes."""
NOT_OF_REGIONS: dict[ExportKind, str] = {
    "probabilities": "Regions have no probabilities: a pixel is in its region or not.",
    "model": "Regions are of one image and have no model that labels others.",
}
"""Why a kind is not offered."""
