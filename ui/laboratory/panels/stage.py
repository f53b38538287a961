"""The stage: what the open page shows, whichever it is: pictures, words, buttons, bars and tables."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QSplitter, QTabWidget, QWidget

from gmmseg.editing.editor import Edit
from gmmseg.laboratory.document import Document, act, drag_handle, press, scrub
from gmmseg.laboratory.page import Page
from gmmseg.laboratory.scene import Convergence, Scene, Table
from gmmseg.laboratory.view_state import ViewState
from ui.laboratory.widgets.action_bar import ActionBar
from ui.laboratory.widgets.bars_view import BarsView
from ui.laboratory.widgets.picture_slot import PictureSlot
from ui.theme import SPACING, icon
from ui.widgets.building import in_column, in_row, make_bold, named, text_label
from ui.widgets.formula import FormulaLabel
from ui.widgets.text_table import TextTable
from ui.widgets.throttle import Throttle

_SHARES = (3, 2, 2)
"""Of the width, for the pictures of a page."""
_FIGURES = 168
"""Height of the bars and tables at first, device-independent pixels."""
FRAME_MS = 12
"""Between two drawings at least: 60 and more a second are left to the screen."""
TREE_CUT = "cut"
"""The handle that a tree's line is."""


class StagePanel(QWidget):
    """Draws the scene of the open page, and asks for what is done there."""

    edit_requested = Signal(object)
    """Not while an action runs: it would be about another state, and share the rows' buffers with it."""
    settled = Signal()
    """A drag is over: the next edit is a step of its own."""
    work_requested = Signal(str)
    """The id of an action for the background."""
    theory_requested = Signal(str)
    """The name of a page of the theory."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("laboratory-stage")
        self._shown: ViewState | None = None
        self.is_running = False
        self._throttle = Throttle(self, FRAME_MS)
        self._throttle.due.connect(self._draw)
        self._make_parts()
        self._lay_out()

    def _make_parts(self) -> None:
        self.question = named(QLabel(), "laboratory-question")
        make_bold(self.question)
        self.sentence = text_label("laboratory-sentence")
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignTop)
        # Two lines stand still while numbers change: pictures below would be laid out anew at every wrap.
        self.sentence.setMinimumHeight(2 * self.sentence.fontMetrics().lineSpacing() + 2)
        tip = self.tr("The page of the theory behind this one")
        self.theory = named(QPushButton(icon("info"), self.tr("Theor&y")), "laboratory-theory", tip)
        self.theory.clicked.connect(self._ask_theory)
        for label in (self.question, self.sentence):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.formula = FormulaLabel()
        self.slots = [PictureSlot(number) for number in range(len(_SHARES))]
        for slot in self.slots:
            slot.handle_dragged.connect(self._drag)
            slot.pressed_at.connect(self._press)
            slot.released.connect(self.settled)
            slot.step_chosen.connect(self._choose_step)
            slot.cut_dragged.connect(self._drag_cut)
        self.actions_bar = ActionBar()
        self.actions_bar.action_requested.connect(self._act)
        self.actions_bar.scrubbed.connect(self._scrub)
        self.actions_bar.released.connect(self.settled)
        self.bars = BarsView()
        self.tables = named(QTabWidget(), "laboratory-tables")
        self.tables.setDocumentMode(True)
        self.tables.currentChanged.connect(self._throttle.ask)

    def _lay_out(self) -> None:
        pictures = self.pictures = named(QSplitter(Qt.Orientation.Horizontal), "laboratory-pictures")
        pictures.setChildrenCollapsible(False)
        for at, slot in enumerate(self.slots):
            pictures.addWidget(slot)
            pictures.setStretchFactor(at, _SHARES[at])
            slot.hide()
        figures = QWidget()
        beside = in_row(self.bars, self.tables, of=figures, spacing=SPACING)
        for at, share in enumerate((2, 5)):
            beside.setStretch(at, share)
        figures.setMinimumHeight(12 * SPACING)
        upper = QWidget()
        in_column(pictures, self.actions_bar, of=upper, stretched=pictures)
        halves = named(QSplitter(Qt.Orientation.Vertical), "laboratory-halves")
        halves.setChildrenCollapsible(False)
        halves.addWidget(upper)
        halves.addWidget(figures)
        halves.setStretchFactor(0, 1)
        halves.setStretchFactor(1, 0)
        halves.setSizes([5 * _FIGURES, _FIGURES])
        top = in_row(self.question, self.theory, stretched=self.question, spacing=SPACING)
        margins = (SPACING, SPACING, SPACING, SPACING // 2)
        in_column(top, self.sentence, self.formula, halves, of=self, stretched=halves, margins=margins)

    # Showing

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Draw another state; while a handle is dragged, the newest one as often as the screen shows it."""
        self._shown = new
        self._throttle.ask()

    def show_running(self, is_running: bool) -> None:
        """Disable what cannot be done while an action runs in the background."""
        self.is_running = is_running
        self._throttle.ask()

    @Slot()
    def _draw(self) -> None:
        if self._shown is None:
            return
        page, scene = self._shown.page, self._shown.scene
        self.question.setText(self.tr(page.question))
        is_lesson = self._shown.document.lesson is not None
        self.sentence.setText(scene.sentence)
        for widget in (self.question, self.theory):
            widget.setVisible(not is_lesson)  # the lesson asks its own, and needs the room
        self.formula.setVisible(bool(scene.formula) and not is_lesson)
        if scene.formula:
            self.formula.set_formula(scene.formula)
        n_pictures = len(scene.pictures)
        if sum(not slot.isHidden() for slot in self.slots) != n_pictures:
            for at, slot in enumerate(self.slots):
                slot.setVisible(at < n_pictures)
            self.pictures.setSizes([share * self.pictures.width() for share in _SHARES])
        for slot, picture in zip(self.slots, scene.pictures, strict=False):
            slot.show_picture(picture)
        self.actions_bar.show_page(page, scene.transport, self.is_running)
        self.bars.show_bars(scene.bars)
        self._show_tables(scene.tables)
        for layout in (self.layout(), self.actions_bar.layout()):
            if layout is not None:
                layout.activate()  # at once: Qt would wait for an idle moment, and text be cut until then

    def _show_tables(self, tables: tuple[Table, ...]) -> None:
        wanted = [(table.title, table.headings) for table in tables]
        views = [self.tables.widget(at) for at in range(self.tables.count())]
        known = [
            (self.tables.tabText(at), tuple(view.texts.headings))
            for at, view in enumerate(views)
            if isinstance(view, TextTable)
        ]
        if wanted != known:
            with QSignalBlocker(self.tables):
                self._make_tables(tables)
            for view in views:
                if view is not None:
                    view.deleteLater()
        self.tables.setVisible(bool(tables))
        # One behind another tab is filled when it comes to the front, at the next drawing.
        at = self.tables.currentIndex()
        view = self.tables.currentWidget()
        if isinstance(view, TextTable) and 0 <= at < len(tables):
            view.texts.set_rows(list(tables[at].rows), tables[at].marked)

    def _make_tables(self, tables: tuple[Table, ...]) -> None:
        front = self.tables.currentIndex()
        self.tables.clear()
        for table in tables:
            made = TextTable(f"laboratory-table-{table.title}", table.headings, table.tips)
            made.setAccessibleName(table.title)
            self.tables.addTab(made, table.title)
        self.tables.setCurrentIndex(min(max(front, 0), self.tables.count() - 1))

    def as_png(self) -> bytes:
        """Return the page as it is drawn, a PNG file."""
        data = QByteArray()
        buffer = QBuffer(data)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        self.grab().save(buffer, "PNG")
        return bytes(data.data())

    # Asking

    def _ask(self, edit: Edit[Document]) -> None:
        if not self.is_running:
            self.edit_requested.emit(edit)

    @property
    def page(self) -> Page | None:
        """The open page."""
        return None if self._shown is None else self._shown.page

    @Slot()
    def _ask_theory(self) -> None:
        if self.page is not None:
            self.theory_requested.emit(self.page.theory)

    @Slot(str, float, float)
    def _drag(self, handle: str, x: float, y: float) -> None:
        self._ask(drag_handle(handle, x, y))

    @Slot(float)
    def _drag_cut(self, height: float) -> None:
        self._ask(drag_handle(TREE_CUT, 0.0, height))

    @Slot(float, float)
    def _press(self, x: float, y: float) -> None:
        self._ask(press(x, y))

    @Slot(int)
    def _scrub(self, at: int) -> None:
        self._ask(scrub(at))

    @Slot(int)
    def _choose_step(self, step: int) -> None:
        scene = None if self._shown is None else self._shown.scene
        if scene is not None and scene.transport is not None:
            self._scrub(moment_of(scene, step))

    @Slot(str)
    def _act(self, action_id: str) -> None:
        page = self.page
        if page is None:
            return
        if page.action(action_id).work is not None:
            self.work_requested.emit(action_id)
        else:
            self.edit_requested.emit(act(page, action_id))
            self.settled.emit()


def moment_of(scene: Scene, step: int) -> int:
    """Return the moment at which a step of the scene's convergence was reached."""
    for picture in scene.pictures:
        if isinstance(picture, Convergence):
            return picture.moments[step] if picture.moments else step
    return step
