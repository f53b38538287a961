"""Colours, palettes and icons."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication, QCheckBox, QToolButton
from pytestqt.qtbot import QtBot

from ui.theme import (
    DARK,
    ICON_FOLDER,
    LIGHT,
    ThemeColours,
    apply_theme,
    colours,
    icon,
    make_palette,
    style_plot,
    theme,
)

ICONS = sorted(path.stem for path in ICON_FOLDER.glob("*.svg"))
REQUIRED = [
    "open", "samples", "digits", "run", "stop", "step", "undo", "redo", "pane1", "pane2", "pane4",
    "export", "fit", "zoom-in", "zoom-out", "zoom-actual", "eye", "eye-off", "lock", "unlock",
    "merge", "split", "solo", "swap", "overlay", "close", "warning", "error", "info", "copy",
    "paste", "up", "down", "help", "theme", "reset", "folder", "app",
]  # fmt: skip
TEXTS = ["text", "muted", "accent", "error", "warning", "ok"]


def luminance(colour: QColor) -> float:
    """WCAG 2.2's relative luminance."""
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (colour.redF(), colour.greenF(), colour.blueF())
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: QColor, other: QColor) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture(autouse=True)
def _light_again(qapp: QApplication) -> Iterator[None]:
    yield
    apply_theme(qapp, "light")


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast(QColor("white"), QColor("black")) == pytest.approx(21)
    assert contrast(QColor("#767676"), QColor("white")) == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("tint", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["window", "base"])
@pytest.mark.parametrize("kind", TEXTS)
def test_text_can_be_read(tint: ThemeColours, ground: str, kind: str) -> None:
    assert contrast(getattr(tint, kind), getattr(tint, ground)) >= 4.5


def test_empty_check_boxes_stand_out_from_a_dark_window(qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, "dark")
    box = QCheckBox()
    box.ensurePolished()
    qtbot.addWidget(box)
    box.resize(box.sizeHint())
    image = box.grab().toImage()
    ground = qapp.palette().color(QPalette.ColorRole.Window)
    middle = box.height() // 2
    drawn = [image.pixelColor(x, middle) for x in range(box.width())]
    # An outline that is seen, and nothing inside it.
    assert max(contrast(colour, ground) for colour in drawn) >= 3
    assert contrast(drawn[7], ground) < 1.3
    box.setChecked(True)
    ticked = box.grab().toImage()
    seen = [ticked.pixelColor(x, y) for x in range(4, 11) for y in range(middle - 4, middle + 5)]
    assert max(contrast(colour, ground) for colour in seen) >= 3


@pytest.mark.parametrize("tint", [LIGHT, DARK], ids=["light", "dark"])
def test_the_palette_pairs_can_be_read(tint: ThemeColours) -> None:
    role, palette = QPalette.ColorRole, make_palette(tint)
    for front, ground in (
        (role.WindowText, role.Window),
        (role.Text, role.Base),
        (role.Text, role.AlternateBase),
        (role.ButtonText, role.Button),
        (role.HighlightedText, role.Highlight),
        (role.ToolTipText, role.ToolTipBase),
        (role.PlaceholderText, role.Base),
        (role.Link, role.Base),
    ):
        assert contrast(palette.color(front), palette.color(ground)) >= 4.5, (front, ground)


def test_a_scheme_is_applied_where_the_platform_has_none(qapp: QApplication) -> None:
    apply_theme(qapp, "dark")
    assert theme().is_dark
    assert colours() is DARK
    assert qapp.palette().color(QPalette.ColorRole.Window) == DARK.window
    apply_theme(qapp, "light")
    assert colours() is LIGHT
    assert qapp.palette().color(QPalette.ColorRole.Window) == LIGHT.window
    assert qapp.style().objectName().lower() == "fusion"


def test_a_change_of_scheme_is_announced(qapp: QApplication, qtbot: QtBot) -> None:
    with qtbot.waitSignal(theme().changed):
        apply_theme(qapp, "dark")


@pytest.mark.parametrize("name", REQUIRED)
def test_there_is_an_icon(name: str) -> None:
    assert name in ICONS


@pytest.mark.parametrize("name", ICONS)
def test_every_icon_draws_something_within_its_box(qapp: QApplication, name: str) -> None:
    root = ElementTree.parse(ICON_FOLDER / f"{name}.svg").getroot()
    assert root.attrib["viewBox"] == ("0 0 64 64" if name == "app" else "0 0 24 24")
    image = icon(name).pixmap(QSize(24, 24)).toImage()
    opaque = [(x, y) for x in range(24) for y in range(24) if image.pixelColor(x, y).alpha() > 40]
    assert len(opaque) > 20
    if name != "app":
        assert all(0 < x < 23 and 0 < y < 23 for x, y in opaque)


def darkest(button: QToolButton) -> float:
    image = button.grab().toImage()
    return min(
        image.pixelColor(x, y).lightnessF()
        for x in range(4, image.width() - 4)
        for y in range(4, image.height() - 4)
    )


def lightest_of(drawn: QIcon, mode: QIcon.Mode) -> float:
    image = drawn.pixmap(QSize(32, 32), mode).toImage()
    found = [image.pixelColor(x, y) for x in range(32) for y in range(32)]
    return max(colour.lightnessF() for colour in found if colour.alpha() > 200)


def test_icons_follow_the_scheme_without_being_set_again(qapp: QApplication, qtbot: QtBot) -> None:
    apply_theme(qapp, "light")
    button = QToolButton()
    button.setAutoRaise(True)
    qtbot.addWidget(button)
    button.setIcon(icon("stop"))
    button.setIconSize(QSize(32, 32))
    assert darkest(button) < 0.3
    assert lightest_of(button.icon(), QIcon.Mode.Normal) < 0.3
    apply_theme(qapp, "dark")
    assert lightest_of(button.icon(), QIcon.Mode.Normal) > 0.8
    grabbed = button.grab().toImage()
    assert (
        max(grabbed.pixelColor(x, grabbed.height() // 2).lightnessF() for x in range(grabbed.width())) > 0.8
    )


def test_a_disabled_icon_is_fainter(qapp: QApplication) -> None:
    apply_theme(qapp, "light")
    drawn = icon("run")
    assert lightest_of(drawn, QIcon.Mode.Disabled) > lightest_of(drawn, QIcon.Mode.Normal) + 0.2


def test_icons_outlive_many_copies(qapp: QApplication, qtbot: QtBot) -> None:
    for _ in range(200):
        button = QToolButton()
        button.setIcon(QIcon(icon("eye")))
        button.grab()
        button.deleteLater()
    assert not icon("eye").pixmap(QSize(16, 16)).isNull()


def test_an_unknown_icon_is_refused() -> None:
    with pytest.raises(FileNotFoundError, match="nonsense"):
        icon("nonsense")


def test_a_plot_takes_the_colours_of_the_scheme(qapp: QApplication, qtbot: QtBot) -> None:
    import pyqtgraph

    import ui.plots  # noqa: F401

    # As importing our plots sets it.
    assert pyqtgraph.getConfigOption("imageAxisOrder") == "row-major"
    plot = pyqtgraph.PlotWidget()
    qtbot.addWidget(plot)
    plot.getPlotItem().setTitle("Title")
    plot.getPlotItem().setLabel("left", "Log-likelihood", units="nats")
    plot.getPlotItem().addLegend()
    plot.plot([1, 2, 3], name="curve")
    for scheme, tint in (("dark", DARK), ("light", LIGHT)):
        apply_theme(qapp, scheme)  # type: ignore[arg-type]
        style_plot(plot)
        assert plot.backgroundBrush().color() == tint.base
        axis = plot.getPlotItem().getAxis("left")
        assert axis.textPen().color() == tint.text
        assert axis.pen().color() == tint.muted
        assert tint.text.name() in axis.labelString()
        assert "nats" in axis.labelString()
