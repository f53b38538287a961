"""GarbageCollector: cyclic garbage of Python is collected by the event loop, at no other moment."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

INTERVAL_MS = 500


class GarbageCollector(QObject):
    """Collects in the place of Python, from its making until `close`, in the thread it was made in.

    Python collects wherever objects are made, and with a circle of them destroys the widgets in it. In a
    worker's thread that is undefined; within a call of Qt that holds a mutex, the destructor of an object
    may wait for the same one for ever.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_enabled = gc.isenabled()
        gc.disable()
        self._timer = QTimer(self, interval=INTERVAL_MS)
        self._timer.timeout.connect(self._collect)

    def start(self) -> None:
        """Begin to collect; what is there by now is taken to stay and is not looked through again."""
        gc.freeze()
        self._timer.start()

    def close(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.unfreeze()
        if self._was_enabled:
            gc.enable()

    @Slot()
    def _collect(self) -> None:
        # The oldest generation whose turn it is, as Python does it.
        due = [n > limit for n, limit in zip(gc.get_count(), gc.get_threshold(), strict=True)]
        if any(due):
            gc.collect(max(at for at, is_due in enumerate(due) if is_due))
