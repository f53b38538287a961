"""The setup panel, by real clicks and keys."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QStandardItemModel, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from gmmseg.editing.editor import Edit
from gmmseg.image import RGB, Image, ImageSource
from gmmseg.photo.document import Document
from gmmseg.photo.settings import SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import settings_of, value_at, with_setting
from tests.data.settings import SparklingSettings
from tests.data.states import make_shown
from ui.photo.panels.setup import SetupPanel
from ui.widgets.number_box import NumberBox
from ui.widgets.settings_form import with_mnemonic

SETTINGS = settings_of(SegmentSettings)


class Asked:
    """Collects a panel's edits and what they make of a document."""

    def __init__(self, panel: SetupPanel) -> None:
        self.edits: list[Edit[Document]] = []
        self.n_settled = 0
        self.document = Document()
        panel.edit_requested.connect(self.take)
        panel.settled.connect(self.settle)

    def take(self, edit: Edit[Document]) -> None:
        self.edits.append(edit)
        self.document = edit.apply(self.document)

    def settle(self) -> None:
        self.n_settled += 1

    def __getitem__(self, path: str) -> Any:
        return value_at(self.document.settings, path)


@pytest.fixture
def panel(qtbot: QtBot) -> SetupPanel:
    made = SetupPanel()
    qtbot.addWidget(made)
    made.resize(300, 900)
    made.advanced.set_open(True)
    made.show()
    return made


@pytest.fixture
def asked(panel: SetupPanel) -> Asked:
    return Asked(panel)


def box(panel: SetupPanel, path: str) -> NumberBox:
    found = panel.findChild(NumberBox, path)
    assert isinstance(found, NumberBox)
    return found


def type_in(panel: SetupPanel, path: str, text: str) -> None:
    line = box(panel, path).lineEdit()
    line.selectAll()
    QTest.keyClick(line, Qt.Key.Key_Delete)
    QTest.keyClicks(line, text)


def problem(panel: SetupPanel, path: str) -> str:
    label = panel.findChild(QLabel, f"{path}.problem")
    assert isinstance(label, QLabel)
    return label.text() if label.isVisibleTo(panel) else ""


def shown_with(**settings: Any) -> Any:
    state = make_shown(3)
    changed = state.document.settings
    for path, value in settings.items():
        changed = with_setting(changed, path.replace("__", "."), value)
    return replace(state, document=replace(state.document, settings=changed))


def empty_state() -> Any:
    state = make_shown(2, has_fit=False)
    return replace(state, document=Document())


def test_every_setting_has_a_control(panel: SetupPanel) -> None:
    for setting in SETTINGS:
        assert panel.field(setting.path).toolTip()


@pytest.mark.parametrize(
    ("path", "text", "value"),
    [
        ("mixture.n_components", "7", 7),
        ("mixture.n_components", "256", 256),
        ("smooth", "2.5", 2.5),
        ("features.position_weight", "0.75", 0.75),
        ("mixture.n_init", "12", 12),
        ("mixture.seed", "9223372036854775807", 2**63 - 1),
        ("mixture.max_iter", "1000000", 1_000_000),
        ("mixture.tol", "1e-9", 1e-9),
        ("mixture.parameter_tol", ".5", 0.5),
        ("mixture.q_tol", "2E-3", 0.002),
    ],
)
def test_a_typed_number_is_asked_for(
    panel: SetupPanel, asked: Asked, path: str, text: str, value: float
) -> None:
    panel.show_state(empty_state(), shown_with(features__has_position=True))
    type_in(panel, path, text)
    assert asked[path] == value
    assert type(asked[path]) is type(value)
    assert asked.edits[-1].merge_key == f"setting {path}"
    assert panel.is_valid


@pytest.mark.parametrize(
    "text", ["", "3.5", "0", "-1", "1e9", "257", "nan", "inf", "１２", "1_0", "abc", "5 6", "9" * 5000]
)
def test_a_number_of_components_that_cannot_be_is_marked_and_not_applied(
    panel: SetupPanel, qtbot: QtBot, text: str
) -> None:
    line = box(panel, "mixture.n_components").lineEdit()
    asked = Asked(panel)
    line.selectAll()
    with qtbot.waitSignal(panel.validity_changed) as told:
        if text:
            line.insert(text)
            line.textEdited.emit(text)
        else:
            QTest.keyClick(line, Qt.Key.Key_Delete)
    assert told.args == [False]
    assert asked.edits == []
    assert not panel.is_valid
    assert problem(panel, "mixture.n_components").startswith("Components ")
    assert "whole number from 1 to 256" in problem(panel, "mixture.n_components")
    assert box(panel, "mixture.n_components").is_refused


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("mixture.tol", "nan"),
        ("mixture.tol", "inf"),
        ("mixture.tol", "-1"),
        ("mixture.tol", "１"),
        ("mixture.max_iter", "0"),
        ("mixture.max_iter", "2147483648"),
        ("mixture.seed", str(2**64)),
        ("mixture.seed", "-1"),
        ("smooth", "10.5"),
        ("smooth", "1,5"),
    ],
)
def test_other_numbers_that_cannot_be_are_marked_too(
    panel: SetupPanel, asked: Asked, path: str, text: str
) -> None:
    before = value_at(SegmentSettings(), path)
    line = box(panel, path).lineEdit()
    line.setText(text)
    line.textEdited.emit(text)
    assert asked.edits == []
    assert asked[path] == before
    assert problem(panel, path)


def test_a_marked_field_turns_right_again(panel: SetupPanel, asked: Asked) -> None:
    type_in(panel, "mixture.n_components", "0")
    assert not panel.is_valid
    type_in(panel, "mixture.n_components", "4")
    assert panel.is_valid
    assert problem(panel, "mixture.n_components") == ""
    assert asked["mixture.n_components"] == 4
    type_in(panel, "mixture.n_components", "x")
    n_edits = len(asked.edits)
    QTest.keyClick(box(panel, "mixture.n_components"), Qt.Key.Key_Escape)
    assert panel.is_valid
    assert box(panel, "mixture.n_components").text() == "4"
    assert len(asked.edits) == n_edits


def test_a_refused_text_is_drawn_red(panel: SetupPanel) -> None:
    from ui.theme import colours

    type_in(panel, "mixture.n_init", "x")
    assert box(panel, "mixture.n_init").palette().text().color() == colours().error
    type_in(panel, "mixture.n_init", "3")
    assert box(panel, "mixture.n_init").palette().text().color() != colours().error


def test_dragging_the_slider_asks_all_along_and_settles_once(panel: SetupPanel, asked: Asked) -> None:
    slider = panel.findChild(QSlider, "mixture.n_components.slider")
    assert slider is not None
    middle = slider.height() // 2
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 4, middle))
    for x in range(slider.width() // 4, slider.width() - 2, 6):
        QTest.mouseMove(slider, QPoint(x, middle))
        assert asked.n_settled == 0
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 2, middle))
    asked_for = [edit.apply(Document()).settings.mixture.n_components for edit in asked.edits]
    assert len(set(asked_for)) > 5
    assert asked_for == sorted(asked_for)
    assert asked_for[-1] == 20
    assert asked.n_settled == 1
    assert box(panel, "mixture.n_components").text() == "20"


def test_the_smoothing_slider_is_continuous(panel: SetupPanel, asked: Asked) -> None:
    slider = panel.findChild(QSlider, "smooth.slider")
    assert slider is not None
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 3, slider.height() // 2))
    assert asked["smooth"] == pytest.approx(4 / 3, abs=0.15)
    QTest.keyClick(slider, Qt.Key.Key_End)
    assert asked["smooth"] == 4


def test_the_slider_stays_at_its_end_for_what_only_the_box_can_hold(panel: SetupPanel, asked: Asked) -> None:
    type_in(panel, "mixture.n_components", "200")
    slider = panel.findChild(QSlider, "mixture.n_components.slider")
    assert slider is not None
    assert slider.value() == 20
    assert asked["mixture.n_components"] == 200


def test_arrows_step_and_stop_at_the_bounds(panel: SetupPanel, asked: Asked) -> None:
    number = box(panel, "mixture.n_components")
    QTest.keyClick(number, Qt.Key.Key_Up)
    assert asked["mixture.n_components"] == 6
    type_in(panel, "mixture.n_components", "1")
    QTest.keyClick(number, Qt.Key.Key_Down)
    assert asked["mixture.n_components"] == 1
    QTest.keyClick(box(panel, "mixture.tol"), Qt.Key.Key_Down)
    assert asked["mixture.tol"] == pytest.approx(1e-7)
    QTest.keyClick(box(panel, "mixture.q_tol"), Qt.Key.Key_Up)
    QTest.keyClick(box(panel, "mixture.q_tol"), Qt.Key.Key_Down)
    assert asked["mixture.q_tol"] == 0


@pytest.mark.parametrize(
    ("path", "value"),
    [("features.has_position", True), ("features.is_standardised", True), ("mixture.is_hard", True)],
)
def test_a_switch_is_asked_for(panel: SetupPanel, asked: Asked, path: str, value: bool) -> None:
    switch = panel.findChild(QCheckBox, path)
    assert switch is not None
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(8, switch.height() // 2))
    assert asked[path] is value
    assert asked.n_settled == 1


@pytest.mark.parametrize(
    ("path", "key", "value"),
    [("features.space", Qt.Key.Key_Down, "lab"), ("mixture.covariance", Qt.Key.Key_End, "spherical"),
     ("mixture.init", Qt.Key.Key_Down, "random")],
)  # fmt: skip
def test_a_choice_is_asked_for(panel: SetupPanel, asked: Asked, path: str, key: Qt.Key, value: str) -> None:
    choice = panel.findChild(QComboBox, path)
    assert choice is not None
    QTest.keyClick(choice, key)
    assert asked[path] == value
    assert asked.n_settled == 1


def test_choosing_k_automatically(panel: SetupPanel, asked: Asked) -> None:
    switch, choice = panel.findChild(QCheckBox, "auto.switch"), panel.findChild(QComboBox, "auto")
    assert switch is not None
    assert choice is not None
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(8, switch.height() // 2))
    assert asked["auto"] == "bic"
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert asked["auto"] == "icl"
    panel.show_state(empty_state(), shown_with(auto="icl"))
    assert not panel.field("mixture.n_components").isEnabled()
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(8, switch.height() // 2))
    assert asked["auto"] is None


def test_the_number_chosen_automatically_is_told_once_it_is_known(panel: SetupPanel) -> None:
    state = shown_with(auto="bic")
    fit = replace(state.document.fit, settings=state.document.settings)
    panel.show_state(empty_state(), state)
    label = panel.findChild(QLabel, "chosen")
    assert label is not None
    assert not label.isVisibleTo(panel)
    panel.show_state(state, replace(state, document=replace(state.document, fit=fit)))
    assert label.isVisibleTo(panel)
    assert "K = 3" in label.text()
    assert "largest" not in label.text()
    ten: Any = make_shown(10)
    document = replace(
        ten.document, settings=fit.settings, fit=replace(ten.document.fit, settings=fit.settings)
    )
    panel.show_state(state, replace(ten, document=document))
    assert label.text() == "K = 10 was chosen, the largest number tried: more may be better still."


def test_a_wrong_number_that_is_no_longer_used_does_not_stand_in_the_way(panel: SetupPanel) -> None:
    type_in(panel, "mixture.n_components", "0")
    panel.show_state(empty_state(), shown_with(auto="bic", mixture__n_components=5))
    assert panel.is_valid


def test_a_refused_text_stays_while_other_settings_change(panel: SetupPanel) -> None:
    now = shown_with(mixture__n_components=6)
    panel.show_state(empty_state(), now)
    type_in(panel, "mixture.n_components", "6x")
    panel.show_state(now, shown_with(mixture__n_components=6, smooth=1.0))
    assert box(panel, "mixture.n_components").text() == "6x"
    assert not panel.is_valid


def test_the_variance_floor_is_taken_over_from_what_was_chosen(panel: SetupPanel, asked: Asked) -> None:
    panel.show_state(empty_state(), make_shown(3))
    switch = panel.findChild(QCheckBox, "mixture.reg_covar.automatic")
    assert switch is not None
    assert switch.isChecked()
    assert not box(panel, "mixture.reg_covar").isEnabled()
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(8, switch.height() // 2))
    assert asked["mixture.reg_covar"] == pytest.approx(1 / 12, rel=1e-3)
    type_in(panel, "mixture.reg_covar", "4")
    assert asked["mixture.reg_covar"] == 4.0
    QTest.mouseClick(switch, Qt.MouseButton.LeftButton, pos=QPoint(8, switch.height() // 2))
    assert asked["mixture.reg_covar"] is None


def test_the_dice_throws_another_seed(panel: SetupPanel, asked: Asked) -> None:
    random.seed(1)
    dice = panel.findChild(QToolButton, "mixture.seed.dice")
    assert dice is not None
    seeds = []
    for _ in range(3):
        QTest.mouseClick(dice, Qt.MouseButton.LeftButton)
        seeds.append(asked["mixture.seed"])
    assert len(set(seeds)) == 3
    assert box(panel, "mixture.seed").text() == str(seeds[-1])


def test_reset_asks_for_the_defaults(panel: SetupPanel, asked: Asked) -> None:
    asked.document = shown_with(smooth=3.0, auto="bic").document
    button = panel.findChild(QPushButton, "reset")
    assert button is not None
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked.document.settings == SegmentSettings()


def test_showing_a_state_asks_for_nothing(panel: SetupPanel, asked: Asked) -> None:
    state = shown_with(
        features__space="lab", features__has_position=True, features__position_weight=1.5, smooth=2.0,
        mixture__n_components=90, mixture__covariance="diag", mixture__is_hard=True, mixture__init="random",
        mixture__n_init=3, mixture__seed=2**62, mixture__max_iter=9, mixture__tol=0.5,
        mixture__parameter_tol=0.25, mixture__q_tol=0.125, mixture__reg_covar=2.0,
        features__is_standardised=True, auto="entropy", learns_from="all",
    )  # fmt: skip
    panel.show_state(empty_state(), state)
    assert asked.edits == []
    assert asked.n_settled == 0
    for setting in SETTINGS:
        value = value_at(state.document.settings, setting.path)
        if setting.kind in ("int", "float"):
            assert float(box(panel, setting.path).text()) == value
        elif setting.kind == "choice":
            choice = panel.findChild(QComboBox, setting.path)
            assert choice is not None
            assert choice.currentData() == value
        else:
            switch = panel.findChild(QCheckBox, setting.path)
            assert switch is not None
            assert switch.isChecked() is value


def test_undo_puts_an_older_value_in_place_of_a_refused_text(panel: SetupPanel) -> None:
    now = shown_with(mixture__n_components=6)
    panel.show_state(empty_state(), now)
    type_in(panel, "mixture.n_components", "")
    panel.show_state(now, shown_with(mixture__n_components=5))
    assert box(panel, "mixture.n_components").text() == "5"
    assert panel.is_valid


def test_a_number_being_typed_is_not_rewritten(panel: SetupPanel, asked: Asked) -> None:
    type_in(panel, "mixture.tol", "0.0010")
    panel.show_state(empty_state(), replace(make_shown(2), document=asked.document))
    assert box(panel, "mixture.tol").text() == "0.0010"


def test_what_does_not_fit_the_image_is_disabled_with_the_reason(panel: SetupPanel) -> None:
    grey = make_shown(2, n_channels=1, has_fit=False)
    panel.show_state(empty_state(), grey)
    choice = panel.findChild(QComboBox, "features.space")
    assert choice is not None
    model = choice.model()
    assert isinstance(model, QStandardItemModel)
    by_value = {choice.itemData(row): model.item(row) for row in range(choice.count())}
    assert {value for value, item in by_value.items() if not item.isEnabled()} == {"rgb", "lab", "hsv"}
    # With one channel RGB and grey are the same; the setting stays for the next photo.
    assert grey.document.settings.features.space == "rgb"
    assert choice.currentData() == "gray"
    assert "grey" in by_value["lab"].toolTip()
    QTest.keyClick(choice, Qt.Key.Key_Down)
    assert choice.currentData() not in ("lab", "hsv")
    panel.show_state(grey, make_shown(2, has_fit=False))
    assert all(item.isEnabled() for item in by_value.values())
    assert choice.currentData() == "rgb"


def test_with_one_feature_covariances_that_are_the_same_are_not_offered(panel: SetupPanel) -> None:
    choice = panel.findChild(QComboBox, "mixture.covariance")
    assert choice is not None
    model = choice.model()
    assert isinstance(model, QStandardItemModel)

    def refused() -> set[str]:
        return {choice.itemData(row) for row in range(choice.count()) if not model.item(row).isEnabled()}

    grey = make_shown(2, n_channels=1, has_fit=False)
    panel.show_state(empty_state(), grey)
    assert grey.document.settings.mixture.covariance == "full"
    assert refused() == {"full", "spherical"}
    assert choice.currentData() == "diag"
    # With position there are three features, and their covariances differ.
    placed = with_setting(grey.document.settings, "features.has_position", True)
    panel.show_state(grey, replace(grey, document=replace(grey.document, settings=placed)))
    assert refused() == set()
    assert choice.currentData() == "full"


def test_a_chosen_space_that_the_new_image_lacks_is_pointed_out(panel: SetupPanel) -> None:
    grey = make_shown(2, n_channels=1, has_fit=False)
    lab = with_setting(grey.document.settings, "features.space", "lab")
    panel.show_state(empty_state(), replace(grey, document=replace(grey.document, settings=lab)))
    assert "red, green and blue" in problem(panel, "features.space")


def test_what_has_no_effect_is_disabled_before_there_is_an_image_too(panel: SetupPanel) -> None:
    weight = panel.field("features.position_weight")
    assert not weight.isEnabled()
    assert weight.toolTip() == "Only with Position."


@pytest.mark.parametrize(
    ("path", "switch", "is_enabled"),
    [
        ("features.position_weight", {}, False),
        ("features.position_weight", {"features__has_position": True}, True),
        ("mixture.covariance", {}, True),
        ("mixture.covariance", {"mixture__is_hard": True}, False),
    ],
)
def test_what_has_no_effect_is_disabled(
    panel: SetupPanel, path: str, switch: dict[str, Any], is_enabled: bool
) -> None:
    panel.show_state(empty_state(), shown_with(**switch))
    assert panel.field(path).isEnabled() is is_enabled


def paged(frame: int = 1) -> Any:
    pixels = np.zeros((30, 50, 3), np.uint16)
    source = ImageSource(
        "stack.tif", Path("stack.tif"), format="TIFF", frame=frame, n_frames=3, notes=("Page 2 of 3.",)
    )
    state = make_shown(2, has_fit=False)
    return replace(state, document=Document(image=Image(pixels, RGB, source)))


def test_the_image_is_described_and_its_pages_can_be_chosen(panel: SetupPanel, qtbot: QtBot) -> None:
    panel.show_state(empty_state(), paged())
    texts = [panel.findChild(QLabel, f"image.{part}").text() for part in ("name", "size", "notes")]  # type: ignore[union-attr]
    assert texts == ["stack.tif", "50 × 30 · RGB · 16 bit · TIFF", "Page 2 of 3."]
    page = panel.findChild(QSpinBox, "image.page")
    assert page is not None
    assert page.isVisibleTo(panel)
    assert page.value() == 2
    with qtbot.waitSignal(panel.summary.frame_requested) as asked:
        QTest.keyClick(page, Qt.Key.Key_Up)
    assert asked.args == [2]
    panel.show_state(paged(), make_shown(2, has_fit=False))
    assert not page.isVisibleTo(panel)


def test_the_wheel_scrolls_over_controls_that_are_not_in_use(panel: SetupPanel, asked: Asked) -> None:
    panel.setFocus()
    for path in ("mixture.n_components", "mixture.n_init"):
        control = box(panel, path)
        control.clearFocus()
        place = QPointF(control.width() / 2, control.height() / 2)
        wheel = QWheelEvent(
            place, control.mapToGlobal(place), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(control, wheel)
    assert asked.edits == []


@pytest.mark.parametrize("width", [260, 340])
def test_nothing_is_wider_than_the_panel(panel: SetupPanel, width: int) -> None:
    panel.show_state(empty_state(), paged())
    panel.resize(width, 700)
    QApplication.processEvents()
    for setting in SETTINGS:
        field = panel.field(setting.path)
        right = field.mapTo(panel, QPoint(field.width(), 0)).x()
        assert right <= width
        assert field.minimumSizeHint().width() <= field.width()


def test_mnemonics_are_all_different() -> None:
    assert with_mnemonic("Colour space", "u") == "Colo&ur space"
    declared = [setting for setting in (*SETTINGS, *settings_of(RegionSettings)) if setting.mnemonic]
    titles = {setting.path: setting.title for setting in declared} | {"n_regions": "Number"}
    for setting in declared:
        assert "&" in with_mnemonic(titles[setting.path], setting.mnemonic)
    letters = [setting.mnemonic.lower() for setting in declared]
    assert len(letters) == len(set(letters))


def test_what_is_chosen_already_is_not_asked_for_again(panel: SetupPanel, asked: Asked) -> None:
    type_in(panel, "mixture.n_components", "x")
    type_in(panel, "mixture.n_components", "5")
    assert panel.is_valid
    choice = panel.findChild(QComboBox, "mixture.covariance")
    assert choice is not None
    choice.activated.emit(choice.currentIndex())
    box(panel, "smooth").stepDown()
    assert asked.edits == []


def test_tab_comes_to_the_advanced_settings_after_the_others(panel: SetupPanel) -> None:
    order: list[QWidget] = []
    widget: QWidget | None = panel.nextInFocusChain()
    while widget is not panel:
        assert widget is not None
        order.append(widget)
        widget = widget.nextInFocusChain()
    at = {widget.objectName(): position for position, widget in enumerate(order)}
    assert at["features.space"] < at["smooth.slider"] < at["advanced"]


def test_a_new_setting_is_a_field_of_its_section(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.photo.panels.setup.SegmentSettings", SparklingSettings)
    panel = SetupPanel()
    qtbot.addWidget(panel)
    panel.show()
    asked: list[Edit[Document]] = []
    panel.edit_requested.connect(asked.append)
    box(panel, "mixture.sparkle").stepUp()
    changed = asked[-1].apply(Document(settings=SparklingSettings()))
    assert value_at(changed.settings, "mixture.sparkle") == 1.25
    assert panel.field("mixture.sparkle").isVisibleTo(panel)
    assert panel.advanced.isAncestorOf(panel.field("mixture.is_loud"))
    assert not panel.advanced.isAncestorOf(panel.field("mixture.sparkle"))


def test_a_refused_number_of_regions_is_no_reason_not_to_segment(panel: SetupPanel) -> None:
    panel.findChild(QCheckBox, "n_regions.automatic").click()  # type: ignore[union-attr]
    type_in(panel, "n_regions", "0")
    assert problem(panel, "n_regions")
    assert panel.is_valid
    type_in(panel, "mixture.n_init", "0")
    assert not panel.is_valid
