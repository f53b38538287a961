"""The badge that says whether a run kept the promises of EM, and at which iteration it did not."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QLabel

from gmmseg.drawing.convergence import Curves, Run, monotony
from gmmseg.mixture.params import FitStep
from ui.theme import colours, theme


class MonotoneBadge(QLabel):
    """Green where log-likelihood and Q never fell and H never rose within a step (S2 eq. 13–23), else red."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("monotone-badge")
        self.setToolTip(
            self.tr(
                "No step makes the fit worse: that is checked here for each of them.\n"
                "EM never lowers the log-likelihood, from the coarse to the exact stage included: each "
                "M-step raises Q and lowers H with θg fixed, and ΔL = ΔQ − ΔH. The curve H is another: "
                "H(θg, θg), whose posteriors are those of each iteration's own parameters, may rise. "
                "Rounding of 1e-12 is allowed for."
            )
        )
        self._run: Run = ()
        self._figures: Curves | None = None
        theme().changed.connect(self._draw)

    def show_run(self, run: Run, figures: Curves | None) -> None:
        """Judge another run."""
        self._run, self._figures = run, figures
        self._draw()

    @Slot()
    def _draw(self) -> None:
        found, tint = monotony(self._run), colours()
        parts = []
        for step, good, bad in (
            (found.bound, self.tr("monotone"), self.tr("falls at {}")),
            (found.q, "ΔQ ≥ 0", self.tr("ΔQ < 0 at {}")),
            (found.h, self.tr("ΔH ≤ 0 with θg fixed"), self.tr("ΔH > 0 with θg fixed at {}")),
        ):
            colour = tint.ok if step is None else tint.error
            text = f"{good} ✓" if step is None else f"{bad.format(self._iteration_of(step))} ✗"
            parts.append(f'<span style="color:{colour.name()}">{escape(text)}</span>')
        self.setText("&nbsp; ".join(parts))

    def _iteration_of(self, step: FitStep) -> str:
        at = next(index for index, one in enumerate(self._run) if one is step)
        return str(self._figures.iteration[at]) if self._figures is not None else ""
