"""WorkspaceBridge: the workspace's changes as a Qt signal."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from gmmseg.editing.editor import Editor


class WorkspaceBridge(QObject):
    """Emits `changed` with what was shown before and what is shown now after every change of a workspace."""

    changed = Signal(object, object)

    def __init__(self, workspace: Editor[Any, Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        workspace.subscribe(self._on_change)

    def _on_change(self, old: Any, new: Any) -> None:
        self.changed.emit(old, new)
