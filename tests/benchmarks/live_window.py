"""The real window, driven and timed from inside: slider latency and gaps of the event loop."""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication

from gmmseg.image import Image
from gmmseg.io.images import image_from_array, read_image
from gmmseg.photo.document import change_setting, open_image
from ui.app import App
from ui.settings_store import SettingsStore
from ui.theme import apply_theme

LIMIT = 60.0
TICK_MS = 4
"""Resolution of the gaps."""


def _application() -> QApplication:
    application = QApplication.instance()
    if isinstance(application, QApplication):
        return application
    folder = tempfile.mkdtemp()
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, folder)
    application = QApplication([])
    # As the program itself does.
    sys.setswitchinterval(0.001)
    apply_theme(application, "light")
    return application


def _wait(application: QApplication, is_done: Callable[[], bool]) -> None:
    """Let the event loop run as it does for a user: asleep between events.

    A loop that spins would take the interpreter from the worker thread a thousand times a second.
    """
    deadline = time.monotonic() + LIMIT
    heart = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
    heart.start()
    while not is_done():
        application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.monotonic() > deadline:
            raise TimeoutError


def _half_megapixel() -> Image:
    """Return a photo of 0.5 megapixels: one of scikit-image's, enlarged by repeating and cropped."""
    from skimage import data

    photo = np.asarray(data.astronaut())
    wide = np.concatenate([photo, photo[:, ::-1]], axis=1)
    return image_from_array(np.ascontiguousarray(wide), "0.5 megapixels")


def _opened(image: Image) -> tuple[QApplication, App]:
    application = _application()
    app = App(SettingsStore())
    app.window.resize(1600, 1000)
    app.window.show()
    app.ahead.begin()
    app.photo.work.apply(open_image(image))
    _wait(application, lambda: app.photo.work.workspace.document.fit is not None)
    return application, app


def _settled(image: Image) -> tuple[QApplication, App]:
    """Open an image and wait until its journal can begin and all is loaded: an edit before waits once."""
    application, app = _opened(image)
    _wait(application, lambda: app.photo._keeper.journaling.is_ready and app.ahead.is_over)
    return application, app


def _close(application: QApplication, app: App) -> None:
    app.window.close()
    app.shutdown()
    application.processEvents()


def slider_latency() -> list[float]:
    """Return milliseconds from a change of K to the new map painted, for several K."""
    application, app = _settled(_half_megapixel())
    latencies = []
    for n_components in (6, 7, 8, 7, 6, 5, 4, 3):
        before = app.photo.work.workspace.shown.segmentation
        began = time.perf_counter()
        app.photo.work.apply(change_setting("mixture.n_components", n_components, "K"))
        _wait(application, lambda old=before: app.photo.work.workspace.shown.segmentation is not old)  # type: ignore[misc]
        app.photo.panels.panes.repaint()
        latencies.append(1000 * (time.perf_counter() - began))
        _wait(
            application,
            lambda: (
                not app.photo.work.workspace.document.is_stale
                and not app.photo.work.workspace.shown.is_preview
            ),
        )
    _close(application, app)
    return latencies


def peer_iterations() -> list[float]:
    """Return milliseconds of EM iterations of scikit-learn on the pixels that K is moved over."""
    from sklearn.mixture import GaussianMixture

    rows = _half_megapixel().pixels.reshape(-1, 3) / 255.0
    model = GaussianMixture(6, max_iter=1, init_params="random_from_data", random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(rows[::50])
    iterations = []
    for _ in range(5):
        began = time.perf_counter()
        _, log_posteriors = model._e_step(rows)
        model._m_step(rows, log_posteriors)
        iterations.append(1000 * (time.perf_counter() - began))
    return iterations


@contextmanager
def _ticking() -> Iterator[list[float]]:
    """Note when the event loop has time, every few milliseconds."""
    ticks = [time.perf_counter()]
    timer = QTimer(interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start()
    yield ticks
    timer.stop()


def loop_gap(picture: Path) -> float:
    """Return the longest time between two ticks of the event loop while a large picture is fitted, ms."""
    application, app = _settled(read_image(picture))
    with _ticking() as ticks:
        app.photo.work.apply(change_setting("mixture.n_components", 6, "K"))
        _wait(
            application,
            lambda: (
                not app.photo.work.workspace.document.is_stale
                and not app.photo.work.workspace.shown.is_preview
            ),
        )
    _close(application, app)
    return 1000 * float(np.diff(ticks).max())


def site_gaps() -> list[float]:
    """Return the longest time between two ticks while a picture is made ready for clicks, ms, three times.

    The first time, what it needs is imported too.
    """
    image = _half_megapixel()
    gaps = []
    for _ in range(3):
        application, app = _opened(image)
        runner = app.photo.work.selecting.runner
        with _ticking() as ticks:
            _wait(application, lambda of=runner: not of.is_running)  # type: ignore[misc]
        gaps.append(1000 * float(np.diff(ticks).max()))
        _close(application, app)
    return gaps
