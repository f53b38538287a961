"""The region tree is made once, when somebody looks, and its cuts follow the settings."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from gmmseg.control import Progress, ShouldStop, raise_if_cancelled
from gmmseg.errors import FeatureError
from gmmseg.image import Image
from gmmseg.photo.document import change_setting, open_image
from gmmseg.photo.workspace import Workspace
from gmmseg.regions.hierarchy import Hierarchy
from gmmseg.regions.outcome import RegionOutcome
from gmmseg.regions.settings import RegionSettings
from tests.data.regions import quartered
from tests.data.states import make_image
from ui.photo import region_maker
from ui.photo.photo_worker import PhotoWorkers
from ui.photo.region_maker import RegionMaker


class Desk:
    """A maker with a workspace, and a stand-in for the work that waits until it may go on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.work = PhotoWorkers(Workspace())
        self.workspace, self.bridge = self.work.workspace, self.work.bridge
        self.maker = RegionMaker(self.work)
        self.runner = self.maker.runner
        self.may_go_on = threading.Event()
        self.may_go_on.set()
        self.error: Exception | None = None
        self.asked: list[tuple[Image, RegionSettings, bool]] = []
        """Image, settings and whether a tree was given."""
        self.failures: list[Exception] = []
        self.given_up: list[bool] = []
        self.maker.failed.connect(self.failures.append)
        self.maker.given_up.connect(self.given_up.append)
        monkeypatch.setattr(region_maker, "region_events", self.events)

    def events(
        self, image: Image, settings: RegionSettings, hierarchy: Hierarchy | None, *, should_stop: ShouldStop
    ) -> Generator[Any, None, RegionOutcome]:
        self.asked.append((image, settings, hierarchy is not None))
        yield Progress("Finding", 0.5)
        while not self.may_go_on.wait(0.005):
            raise_if_cancelled(should_stop)
        if self.error is not None:
            raise self.error
        made = quartered(image, detail=settings.detail, n_regions=settings.n_regions, seed=settings.seed)
        if hierarchy is None:
            return made
        return RegionOutcome(image, settings, hierarchy, made.regions, made.seconds)

    def open(self) -> Image:
        image = make_image()
        self.workspace.apply(open_image(image))
        return image

    def set(self, path: str, value: Any) -> None:
        self.workspace.apply(change_setting(path, value, path))

    def is_done(self) -> bool:
        """Whether what is shown was cut as the document says, and nothing runs."""
        shown = self.workspace.shown.regions
        return (
            not self.runner.is_running
            and shown is not None
            and shown.settings == self.workspace.document.region_settings
        )


@pytest.fixture
def desk(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(monkeypatch)
    yield desk
    assert desk.runner.shutdown()


def test_nothing_is_made_before_somebody_wants_regions(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    desk.set("detail", 0.3)
    assert not desk.runner.is_running
    desk.maker.want("pane", True)
    qtbot.waitUntil(desk.is_done)
    assert len(desk.asked) == 1


def test_the_tree_is_made_once_and_then_only_cut(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    desk.maker.want("pane", True)
    qtbot.waitUntil(desk.is_done)
    first = desk.workspace.shown.regions
    assert first is not None
    for path, value in (("detail", 0.9), ("n_regions", 2), ("n_regions", None)):
        desk.set(path, value)
        qtbot.waitUntil(desk.is_done)
    assert [has_tree for _, _, has_tree in desk.asked] == [False, True, True, True]
    last = desk.workspace.shown.regions
    assert last is not None
    assert last.hierarchy is first.hierarchy


def test_a_cut_is_finished_and_shown_before_the_newest_follows(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    desk.maker.want("pane", True)
    qtbot.waitUntil(desk.is_done)
    shown: list[float] = []
    desk.bridge.changed.connect(
        lambda old, new: shown.append(new.regions.settings.detail) if new.regions is not old.regions else None
    )
    desk.may_go_on.clear()
    for detail in (0.6, 0.7, 0.8, 0.9):
        desk.set("detail", detail)
    desk.may_go_on.set()
    qtbot.waitUntil(desk.is_done)
    assert shown == [0.6, 0.9]


def test_undo_and_redo_cut_again(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    desk.maker.want("pane", True)
    desk.set("n_regions", 4)
    qtbot.waitUntil(desk.is_done)
    for step, count in ((desk.workspace.undo, 3), (desk.workspace.redo, 4)):
        step()
        qtbot.waitUntil(desk.is_done)
        outcome = desk.workspace.shown.regions
        assert outcome is not None
        assert outcome.regions.n_regions == count


def test_another_image_meanwhile_gives_up_the_first_and_gets_its_own(desk: Desk, qtbot: QtBot) -> None:
    desk.maker.want("pane", True)
    desk.may_go_on.clear()
    first = desk.open()
    qtbot.waitUntil(lambda: len(desk.asked) == 1)
    second = desk.open()
    desk.may_go_on.set()
    qtbot.waitUntil(desk.is_done)
    assert [image for image, _, _ in desk.asked] == [first, second]
    shown = desk.workspace.shown.regions
    assert shown is not None
    assert shown.image is second
    desk.workspace.undo()
    qtbot.waitUntil(lambda: desk.is_done() and len(desk.asked) == 3)
    assert desk.asked[2][0] is first


def test_nobody_works_on_for_an_image_that_is_gone_and_wanted_by_none(desk: Desk, qtbot: QtBot) -> None:
    desk.maker.want("pane", True)
    desk.may_go_on.clear()
    desk.open()
    qtbot.waitUntil(lambda: len(desk.asked) == 1)
    desk.maker.want("pane", False)
    desk.open()
    qtbot.waitUntil(lambda: not desk.runner.is_running)
    assert desk.workspace.shown.regions is None


@pytest.mark.parametrize("again", ["retry", "want"])
def test_what_was_stopped_is_made_when_it_is_wanted_anew(desk: Desk, qtbot: QtBot, again: str) -> None:
    desk.open()
    desk.may_go_on.clear()
    desk.maker.want("pane", True)
    qtbot.waitUntil(lambda: len(desk.asked) == 1)
    desk.maker.stop()
    qtbot.waitUntil(lambda: not desk.runner.is_running)
    assert desk.given_up == [True]
    desk.set("detail", 0.4)
    assert not desk.runner.is_running
    desk.may_go_on.set()
    wants: dict[str, Callable[[], None]] = {
        "retry": desk.maker.retry,
        "want": lambda: desk.maker.want("table", True),
    }
    wants[again]()
    qtbot.waitUntil(desk.is_done)
    assert desk.given_up == [True, False]


def test_it_can_be_wanted_again_before_the_stop_has_been_heard(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    desk.may_go_on.clear()
    desk.maker.want("pane", True)
    qtbot.waitUntil(lambda: len(desk.asked) == 1)
    desk.maker.stop()
    desk.maker.retry()
    desk.may_go_on.set()
    qtbot.waitUntil(desk.is_done)
    assert desk.given_up == [True, False]


def test_a_failure_is_reported_once_and_not_tried_again_before_the_next_image(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.error = FeatureError("No pixel holds data.", "Choose another image.")
    desk.open()
    desk.maker.want("pane", True)
    qtbot.waitUntil(lambda: bool(desk.failures))
    desk.set("detail", 0.2)
    assert not desk.runner.is_running
    assert desk.failures == [desk.error]
    desk.error = None
    desk.open()
    qtbot.waitUntil(desk.is_done)
    assert desk.given_up == [True, False]


def test_another_seed_makes_another_tree(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    desk.maker.want("pane", True)
    qtbot.waitUntil(desk.is_done)
    desk.set("seed", 5)
    qtbot.waitUntil(desk.is_done)
    assert [has_tree for _, _, has_tree in desk.asked] == [False, False]
