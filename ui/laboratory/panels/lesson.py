"""The lesson that is being taken: what to predict, and what came of it."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QSizePolicy

from gmmseg.laboratory.document import end_lesson, next_step
from gmmseg.laboratory.lesson import Progress
from gmmseg.laboratory.view_state import ViewState
from ui.theme import SPACING, colours, theme
from ui.widgets.building import in_column, in_row, make_bold, named, text_label, write_in


class LessonPanel(QFrame):
    """Asks for a prediction, then says whether it was right and why; hidden without a lesson."""

    edit_requested = Signal(object)
    settled = Signal()
    answered = Signal(int)
    """The number of the answer chosen."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("laboratory-lesson")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._progress: Progress | None = None
        self.heading = QLabel()
        self.text, self.question, self.outcome = (
            text_label(f"laboratory-lesson-{name}") for name in ("text", "question", "outcome")
        )
        make_bold(self.heading)
        make_bold(self.question)
        for label in (self.text, self.question, self.outcome):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.buttons: list[QPushButton] = []
        self.next_button = named(QPushButton(), "laboratory-lesson-next")
        self.end_button = named(QPushButton(self.tr("E&nd the lesson")), "laboratory-lesson-end")
        self.next_button.clicked.connect(self._go_on)
        self.end_button.clicked.connect(self._end)
        top = in_row(self.heading, self.end_button, stretched=self.heading, spacing=-1)
        self._answers = in_row(self.next_button, None)
        parts = (top, self.text, self.question, self.outcome, self._answers)
        in_column(*parts, of=self, margins=(SPACING, SPACING // 2, SPACING, SPACING // 2))
        theme().changed.connect(self._tint)
        self.hide()

    @Slot(object, object)
    def show_state(self, old: ViewState, new: ViewState) -> None:
        """Show the step of the lesson that is being taken."""
        progress = new.document.lesson
        if progress is not self._progress:
            self._progress = progress
            self.setVisible(progress is not None)
            if progress is not None:
                self._show(progress)

    def show_running(self, is_running: bool) -> None:
        """Take no second answer while what the first one leads to is computed."""
        for widget in (*self.buttons, self.next_button):
            widget.setEnabled(not is_running)
        if not is_running and self.isVisible():
            self._focus()

    def _focus(self) -> None:
        """Let keys go on where the lesson does: the button used last is gone, or was disabled."""
        (self.buttons[0] if self.buttons else self.next_button).setFocus()

    def _show(self, progress: Progress) -> None:
        lesson, step = progress.lesson, progress.step
        place = self.tr("step {0} of {1}").format(progress.at + 1, len(lesson.steps))
        self.heading.setText(f"{self.tr(lesson.title)}  ·  {place}")
        self.text.setText(self.tr(step.text))
        self.question.setText(self.tr(step.question))
        self._show_answers(step.answers if progress.answer is None else ())
        is_done = progress.claim is not None
        self.next_button.setVisible(is_done)
        self.next_button.setText(self.tr("&Finish") if progress.is_last else self.tr("&Next"))
        self.outcome.setVisible(is_done)
        if progress.claim is not None and progress.answer is not None and progress.right is not None:
            verdict = (
                self.tr("Right.")
                if progress.answer == progress.right
                else self.tr("Not quite: {}.").format(step.answers[progress.right])
            )
            total = self.tr("{0} of {1} right.").format(progress.n_right, progress.at + 1)
            last = f" {total}" if progress.is_last else ""
            mark = self.tr("Computed:") if progress.claim.holds else self.tr("Against expectation:")
            self.outcome.setText(f"{verdict} {mark} {progress.claim.text}{last}")
        self._focus()
        self._tint()

    def _show_answers(self, answers: tuple[str, ...]) -> None:
        for button in self.buttons:
            self._answers.removeWidget(button)
            button.deleteLater()
        self.buttons = []
        for at, answer in enumerate(answers):
            button = named(QPushButton(self.tr(answer)), f"laboratory-answer-{at}")
            button.clicked.connect(partial(self.answered.emit, at))
            self._answers.insertWidget(at, button)
            button.show()
            self.buttons.append(button)

    @Slot()
    def _go_on(self) -> None:
        self.edit_requested.emit(next_step())
        self.settled.emit()

    @Slot()
    def _end(self) -> None:
        self.edit_requested.emit(end_lesson())
        self.settled.emit()

    @Slot()
    def _tint(self) -> None:
        progress = self._progress
        is_right = progress is not None and progress.answer == progress.right
        write_in(colours().ok if is_right else colours().warning, self.outcome)
