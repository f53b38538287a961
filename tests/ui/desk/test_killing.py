"""A window that is killed at any moment loses at most the step in hand, at every desk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.ui.desk.killing import SESSIONS, check_killed


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", SESSIONS)
def test_windows_that_are_killed_lose_at_most_the_step_in_hand(tmp_path: Path, name: str) -> None:
    n_steps, most_lost = check_killed(name, tmp_path, 10)
    assert n_steps > 0
    assert most_lost == 0
