"""What can be read on the screen: the texts of widgets that are to be seen."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pyqtgraph as pg
from PySide6.QtCore import QCoreApplication, QEvent, QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QLabel,
    QListView,
    QMenu,
    QMenuBar,
    QTabBar,
    QTextEdit,
    QWidget,
)

from ui.laboratory.widgets.bars_view import BarsView
from ui.photo.widgets.posterior_bars import PosteriorBars
from ui.plots.curve_legend import CurveLegend

LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
LONG = 6
"""Characters from which words may also stand within others."""
_TAG = re.compile(r"<[^>]+>")


def plain(text: str) -> str:
    """Return a text as it is drawn: without mnemonics and markup, spaces as usual ones."""
    return " ".join(_TAG.sub(" ", text).replace("&nbsp;", " ").replace("&", "").split())


def turned(root: QWidget) -> Iterator[str]:
    """Yield the texts that can be seen in a widget; its tabs are clicked one after the other."""
    for bar in root.findChildren(QTabBar):
        if bar.isVisible():
            for at in range(bar.count()):
                QTest.mouseClick(bar, LEFT, NO_KEYS, bar.tabRect(at).center())
                yield bar.tabText(at)
                yield from texts_of(root)
    yield from texts_of(root)


def texts_of(root: QWidget) -> Iterator[str]:
    """Yield the texts that can be seen in a widget and its children; lists count with all entries."""
    # Buttons of a page before are still there until Qt deletes them.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    for widget in (root, *root.findChildren(QWidget)):
        if widget.isVisible():
            yield from _own_texts(widget)


def _own_texts(widget: QWidget) -> Iterator[str]:
    if isinstance(widget, QLabel | QAbstractButton):
        yield plain(widget.text())
    elif isinstance(widget, QComboBox):
        yield from (widget.itemText(row) for row in range(widget.count()))
    elif isinstance(widget, QAbstractItemView):
        yield from _cells(widget)
    elif isinstance(widget, QTextEdit):
        yield from widget.toPlainText().splitlines()
    elif isinstance(widget, BarsView):
        yield from (text for bar in widget.bars for text in (bar.label, bar.group))
    elif isinstance(widget, PosteriorBars):
        yield from (bar.text for bar in widget.bars)
    elif isinstance(widget, CurveLegend):
        yield from widget.names
    elif isinstance(widget, pg.PlotWidget):
        yield from _plot_texts(widget.getPlotItem())


def _cells(view: QAbstractItemView) -> Iterator[str]:
    model = view.model()
    if model is None:
        return
    # A model of a list keeps its number of columns to itself.
    n_columns = 1 if isinstance(view, QListView) else model.columnCount(QModelIndex())
    for column in range(n_columns):
        yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        for row in range(model.rowCount(QModelIndex())):
            index = model.index(row, column)
            yield str(index.data() or "")
            yield from str(index.data(Qt.ItemDataRole.ToolTipRole) or "").splitlines()


def _plot_texts(item: pg.PlotItem) -> Iterator[str]:
    if item.titleLabel.isVisible():
        yield item.titleLabel.text
    for side in ("left", "bottom", "right"):
        axis = item.getAxis(side)
        if axis.isVisible() and axis.label.isVisible():
            yield plain(axis.labelText)


def is_seen(words: str, texts: set[str]) -> bool:
    """Whether words are one of some texts, or, where they are long enough, stand within one."""
    return words in texts or (len(words) >= LONG and any(words in text for text in texts))


def choose_from_menu(bar: QMenuBar, *path: str) -> None:
    """Open menu after menu by the mouse, and click what the last title names."""
    (entry,) = (one for one in bar.actions() if plain(one.text()) == path[0])
    QTest.mouseClick(bar, LEFT, NO_KEYS, bar.actionGeometry(entry).center())
    for title in path[1:]:
        menu = entry.menu()
        assert isinstance(menu, QMenu)
        # A menu within a menu opens after a moment.
        for _ in range(200):
            if menu.isVisible():
                break
            QTest.qWait(10)
        assert menu.isVisible()
        (entry,) = (one for one in menu.actions() if title in plain(one.text()))
        assert entry.isEnabled()
        QTest.mouseClick(menu, LEFT, NO_KEYS, menu.actionGeometry(entry).center())


def click_tab(root: QWidget, title: str) -> None:
    """Click the tab with a title, of docks or of pages."""
    for bar in root.findChildren(QTabBar):
        titles = [plain(bar.tabText(at)) for at in range(bar.count())]
        if bar.isVisible() and title in titles:
            QTest.mouseClick(bar, LEFT, NO_KEYS, bar.tabRect(titles.index(title)).center())
            return
    raise AssertionError(f"no tab {title!r} is to be seen")


def choose_in_list(box: QComboBox, title: str) -> None:
    """Choose an entry of a list by keys: the first, then down to it."""
    titles = [box.itemText(row) for row in range(box.count())]
    assert title in titles, titles
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(titles.index(title)):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText() == title


def click_button(root: QWidget, title: str) -> None:
    """Click the button that can be seen with a title."""
    shown = [one for one in root.findChildren(QAbstractButton) if one.isVisible()]
    (button,) = (one for one in shown if plain(one.text()) == title)
    assert button.isEnabled()
    QTest.mouseClick(button, LEFT, NO_KEYS, button.rect().center())
