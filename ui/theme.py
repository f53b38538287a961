"""The look of the program: colour scheme, palette, icons tinted from it, and plots recoloured with it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QByteArray, QObject, QRect, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QToolTip

import assets

if TYPE_CHECKING:
    import pyqtgraph

Scheme = Literal["system", "light", "dark"]

SPACING = 8
"""The rhythm of every layout, device-independent pixels."""

_OUTLINE_FACTOR = 140
"""By which Fusion darkens the colour of a window for outlines, percent."""

ICON_FOLDER = Path(assets.__file__).parent / "icons"


@dataclass(frozen=True, slots=True)
class ThemeColours:
    """The colours that widgets draw with; text kinds reach 4.5:1 on `window` and on `base`."""

    window: QColor
    base: QColor
    text: QColor
    muted: QColor
    accent: QColor
    grid: QColor
    error: QColor
    warning: QColor
    ok: QColor


LIGHT = ThemeColours(
    window=QColor("#F2F4F7"),
    base=QColor("#FFFFFF"),
    text=QColor("#1A1F26"),
    muted=QColor("#535D69"),
    accent=QColor("#0A5FC2"),
    grid=QColor("#CBD2DA"),
    error=QColor("#B3231A"),
    warning=QColor("#855000"),
    ok=QColor("#17702F"),
)
DARK = ThemeColours(
    window=QColor("#1C1F24"),
    base=QColor("#303640"),
    text=QColor("#E7EBF0"),
    muted=QColor("#A5AFBB"),
    accent=QColor("#6FB4FF"),
    grid=QColor("#515C69"),
    error=QColor("#FF938B"),
    warning=QColor("#F2BC62"),
    ok=QColor("#66D486"),
)


class Theme(QObject):
    """Knows the scheme in force and says when it changes."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.scheme: Scheme = "system"
        self.is_dark = False
        self._is_listening = False

    def apply(self, app: QApplication, scheme: Scheme) -> None:
        """Give the application Fusion and the palette of `scheme`; `changed` fires when that is done."""
        self.scheme = scheme
        app.setStyle("Fusion")
        hints = app.styleHints()
        if not self._is_listening:
            hints.colorSchemeChanged.connect(self._follow_system)
            self._is_listening = True
        hints.setColorScheme(
            {
                "system": Qt.ColorScheme.Unknown,
                "light": Qt.ColorScheme.Light,
                "dark": Qt.ColorScheme.Dark,
            }[scheme]
        )
        self._repaint(app, scheme)

    @Slot()
    def _follow_system(self) -> None:
        app = QApplication.instance()
        if self.scheme == "system" and isinstance(app, QApplication):
            self._repaint(app, "system")

    def _repaint(self, app: QApplication, scheme: Scheme) -> None:
        # Platforms without a scheme of their own (offscreen, plain X11) ignore setColorScheme and report
        # Unknown, so the palette is always set explicitly.
        is_system_dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
        self.is_dark = scheme == "dark" or (scheme == "system" and is_system_dark)
        palette = make_palette(DARK if self.is_dark else LIGHT)
        app.setPalette(palette)
        if self.is_dark:
            # PySide takes text here, whatever its stub says, and refuses bytes.
            app.setPalette(box_palette(palette), "QCheckBox")  # type: ignore[arg-type]
        QToolTip.setPalette(palette)
        self.changed.emit()


@cache
def theme() -> Theme:
    """Return the one `Theme` of the program."""
    return Theme()


def apply_theme(app: QApplication, scheme: Scheme) -> None:
    """Give the application the look of `scheme`; ``system`` follows the desktop from then on."""
    theme().apply(app, scheme)


def colours() -> ThemeColours:
    """Return the colours in force."""
    return DARK if theme().is_dark else LIGHT


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """Return the colour `share` of the way from `one` to `other`."""
    return QColor.fromRgbF(
        one.redF() + (other.redF() - one.redF()) * share,
        one.greenF() + (other.greenF() - one.greenF()) * share,
        one.blueF() + (other.blueF() - one.blueF()) * share,
    )


def make_palette(tint: ThemeColours) -> QPalette:
    """Return the palette that Fusion draws with, for all three colour groups."""
    role = QPalette.ColorRole
    palette = QPalette()
    # Fusion outlines everything darker than the window: on a dark one the fillings have to tell shapes apart.
    is_dark = tint.window.lightness() < 128
    button = mixed(tint.base, tint.text, 0.03) if is_dark else mixed(tint.window, tint.base, 0.5)
    faint = mixed(tint.window, tint.text, 0.5 if is_dark else 0.42)
    for key, colour in (
        (role.Window, tint.window),
        (role.WindowText, tint.text),
        (role.Base, tint.base),
        (role.AlternateBase, mixed(tint.base, tint.window, 0.6)),
        (role.Text, tint.text),
        (role.PlaceholderText, tint.muted),
        (role.Button, button),
        (role.ButtonText, tint.text),
        (role.BrightText, tint.error),
        (role.ToolTipBase, tint.base),
        (role.ToolTipText, tint.text),
        (role.Highlight, tint.accent),
        (role.HighlightedText, tint.base),
        (role.Link, tint.accent),
        (role.LinkVisited, tint.accent),
        (role.Accent, tint.accent),
        (role.Light, mixed(button, tint.base, 0.7)),
        (role.Midlight, mixed(button, tint.base, 0.4)),
        (role.Mid, mixed(button, tint.text, 0.18)),
        (role.Dark, mixed(button, tint.text, 0.32)),
        (role.Shadow, QColor("#000000")),
    ):
        palette.setColor(key, colour)
    disabled = QPalette.ColorGroup.Disabled
    for key in (role.WindowText, role.Text, role.ButtonText, role.PlaceholderText, role.HighlightedText):
        palette.setColor(disabled, key, faint)
    palette.setColor(disabled, role.Highlight, tint.grid)
    palette.setColor(disabled, role.Accent, tint.grid)
    palette.setColor(disabled, role.Base, mixed(tint.window, tint.base, 0.35))
    return palette


def box_palette(palette: QPalette) -> QPalette:
    """Return the palette of check boxes on a dark window.

    Fusion outlines the box by a factor darker than the window: told of a light one it draws a line that is
    seen, and an empty box looks empty.
    """
    boxes = QPalette(palette)
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    window, text = palette.color(role.Window), palette.color(role.Text)
    for each, share in ((group.Active, 0.7), (group.Inactive, 0.7), (group.Disabled, 0.3)):
        boxes.setColor(each, role.Window, mixed(window, text, share).lighter(_OUTLINE_FACTOR))
        boxes.setColor(each, role.Base, window)
    return boxes


class _TintedIcon(QIconEngine):
    """Draws an SVG in the text colour of the palette at the moment of drawing."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def clone(self) -> QIconEngine:
        return _TintedIcon(self._name)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        palette = QGuiApplication.palette()
        group, role = QPalette.ColorGroup.Active, QPalette.ColorRole.ButtonText
        if mode == QIcon.Mode.Disabled:
            group = QPalette.ColorGroup.Disabled
        elif mode == QIcon.Mode.Selected:
            role = QPalette.ColorRole.HighlightedText
        tint = palette.color(group, role)
        _renderer(self._name, tint.name()).render(painter, QRectF(rect))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap


@cache
def _renderer(name: str, tint: str) -> QSvgRenderer:
    source = (ICON_FOLDER / f"{name}.svg").read_text(encoding="utf-8")
    return QSvgRenderer(QByteArray(source.replace("currentColor", tint).encode()))


@cache
def icon(name: str) -> QIcon:
    """Return the icon ``assets/icons/<name>.svg``, drawn in the palette's text colour whatever that becomes.

    Raises
    ------
    FileNotFoundError
        If there is no such icon.
    """
    if not (ICON_FOLDER / f"{name}.svg").is_file():
        raise FileNotFoundError(f"no icon is called “{name}”")
    return QIcon(_TintedIcon(name))


def style_plot(plot_widget: pyqtgraph.PlotWidget) -> None:
    """Give a plot the colours in force: background, axes, their texts, grid and legend."""
    tint = colours()
    plot_widget.setBackground(tint.base)
    item = plot_widget.getPlotItem()
    for name in ("left", "bottom", "right", "top"):
        axis = item.getAxis(name)
        axis.setPen(tint.muted)
        axis.setTextPen(tint.text)
        axis.labelStyle["color"] = tint.text.name()
        if axis.labelText:
            axis.setLabel(axis.labelText, units=axis.labelUnits or None, **axis.labelStyle)
    item.titleLabel.setAttr("color", tint.text.name())
    if item.titleLabel.isVisible():
        item.titleLabel.setText(item.titleLabel.text)
    if item.legend is not None:
        item.legend.setLabelTextColor(tint.text)
        item.legend.setBrush(QColor(tint.base.red(), tint.base.green(), tint.base.blue(), 220))
