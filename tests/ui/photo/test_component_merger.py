"""Components united in the window: the fit is replaced as one edit, and undo brings the old one back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from gmmseg.arrays import AnyArray
from gmmseg.photo.component_merging import ComponentMerge
from tests.ui.driving import drop, mime_of, wait_for_fit, wait_for_map, write_png
from ui.app import App


def pixelwise(app: App) -> AnyArray:
    """Return the map of components, each pixel by itself."""
    segmentation = app.photo.work.workspace.shown.segmentation
    assert segmentation is not None
    return segmentation.pixelwise.labels


@pytest.mark.slow
@pytest.mark.parametrize("refits", [False, True])
def test_a_merge_is_an_edit_that_no_new_fit_follows(
    app: App, qtbot: QtBot, tmp_path: Path, refits: bool
) -> None:
    drop(app.window, mime_of(write_png(tmp_path / "bands.png")))
    wait_for_fit(app, qtbot)
    wait_for_map(app, qtbot)
    work, workspace = app.photo.work, app.photo.work.workspace
    old, before = workspace.document.fit, pixelwise(app).copy()
    assert old is not None
    n_components = old.result.params.n_components
    groups = ((0, 1), *((k,) for k in range(2, n_components)))
    app.photo.panels.merge_tree.components_merged.emit(ComponentMerge(old, groups, refits))
    qtbot.waitUntil(lambda: workspace.document.fit is not old)
    qtbot.waitUntil(lambda: not workspace.shown.is_preview and not work.fitter.runner.is_running)
    new = workspace.document.fit
    assert new is not None
    assert workspace.document.settings.mixture.n_components == n_components - 1
    assert (new.result.stop_reason == "merged") is not refits
    assert not workspace.document.is_stale
    if not refits:
        moved = np.array([0, 1, 1, *range(2, n_components)])[before]
        assert (moved == pixelwise(app)).mean() > 0.9
    app.photo.work.editor.undo()
    qtbot.waitUntil(lambda: workspace.document.fit is old and not workspace.shown.is_preview)
    np.testing.assert_array_equal(pixelwise(app), before)
