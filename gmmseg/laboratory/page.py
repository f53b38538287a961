"""Page: the state of one page of the laboratory, what it shows, and what one can do there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, ClassVar, Self, get_type_hints

from gmmseg.control import ShouldStop
from gmmseg.errors import EditError
from gmmseg.laboratory.data import Data, example
from gmmseg.laboratory.scene import Scene
from gmmseg.mixture.params import MixtureParams
from gmmseg.setting import with_setting

Work = Generator["Page", None, "Page"]
"""Yields states on the way to the last one, which it returns."""


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a page.

    Parameters
    ----------
    id : str
    title : str
        With its mnemonic.
    apply : callable, optional
        From state to state, at once.
    work : callable, optional
        Instead of `apply`: given the state and what to ask whether to stop, a generator for the background.
    tip : str
    icon : str
    is_possible : callable
        Whether it makes sense in a state.
    """

    id: str
    title: str
    apply: Callable[[Any], Page] | None = None
    work: Callable[[Any, ShouldStop], Work] | None = None
    tip: str = ""
    icon: str = ""
    is_possible: Callable[[Any], bool] = lambda page: True


# Without slots: ClassVars of derived pages and `replace` in the base class.
@dataclass(frozen=True, eq=False)
class Page(ABC):
    """The state of a page, immutable: each method returns another one.

    A page is one value with pure methods. What it shows is a `Scene`, so that one stage in the window serves
    all pages and tests need none.

    Parameters
    ----------
    data : Data
        As it was given; a page may look at a part of it.
    settings : dataclass of settings
        Those in `fields` are shown as controls.
    """

    data: Data
    settings: Any

    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    """Purpose of the page, one sentence."""
    theory: ClassVar[str]
    """The page of the theory behind it."""
    example_name: ClassVar[str]
    """One of `gmmseg.laboratory.data.EXAMPLES`."""
    fields: ClassVar[tuple[str, ...]] = ()
    """Paths of the settings with controls."""
    actions: ClassVar[tuple[Action, ...]] = ()
    makes_data: ClassVar[bool] = False
    """Whether every page looks at the data of this one once it has changed."""

    @classmethod
    def example(cls) -> Data:
        """Return the data that the page begins with."""
        return example(cls.example_name)

    @classmethod
    @abstractmethod
    def opened(cls, data: Data) -> Self:
        """Return the page on some data.

        Raises
        ------
        GmmsegError
            Data that the page has no use for.
        """

    @property
    def fields_in_use(self) -> tuple[str, ...]:
        """Paths of the settings that have an effect now; the others' controls are hidden."""
        return self.fields

    @abstractmethod
    def scene(self) -> Scene:
        """Return what is shown."""

    def unanswered(self) -> Scene:
        """Return what is shown while a lesson asks for a prediction: the scene without what tells it."""
        scene = self.scene()
        tables = tuple(replace(table, rows=()) for table in scene.tables)
        return replace(scene, sentence="Answer first; the figures come then.", bars=(), tables=tables)

    @property
    def ground(self) -> Data:
        """The rows that its mixtures are of."""
        return self.data

    # What is kept

    def kept(self) -> dict[str, Any]:
        """Return what data and settings do not determine, by name; `restored` takes it."""
        return {name: getattr(self, name) for name in self.kept_types()}

    @classmethod
    def kept_types(cls) -> dict[str, Any]:
        """Return the types of what is kept, by name."""
        return dict(_kept_types(cls))

    @classmethod
    def restored(cls, data: Data, settings: Any, kept: Mapping[str, Any]) -> Self:
        """Return the page with what was kept of it.

        Raises
        ------
        ValueError
            The parts do not fit together.
        """
        page = cls(data, settings, **kept)
        page.check()
        return page

    def check(self) -> None:
        """Raise ValueError where parts that come from elsewhere do not fit together."""
        n_features = self.ground.n_features
        for name in self.kept_types():
            part = getattr(self, name)
            if isinstance(part, MixtureParams) and part.n_features != n_features:
                raise ValueError(f"{name} of {part.n_features} features for rows of {n_features}")

    # What can be done

    def changed(self, path: str, value: object) -> Self:
        """Return the page with another setting; raises `SettingsError` where out of bounds."""
        return self.rebuilt(with_setting(self.settings, path, value), path)

    def rebuilt(self, settings: Any, path: str) -> Self:
        """Return the page under settings of which the one at `path` is new."""
        return replace(self, settings=settings)

    def begun_at(self, params: MixtureParams) -> Self:
        """Return the page with EM beginning at a mixture; raises `EditError` where that makes no sense."""
        raise EditError("This page does not begin at a mixture.", "Turn to EM or to Starts first.")

    def moved(self, handle: str, x: float, y: float) -> Self:
        """Return the page after a handle was dragged to (x, y)."""
        return self

    def pressed(self, x: float, y: float) -> Self:
        """Return the page after a press on an empty place of a chart that takes points."""
        return self

    def scrubbed(self, at: int) -> Self:
        """Return the page at another moment of its transport."""
        return self

    def act(self, action_id: str) -> Page:
        """Return the page after an action that is done at once; raises `EditError` if it makes no sense."""
        action = self.action(action_id)
        if action.apply is None or not action.is_possible(self):
            raise EditError(f"“{action.title.replace('&', '')}” is not possible now.")
        return action.apply(self)

    @classmethod
    def action(cls, action_id: str) -> Action:
        """Return an action by its id; raises KeyError."""
        return {action.id: action for action in cls.actions}[action_id]


@cache  # reading annotations takes long, and every frame of a drag is written to the journal
def _kept_types(kind: type[Page]) -> dict[str, Any]:
    own = {each.name for each in fields(kind)} - {"data", "settings"}
    return {name: hint for name, hint in get_type_hints(kind).items() if name in own}
