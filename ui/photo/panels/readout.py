"""ReadoutBar: what is under the cursor, and what the picture and its fit are, in the status bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QLocale, QTimer, Slot
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from gmmseg.display import Display, automatic_display
from gmmseg.features.colour import srgb_to_lab
from gmmseg.photo.classes import class_id
from gmmseg.photo.segmentation import posterior_at
from gmmseg.physical import area_text, pixel_area
from ui.photo.widgets.posterior_bars import MAX_BARS, Bar, PosteriorBars
from ui.theme import SPACING, colours, theme
from ui.widgets.building import in_row, named, write_in

if TYPE_CHECKING:
    from gmmseg.image import Image
    from gmmseg.photo.view_state import ViewState

Pixel = tuple[int, int]
_PAUSE_MS = 33
"""Not more often than 30 times a second: faster than that nobody reads."""
_LEAST_SHARE = 0.005


class ReadoutBar(QWidget):
    """Left: coordinates, values and largest posteriors of a pixel. Right: what is on screen, and its fit."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("readout")
        self._shown: ViewState | None = None
        self._pixel: Pixel | None = None
        self._zoom: float | None = None
        self.values = named(QLabel(), "readoutValues")
        self.bars = PosteriorBars()
        self.bars.setToolTip(
            self.tr("How probable each class is at this pixel: γ(z_nk), summed over its components")
        )
        self.facts = named(QLabel(), "readoutFacts")
        tip = self.tr("The maps on screen are not those of a finished fit with the present settings")
        self.currency = named(QLabel(), "readoutCurrency", tip)
        self.currency.hide()
        for label in (self.values, self.facts):
            label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
            # A long text must not widen the window.
            label.setMinimumWidth(1)
        parts, margins = (self.values, self.bars, self.currency, self.facts), (SPACING, 0, SPACING, 0)
        in_row(*parts, of=self, stretched=self.bars, spacing=2 * SPACING, margins=margins)
        self._pause = QTimer(self, singleShot=True, interval=_PAUSE_MS)
        self._pause.timeout.connect(self._draw_pixel)
        theme().changed.connect(self._tint)
        self._tint()

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Show the facts of the picture, and the pixel's posteriors under the newest maps."""
        self._shown = new
        if new.document is not old.document or not self.facts.text():
            self._draw_facts()
        self.currency.setText(self._currency_of(new))
        self.currency.setVisible(bool(self.currency.text()))
        if new.differs_from(old, "segmentation", "classes", "regions"):
            self._draw_soon()

    @Slot(object)
    def show_pixel(self, pixel: Pixel | None) -> None:
        """Show pixel (y, x), or nothing."""
        self._pixel = pixel
        self._draw_soon()

    @Slot(object)
    def show_zoom(self, zoom: float) -> None:
        """Show how many device pixels an image pixel takes: 1.0 is 100 %."""
        self._zoom = zoom
        self._draw_facts()

    def _currency_of(self, shown: ViewState) -> str:
        if shown.segmentation is None:
            return ""
        if shown.is_preview and shown.caption:
            return shown.caption
        return self.tr("stale") if shown.is_preview or shown.document.is_stale else ""

    def _draw_soon(self) -> None:
        if not self._pause.isActive():
            self._pause.start()

    @Slot()
    def _draw_pixel(self) -> None:
        image = self._shown.document.image if self._shown is not None else None
        pixel = self._pixel
        if image is None or pixel is None or not (pixel[0] < image.height and pixel[1] < image.width):
            self.values.clear()
            self.bars.show_bars(())
            return
        self.values.setText("  ·  ".join([values_text(image, pixel), *self._region(image, pixel)]))
        self.bars.show_bars(self._posteriors(pixel))

    def _region(self, image: Image, pixel: Pixel) -> list[str]:
        """Return number and area of the region at a pixel, where regions have been made."""
        outcome = self._shown.regions if self._shown is not None else None
        if outcome is None or outcome.image is not image or not outcome.regions.labels[pixel]:
            return []
        region = int(outcome.regions.labels[pixel])
        area, size = outcome.area_of(region), self._shown.document.pixel_size if self._shown else None
        said = self.tr("region {0}: {1} px").format(class_id(region - 1), QLocale().toString(area))
        return [said if size is None else f"{said}, {area_text(area * pixel_area(size))}"]

    def _posteriors(self, pixel: Pixel) -> tuple[Bar, ...]:
        shown = self._shown
        if shown is None or shown.segmentation is None or shown.table is None:
            return ()
        if shown.segmentation.labels.shape != shown.table.pixels.shape:
            return ()
        posterior = posterior_at(shown.segmentation, shown.table, *pixel)
        if posterior is None:
            return ()
        bars = [
            Bar(f"{entry.id} {entry.name}", entry.colour, float(posterior[list(entry.components)].sum()))
            for entry in shown.classes
        ]
        bars.sort(key=lambda bar: -bar.share)
        return tuple(bar for bar in bars[:MAX_BARS] if bar.share >= _LEAST_SHARE)

    def _draw_facts(self) -> None:
        image = self._shown.document.image if self._shown is not None else None
        if self._shown is None or image is None:
            self.facts.clear()
            return
        height, width = (image.height, image.width) if image.levels is None else image.levels.shape
        said = [f"{width} × {height}", image.depth_text]
        if image.pixels.dtype != np.uint8 or self._shown.document.display is not None:
            said.append(range_text(self._shown.document.display or automatic_display(image)))
        if self._zoom:
            said.append(f"{100 * self._zoom:.0f} %")
        fit = self._shown.document.fit
        if fit is not None:
            said.append(self.tr("%n iteration(s)", "", fit.result.n_iter).replace("(s)", "s"))
            said.append(f"{sum(fit.seconds.values()):.2f} s")
        self.facts.setText("  ·  ".join(said))

    @Slot()
    def _tint(self) -> None:
        write_in(colours().warning, self.currency)


def range_text(display: Display) -> str:
    """Return which values are shown as black and white: ``shown 412 to 2893``."""
    ranges = list(dict.fromkeys((one.low, one.high) for one in display.channels))
    if len(ranges) > 1:
        return QCoreApplication.translate("ReadoutBar", "shown by channel")
    text = QCoreApplication.translate("ReadoutBar", "shown {0} to {1}")
    return text.format(*(f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}" for value in ranges[0]))


def values_text(image: Image, pixel: Pixel) -> str:
    """Return coordinates and stored values of pixel (y, x); of integer colours their CIELAB values too."""
    y, x = pixel
    step = image.step_of_levels
    said = [f"x {x * step}  y {y * step}"]
    if step > 1:
        said.append(QCoreApplication.translate("ReadoutBar", "mean of {0} × {0} pixels").format(step))
    if image.mask is not None and not image.mask[y, x]:
        return "  ·  ".join([*said, "no data"])
    values = image.pixels[y, x]
    name = "RGB" if image.is_rgb else " ".join(image.channels[:4]).capitalize()
    numbers = " ".join(f"{value:.4g}" if value.dtype.kind == "f" else str(value) for value in values[:4])
    said.append(f"{name} {numbers}")
    if image.is_rgb and image.pixels.dtype in (np.uint8, np.uint16):
        lab = srgb_to_lab(values.astype(np.float64)[:, None] / image.white)[:, 0]
        said.append("Lab " + " ".join(f"{value:.0f}" for value in lab))
    return "  ·  ".join(said)
