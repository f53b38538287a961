"""Dock: a dock whose panel is made when it is first shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QWidget


class Dock(QDockWidget):
    """Holds a panel, which a window that never shows the dock does not wait for.

    Parameters
    ----------
    name, title : str
    panel : QWidget or callable
        Or what makes it.
    parent : QWidget
    on_front : callable, optional
        Called with whether the panel can be seen whenever that changes.
    """

    def __init__(
        self,
        name: str,
        title: str,
        panel: QWidget | Callable[[], QWidget],
        parent: QWidget,
        on_front: Callable[[bool], None] | None = None,
    ) -> None:
        super().__init__(title, parent)
        self.setObjectName(name)
        self._panel = panel
        self._on_front = on_front
        if isinstance(panel, QWidget):
            self._put_in(panel)

    def make(self) -> QWidget:
        """Return the panel, which is made unless it is there."""
        panel = self.widget()
        if panel is None:
            panel = self._panel if isinstance(self._panel, QWidget) else self._panel()
            stops = _focus_chain(panel)
            self._put_in(panel)
            # Qt puts what comes into a window later at the end of the order in which Tab goes, and lets
            # nothing follow what is no stop itself.
            self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            for before, after in zip([self, *stops], stops, strict=False):
                QWidget.setTabOrder(before, after)
            self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return panel

    def _put_in(self, panel: QWidget) -> None:
        self.setWidget(panel)
        if self._on_front is not None:
            self.visibilityChanged.connect(self._on_front)

    def setVisible(self, visible: bool) -> None:
        if visible:
            self.make()
        super().setVisible(visible)


def _focus_chain(panel: QWidget) -> list[QWidget]:
    """Return the widgets of a panel where Tab stops, in their order."""
    chain, found = panel.nextInFocusChain(), []
    while chain is not None and chain is not panel:
        if panel.isAncestorOf(chain) and chain.focusPolicy() & Qt.FocusPolicy.TabFocus:
            found.append(chain)
        chain = chain.nextInFocusChain()
    return found
