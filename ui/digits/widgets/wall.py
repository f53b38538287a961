"""A wall of digits in sections: thousands of them scroll smoothly, since only those in view are drawn."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QPoint, QRect, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractScrollArea, QFrame, QToolTip

from ui.digits.widgets.name_editor import NameEditor
from ui.digits.widgets.sheets import Sheets
from ui.digits.widgets.wall_layout import GAP, HEADING, MARGIN, Measures, WallLayout, WallSection
from ui.digits.widgets.wall_painter import SWATCH, WallPainter, caption_font
from ui.theme import colours, theme

_NAME_WIDTH = 220
_CAPTION_LINES = 2


@dataclass(frozen=True, slots=True)
class Spot:
    """A digit on the wall: its section's number and its own within that section."""

    section: int
    number: int


class Wall(QAbstractScrollArea):
    """Shows sections of digits; one digit is the current one, by click or by the arrow keys."""

    digit_hovered = Signal(object)
    """Index of the digit under the pointer in its data, or None; samples have none."""
    digit_chosen = Signal(object)
    """Index of the digit that became the current one."""
    renamed = Signal(int, str)
    """(key of the section, what the user called it)"""

    def __init__(self, name: str, accessible_name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(accessible_name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.viewport().setMouseTracking(True)
        self.setMinimumSize(160, 120)
        self._sections: tuple[WallSection, ...] = ()
        self._unfolded: set[int] = set()
        self._side = 36
        self._sheets = Sheets()
        self._layout = WallLayout((), set(), self._measures(), 1)
        self._current: Spot | None = None
        self._hovered: int | None = None
        self._editor: NameEditor | None = None
        self._edited = 0
        theme().changed.connect(self._recolour)
        self._recolour()

    # What is shown

    @property
    def sections(self) -> tuple[WallSection, ...]:
        """The sections on display."""
        return self._sections

    @property
    def current(self) -> Spot | None:
        """The current digit."""
        return self._current

    def show_sections(self, sections: tuple[WallSection, ...]) -> None:
        """Show other sections; the place in the wall stays where that is possible."""
        self._end_renaming()
        spot = self._current
        if spot is not None and (
            spot.section >= len(sections) or spot.number >= len(sections[spot.section].rows)
        ):
            self._current = None
        self._sections = sections
        self._sheets.clear()
        self._hovered = None
        self._arrange()

    def set_side(self, side: int) -> None:
        """Show digits so large, device-independent pixels."""
        if side != self._side:
            self._side = side
            self._sheets.clear()
            self._arrange()

    def set_smooth(self, is_smooth: bool) -> None:
        """Interpolate enlarged digits, or show their pixels as squares."""
        self._sheets.is_smooth = is_smooth
        self._sheets.clear()
        self.viewport().update()

    def set_full(self, level: int) -> None:
        """Show that level, 0..255, as full ink."""
        self._sheets.full = level
        self._sheets.clear()
        self.viewport().update()

    def unfold(self, key: int, is_unfolded: bool) -> None:
        """Show all digits of a section, or only its first lines."""
        (self._unfolded.add if is_unfolded else self._unfolded.discard)(key)
        self._arrange()

    def is_unfolded(self, key: int) -> bool:
        """Whether all digits of a section are shown."""
        return key in self._unfolded

    def go_to_section(self, at: int) -> None:
        """Scroll to a section."""
        if 0 <= at < len(self._layout.placed):
            self.verticalScrollBar().setValue(self._layout.placed[at].top)

    def rect_of(self, spot: Spot) -> QRect:
        """Return where a digit is in the viewport."""
        return self._layout.rect_of(spot.section, spot.number).translated(0, -self._offset)

    def heading_rect(self, at: int) -> QRect:
        """Return where a section's heading is in the viewport; it stays at the top while its digits pass."""
        return self._layout.heading_of(at, self._offset, self.viewport().width())

    @property
    def _offset(self) -> int:
        return self.verticalScrollBar().value()

    def _measures(self) -> Measures:
        has_captions = any(section.caption_of is not None for section in self._sections)
        caption = _CAPTION_LINES * QFontMetrics(caption_font(self.font())).height() if has_captions else 0
        side = self._side
        pitch = side + GAP
        if caption:
            widths = (QFontMetrics(caption_font(self.font())).horizontalAdvance("00 → 00 0.99"), side)
            pitch = max(widths) + 2 * GAP
        return Measures(side, pitch, side + GAP + caption)

    def _arrange(self) -> None:
        width = self.viewport().width()
        self._layout = WallLayout(self._sections, self._unfolded, self._measures(), width)
        bar = self.verticalScrollBar()
        bar.setPageStep(self.viewport().height())
        bar.setSingleStep(max(self._layout.measures.line // 2, 8))
        bar.setRange(0, max(self._layout.height - self.viewport().height(), 0))
        self.viewport().update()

    # Drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        draw = WallPainter(self, self._sections, self._layout, self._unfolded, self._sheets)
        painter.fillRect(event.rect(), colours().base)
        top, bottom = self._offset + event.rect().top(), self._offset + event.rect().bottom()
        painter.translate(0, -self._offset)
        for at in self._layout.sections_between(top, bottom):
            draw.portraits(painter, at)
            for line in self._layout.lines_between(at, top, bottom):
                draw.line(painter, at, line)
        if self._current is not None:
            rect = self._layout.rect_of(self._current.section, self._current.number)
            painter.setPen(QPen(colours().accent, 2))
            painter.drawRect(rect.adjusted(-2, -2, 1, 1))
        painter.translate(0, self._offset)
        for at in self._layout.sections_between(top, bottom):
            draw.heading(painter, at)

    def _portrait_rects(self, at: int) -> list[QRect]:
        n_portraits = len(self._sections[at].portraits)
        return [self._layout.portrait_of(at, number) for number in range(n_portraits)]

    @Slot()
    def _recolour(self) -> None:
        self._sheets.clear()
        self.viewport().update()

    # Pointer and keys

    def spot_at(self, at: QPoint) -> Spot | None:
        """Return the digit at a point of the viewport."""
        y = at.y() + self._offset
        section = self._layout.section_at(y)
        if section is None or self.heading_rect(section).contains(at):
            return None
        number = self._layout.digit_at(at.x(), y, len(self._sections[section].rows))
        return None if number is None else Spot(section, number)

    def index_of(self, spot: Spot | None) -> int | None:
        """Return the index of a digit in its data; None for samples."""
        if spot is None or self._sections[spot.section].is_sample:
            return None
        return int(self._sections[spot.section].rows[spot.number])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self.index_of(self.spot_at(event.position().toPoint())))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)

    def _hover(self, index: int | None) -> None:
        if index != self._hovered:
            self._hovered = index
            self.digit_hovered.emit(index)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        at = event.position().toPoint()
        spot = self.spot_at(at)
        if spot is not None:
            self._choose(spot)
            return
        section = self._heading_at(at)
        if section is not None:
            self._fold_or_rename(section, at)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        section = self._heading_at(event.position().toPoint())
        if section is not None and self._sections[section].can_rename:
            self.rename(section)

    def _heading_at(self, at: QPoint) -> int | None:
        section = self._layout.section_at(at.y() + self._offset)
        return section if section is not None and self.heading_rect(section).contains(at) else None

    def _fold_or_rename(self, section: int, at: QPoint) -> None:
        """A click on the name edits it, elsewhere on the heading unfolds the section."""
        if self._sections[section].can_rename and self._title_rect(section).contains(at):
            self.rename(section)
        elif self._layout.placed[section].can_unfold:
            key = self._sections[section].key
            self.unfold(key, not self.is_unfolded(key))

    def _title_rect(self, section: int) -> QRect:
        shown = self._sections[section]
        left = MARGIN + 12 + GAP + (SWATCH + 2 * GAP if shown.colour is not None else 0)
        bold = QFont(self.font())
        bold.setBold(True)
        width = QFontMetrics(bold).horizontalAdvance(shown.title) + GAP
        rect = self.heading_rect(section)
        return QRect(left, rect.top(), min(width, max(rect.width() - left - MARGIN, 1)), HEADING)

    def _choose(self, spot: Spot) -> None:
        self._current = spot
        self.viewport().update()
        self.digit_chosen.emit(self.index_of(spot))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_F2:
            self.rename(0 if self._current is None else self._current.section)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._sections:
            shown = self._sections[0 if self._current is None else self._current.section]
            self.unfold(shown.key, not self.is_unfolded(shown.key))
        elif key in _STEPS and self._sections:
            self._step(*_STEPS[key])
        elif key == Qt.Key.Key_Home:
            self.verticalScrollBar().setValue(0)
        elif key == Qt.Key.Key_End:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        else:
            super().keyPressEvent(event)

    def _step(self, across: int, down: int) -> None:
        """Move the current digit; up and down lead from section to section."""
        spot = self._current
        if spot is None:
            held = [at for at, section in enumerate(self._sections) if len(section.rows)]
            if not held:
                return
            spot = Spot(held[0], 0)
        else:
            spot = self._stepped(spot, across, down)
        self._choose(spot)
        rect = self._layout.rect_of(spot.section, spot.number)
        top = rect.top() - HEADING
        bar = self.verticalScrollBar()
        if top < bar.value():
            bar.setValue(top)
        elif rect.bottom() > bar.value() + self.viewport().height():
            bar.setValue(rect.bottom() + GAP - self.viewport().height())

    def _stepped(self, spot: Spot, across: int, down: int) -> Spot:
        place = self._layout.placed[spot.section]
        shown = min(len(self._sections[spot.section].rows), place.n_lines * place.n_columns)
        number = spot.number + across + down * place.n_columns
        if 0 <= number < shown:
            return Spot(spot.section, number)
        if not down:
            return spot
        column = spot.number % place.n_columns
        at = spot.section + down
        while 0 <= at < len(self._sections):
            held = min(
                len(self._sections[at].rows),
                self._layout.placed[at].n_lines * self._layout.placed[at].n_columns,
            )
            if held:
                line = 0 if down > 0 else (held - 1) // self._layout.placed[at].n_columns
                return Spot(at, min(line * self._layout.placed[at].n_columns + column, held - 1))
            at += down
        return spot

    # Names

    def rename(self, at: int) -> None:
        """Let the user edit the name of a section."""
        if at >= len(self._sections) or not self._sections[at].can_rename:
            return
        self._end_renaming()
        rect = self.heading_rect(at)
        if not self.viewport().rect().contains(rect):
            self.go_to_section(at)
            rect = self.heading_rect(at)
        left = self._title_rect(at).left() - GAP
        place = QRect(left, rect.top(), min(_NAME_WIDTH, rect.width() - left - MARGIN), HEADING)
        self._edited = self._sections[at].key
        self._editor = NameEditor(self._sections[at].title, place, self.viewport())
        self._editor.taken.connect(self._take_name)
        self._editor.given_up.connect(self._end_renaming)

    @Slot(str)
    def _take_name(self, name: str) -> None:
        self._end_renaming()
        self.renamed.emit(self._edited, name)

    @Slot()
    def _end_renaming(self) -> None:
        editor, self._editor = self._editor, None
        if editor is None:
            return
        had_focus = editor.hasFocus()
        editor.give_up()
        editor.hide()
        editor.deleteLater()
        if had_focus:
            self.setFocus()

    # The rest

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            QToolTip.showText(event.globalPos(), self._tip_at(event.pos()), self.viewport())
            return True
        return super().viewportEvent(event)

    def _tip_at(self, at: QPoint) -> str:
        section = self._layout.section_at(at.y() + self._offset)
        if section is None:
            return ""
        for name, rect in zip(
            self._sections[section].portrait_names, self._portrait_rects(section), strict=False
        ):
            if rect.translated(0, -self._offset).contains(at):
                return name
        if self.heading_rect(section).contains(at):
            if self._sections[section].can_rename and self._title_rect(section).contains(at):
                return self.tr("Click or press F2 to name the cluster")
            if self._layout.placed[section].can_unfold:
                return self.tr("Click or press Enter to show all digits, or few again")
        return ""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._end_renaming()
        self._arrange()

    def sizeHint(self) -> QSize:
        return QSize(640, 480)


_STEPS: dict[Qt.Key, tuple[int, int]] = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
}
