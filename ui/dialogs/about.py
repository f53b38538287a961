"""About the program, and about the documents it grew from with their slips."""

from __future__ import annotations

import platform
import re
from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QSize, Slot, qVersion
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QTabWidget, QTextBrowser, QWidget

from gmmseg.mixture.compiled import kernel_name
from gmmseg.version import VERSION
from ui.dialogs.errata import BOOK, DOCUMENTS, ERRATA, Erratum
from ui.theme import SPACING, colours, icon, theme
from ui.widgets.building import in_column, in_row, named
from ui.widgets.dialog_parts import dialog_buttons


class AboutDialog(QDialog):
    """Two pages: the program, and the source documents."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("about")
        self.setWindowTitle(self.tr("About gmmseg"))
        self.tabs = QTabWidget(self)
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._make_program_page(), self.tr("&Program"))
        words = self.tr("Slips in the source documents")
        self.documents = named(QTextBrowser(self.tabs), "about.documents", spoken=words)
        self.tabs.addTab(self.documents, self.tr("&Source documents"))
        buttons = dialog_buttons(QDialogButtonBox.StandardButton.Close, self)
        buttons.rejected.connect(self.reject)
        in_column(self.tabs, buttons, of=self, stretched=self.tabs, spacing=SPACING, margins=None)
        self.resize(800, 600)
        theme().changed.connect(self._write)
        self._write()

    def _make_program_page(self) -> QWidget:
        page = QWidget(self.tabs)
        picture = QLabel(page)
        picture.setPixmap(icon("app").pixmap(QSize(96, 96), self.devicePixelRatioF()))
        picture.setAccessibleName(self.tr("Program icon"))
        text = QLabel(
            self.tr(
                "<h2>gmmseg {version}</h2>"
                "<p>Segments images with Gaussian mixtures, fitted by expectation maximisation, and shows "
                "every step of it: labels, posteriors, uncertainty, density and convergence.</p>"
                "<p>The same settings and the same seed give the same bytes, in this window and on the "
                "command line.</p>"
                "<p>Formulas are cited as in “S2 eq. 40”; the page on the source documents says what S0 to "
                "S4 are.</p>"
                "<p>Python {python} · Qt {qt} · {system}<br>E-step: {kernel}</p>"
            ).format(
                version=escape(VERSION),
                python=platform.python_version(),
                qt=qVersion(),
                kernel=escape(kernel_name()),
                system=escape(f"{platform.system()} {platform.machine()}"),
            ),
            page,
        )
        text.setWordWrap(True)
        side, room = in_column(text, None), 3 * SPACING
        in_row(in_column(picture, None), side, of=page, stretched=side, spacing=room, margins=(room,) * 4)
        return page

    @Slot()
    def _write(self) -> None:
        place = self.documents.verticalScrollBar().value()
        self.documents.setHtml(documents_html(ERRATA, colours().grid.name()))
        self.documents.verticalScrollBar().setValue(place)


_INDEX = re.compile(r"_(?:\{([^}]*)\}|(\w+))")


def formula_html(text: str) -> str:
    """Return a text with its indices, ``z_nk`` or ``Σ_{i ∈ D}``, set below the line."""
    return _INDEX.sub(lambda found: f"<sub>{found[1] or found[2]}</sub>", escape(text))


def documents_html(slips: Sequence[Erratum], line: str) -> str:
    """Return the page about the source documents; `line` is the colour of the table's lines."""
    listed = "".join(f"<li><b>{d.key}</b>: {escape(d.title)}</li>" for d in DOCUMENTS)
    heading = "".join(
        f'<th align="left">{title}</th>' for title in ("", "Where", "Printed", "Correct", "Source")
    )
    rows = "".join(
        f"<tr><td><b>E{s.number}</b></td><td>{escape(s.where)}</td><td>{formula_html(s.printed)}</td>"
        f"<td>{formula_html(s.correct)}</td><td>{escape(s.source)}</td></tr>"
        for s in slips
    )
    return (
        "<p>Five documents derive Gaussian mixtures and EM by hand:</p>"
        f"<ul>{listed}</ul>"
        f"<p>They contain {len(slips)} slips. The program follows the column “correct”. L is a line of the "
        f"document's text; PRML is {escape(BOOK)}.</p>"
        f'<table width="100%" cellspacing="0" cellpadding="6" border="1" '
        f'style="border-collapse: collapse; border-color: {line}">'
        f"<thead><tr>{heading}</tr></thead>{rows}</table>"
    )
