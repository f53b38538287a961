"""Actions call their methods on the objects that have them."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from ui.desk.actions import Actions, ActionSpec, bound_to


class Lamp:
    def __init__(self) -> None:
        self.said: list[object] = []

    def shine(self, colour: str = "white") -> None:
        self.said.append(colour)


class Torch(Lamp):
    def shine(self, colour: str = "white") -> None:
        self.said.append(f"torch {colour}")


class Bell:
    def shine(self) -> None:
        raise AssertionError("a method of the same name on another class")


def test_a_handler_is_called_on_the_receiver_whose_class_has_it_with_its_arguments(qtbot: QtBot) -> None:
    lamp = Lamp()
    specs = (
        ActionSpec[int]("white", "&White", Lamp.shine),
        ActionSpec[int]("red", "&Red", Lamp.shine, arguments=("red",), enabled_when=lambda n: n > 2),
    )
    actions = Actions(specs, bound_to(Bell(), lamp))
    actions.show_state(2)
    actions["red"].trigger()
    assert not actions["red"].isEnabled()
    assert actions["white"].isEnabled()
    actions.show_state(3)
    for name in ("white", "red"):
        actions[name].trigger()
    assert lamp.said == ["white", "red"]


def test_an_override_is_called_where_the_table_names_the_base() -> None:
    torch = Torch()
    bound_to(torch)(Lamp.shine)("blue")
    assert torch.said == ["torch blue"]


def test_a_method_of_no_receiver_is_refused_when_the_table_is_made() -> None:
    with pytest.raises(LookupError, match=r"Lamp\.shine"):
        bound_to(Bell())(Lamp.shine)
