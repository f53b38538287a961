"""HistoryList: the steps of a document's history, each with its time, to jump to any of them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QDate,
    QDateTime,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QFont, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gmmseg.editing.history import Entry, History
from ui.theme import SPACING
from ui.widgets.building import in_column, named, text_label

_TIME_ROLE, _UNDONE_ROLE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1
_Index = QModelIndex | QPersistentModelIndex


class _Steps(QAbstractListModel):
    """The entries of a history as rows."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry[Any], ...] = ()
        self.at = -1

    def show_history(self, history: History[Any]) -> None:
        """Take other entries."""
        self.beginResetModel()
        self._entries, self.at = history.entries, len(history.past)
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        return len(self._entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title or self.tr("Opened")
        if role == _TIME_ROLE:
            return _time_text(entry.time)
        if role == _UNDONE_ROLE:
            return index.row() > self.at
        if role == Qt.ItemDataRole.FontRole and index.row() == self.at:
            font = QFont()
            font.setBold(True)
            return font
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return " ".join(filter(None, (entry.title or self.tr("Opened"), _time_text(entry.time))))
        return None


def _time_text(seconds: float) -> str:
    """Return a time of day, of another day with the date; nothing where it is not known."""
    if seconds <= 0:
        return ""
    when = QDateTime.fromSecsSinceEpoch(int(seconds))
    if when.date() == QDate.currentDate():
        return when.time().toString("HH:mm:ss")
    return QLocale().toString(when, QLocale.FormatType.ShortFormat)


class _StepDelegate(QStyledItemDelegate):
    """Draws a step's title on the left and its time, smaller, on the right; undone steps are faint."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        text_role = QPalette.ColorRole.Text
        if index.data(_UNDONE_ROLE):
            palette = QPalette(option.palette)
            faint = palette.color(QPalette.ColorGroup.Disabled, text_role)
            palette.setColor(QPalette.ColorGroup.All, text_role, faint)
            option.palette = palette
        time, whole = index.data(_TIME_ROLE), QRect(option.rect)
        width = option.fontMetrics.horizontalAdvance(time) + 2 * SPACING if time else 0
        option.rect = whole.adjusted(0, 0, -width, 0)
        super().paint(painter, option, index)
        if time:
            is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
            painter.save()
            beside = QRect(whole.right() - width, whole.top(), width, whole.height())
            if is_chosen:
                painter.fillRect(beside, option.palette.highlight())
            role = QPalette.ColorRole.HighlightedText if is_chosen else QPalette.ColorRole.PlaceholderText
            painter.setPen(option.palette.color(role))
            painter.drawText(
                beside.adjusted(SPACING // 2, 0, -SPACING // 2, 0),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                time,
            )
            painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        # No wider than the list: titles are cut, times are not.
        return QSize(0, max(super().sizeHint(option, index).height(), option.fontMetrics.height() + SPACING))


class HistoryList(QWidget):
    """The list; a click, or Return, asks for the step there."""

    step_requested = Signal(int)
    """Its place among the history's entries."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("historyPanel")
        self._history: History[Any] | None = None
        self._steps = _Steps(self)
        self.view = named(QListView(self), "history.list", spoken=self.tr("History"))
        self.view.setModel(self._steps)
        self.view.setItemDelegate(_StepDelegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.view.clicked.connect(self._request)
        self.view.activated.connect(self._request)
        self.forgotten = text_label("history.forgotten")
        self.forgotten.setContentsMargins(SPACING // 2, SPACING // 2, SPACING // 2, SPACING // 2)
        self.forgotten.hide()
        in_column(self.forgotten, self.view, of=self, spacing=0)

    @property
    def titles(self) -> list[str]:
        """Texts of the rows."""
        return [self._steps.index(row).data() for row in range(self._steps.rowCount())]

    def show_history(self, history: History[Any]) -> None:
        """Show a history, its present step chosen."""
        if history is self._history:
            return
        self._history = history
        self._steps.show_history(history)
        n_forgotten = history.n_forgotten
        only = self.tr("One earlier step is not kept.")
        several = self.tr("{0} earlier steps are not kept.").format(QLocale().toString(n_forgotten))
        self.forgotten.setText(only if n_forgotten == 1 else several)
        self.forgotten.setVisible(n_forgotten > 0)
        present = self._steps.index(self._steps.at)
        self.view.setCurrentIndex(present)
        self.view.scrollTo(present)

    @Slot(QModelIndex)
    def _request(self, index: QModelIndex) -> None:
        if index.row() != self._steps.at:
            self.step_requested.emit(index.row())
