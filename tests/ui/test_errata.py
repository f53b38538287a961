"""The page of slips: what is called correct is, and what was printed is not, both computed by scipy."""

from __future__ import annotations

import numpy as np
import pytest

from tests.ui.slips import SLIPS, Slip, row
from ui.dialogs.errata import ERRATA


def test_every_row_of_the_page_is_computed() -> None:
    assert [slip.where for slip in SLIPS] == [erratum.where for erratum in ERRATA]
    assert len(SLIPS) == 46


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: slip.where)
def test_what_is_called_correct_is_and_what_was_printed_is_not(slip: Slip) -> None:
    shown = row(slip.where)
    assert (shown.printed, shown.correct) == (slip.printed, slip.correct)
    truth = np.asarray(slip.truth(), dtype=float)
    correct, printed = (
        np.asarray(value(), dtype=float) for value in (slip.value_correct, slip.value_printed)
    )
    assert printed.shape == correct.shape == truth.shape
    np.testing.assert_allclose(correct, truth, rtol=8e-4, atol=2e-4)
    assert not np.allclose(printed, truth, rtol=1e-3, atol=5e-4)
