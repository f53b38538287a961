"""WorkspaceBridge: the workspace's changes as a Qt signal."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from gmmseg.workspace import Shown, Workspace


class WorkspaceBridge(QObject):
    """Emits `changed` with the old and the new `Shown` after every change of the workspace."""

    changed = Signal(object, object)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        workspace.subscribe(self._on_change)

    def _on_change(self, old: Shown, new: Shown) -> None:
        self.changed.emit(old, new)
