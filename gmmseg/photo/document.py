"""Document: the whole undoable state, immutable, and its edits as pure functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gmmseg.colours import Colour
from gmmseg.display import Display
from gmmseg.editing.editor import Edit
from gmmseg.features.colour import suited_space
from gmmseg.frames.settings import BackgroundSettings
from gmmseg.image import Image, PixelSize
from gmmseg.mixture.params import FitResult
from gmmseg.mixture.selection import choice_words
from gmmseg.mixture.settings import Adaptation
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.field import Field, whole_field
from gmmseg.photo.given import GivenModel
from gmmseg.photo.model import Model
from gmmseg.photo.objects.hints import Hints, hints_of
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.objects.patch import Patch
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.selection.prompts import Box, Prompt
from gmmseg.setting import settings_of, with_setting


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fit in a document and what it was made from.

    ``result.params`` and ``model.params`` are the same; the model adds features and standardisation. Its own
    class table is the default one, or what was taught: the document's `classes` are what the user sees and
    exports.
    """

    result: FitResult
    model: Model
    image: Image
    settings: SegmentSettings
    seconds: dict[str, float]
    """Duration of each stage: ``features``, ``fit``, ``label``."""
    hints: Hints | None = None
    """Marks by which the classes were taught, if they were."""
    given: GivenModel | None = None
    """The model that was applied, where the mixture was not fitted."""
    is_merged: bool = False
    """Whether components were united by hand, so that the settings alone do not give it."""

    @property
    def choices(self) -> tuple[str, ...]:
        """Choices that the program made, a sentence each."""
        return () if self.settings.auto is None else (choice_words(self.result.params.n_components),)


@dataclass(frozen=True, slots=True, eq=False)
class SizeStep:
    """The next larger (1) or smaller (-1) of the sizes that the prompts before it could mean."""

    by: int


Act = Prompt | SizeStep


@dataclass(frozen=True, slots=True, eq=False)
class PendingSelection:
    """Prompts so far of an object that is being selected.

    Parameters
    ----------
    acts : tuple of Act
        In the order given.
    box : (x0, y0, x1, y1), optional
        Half-open.
    object_id : int, optional
        The object that is being corrected.
    base : Patch, optional
        Its pixels before, as far as the field goes.
    field : Field, optional
        In whose pixels prompts and box are; None is all of the image.
    adds : bool
        The first prompt selects as if there were no base, and that is added to it; else it corrects the base.
    """

    acts: tuple[Act, ...] = ()
    box: Box | None = None
    object_id: int | None = None
    base: Patch | None = None
    field: Field | None = None
    adds: bool = False


FIRST_MAP = MapSettings(by="region")
"""Settings of a document's first map of classes: it agrees best with what people see."""
FIRST_BACKGROUND = BackgroundSettings()


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """An image, how it is to be segmented and cut into regions, the last fit, its classes, and the objects.

    The objects are the person's own: no fit, no setting and no cut changes them.
    """

    image: Image | None = None
    settings: SegmentSettings = field(default_factory=SegmentSettings)
    fit: Fit | None = None
    classes: ClassTable = field(default_factory=ClassTable)
    region_settings: RegionSettings = field(default_factory=RegionSettings)
    map_settings: MapSettings = FIRST_MAP
    background_settings: BackgroundSettings = FIRST_BACKGROUND
    """Of the background that moving things are told from, where the image is a frame of a stack."""
    display: Display | None = None
    """The automatic one where None."""
    typed_pixel_size: float | None = None
    """Side of a pixel in micrometres, said by a person; None leaves it to the image's file."""
    objects: ObjectMap | None = None
    """None before the first object."""
    pending: PendingSelection | None = None
    given: GivenModel | None = None
    """A model that labels the image instead of a fit; `settings` are then those that it holds."""

    @property
    def object_map(self) -> ObjectMap:
        """The objects, or an empty map of the picture; raises ValueError without an image."""
        if self.objects is not None:
            return self.objects
        if self.image is None:
            raise ValueError("there is no image to mark objects in")
        return ObjectMap.empty(self.image.picture_shape)

    @property
    def objects_in_image(self) -> ObjectMap | None:
        """The objects in the image's own pixels: of a picture beyond memory as they are in its overview."""
        objects, image = self.objects, self.image
        if objects is None or image is None or objects.shape == (image.height, image.width):
            return objects
        return objects.sampled(image.step_of_levels, (image.height, image.width))

    def field_of(self, pending: PendingSelection) -> Field:
        """Return the field that prompts are in; raises ValueError without an image."""
        if pending.field is not None:
            return pending.field
        if self.image is None:
            raise ValueError("there is no image to select in")
        return whole_field(self.image)

    @property
    def is_beyond_memory(self) -> bool:
        """Whether the image is the overview of a picture that is worked on in tiles."""
        return self.image is not None and self.image.levels is not None

    @property
    def hints(self) -> Hints | None:
        """Marks that teach the classes, where the settings say so and something is marked."""
        return None if self.settings.learns_from is None else hints_of(self.objects)

    @property
    def pixel_size(self) -> PixelSize | None:
        """Width and height of a pixel in micrometres, where they are known."""
        typed = self.typed_pixel_size
        if typed is not None and 0 < typed < math.inf:
            side = typed * (1 if self.image is None else self.image.step_of_levels)
            return side, side
        return None if self.image is None else self.image.pixel_size

    @property
    def pixel_size_of_objects(self) -> PixelSize | None:
        """Width and height of a pixel of the picture in micrometres, where they are known."""
        size, image = self.pixel_size, self.image
        step = 1 if image is None else image.step_of_levels
        return None if size is None or image is None else (size[0] / step, size[1] / step)

    @property
    def is_stale(self) -> bool:
        """Whether the fit was made from another image, settings, model or hints than there are now."""
        if self.image is None:
            return False
        return not self.has_fit_of_settings or (self.fit is not None and self.fit.hints != self.hints)

    @property
    def has_fit_of_settings(self) -> bool:
        """Whether the fit was made from this image and these settings, whatever has been marked since."""
        fit = self.fit
        return (
            fit is not None
            and fit.image is self.image
            and fit.settings == self.settings
            and fit.given == self.given
        )


def can_compare(one: Document, other: Document) -> bool:
    """Whether criteria of fits of the two compare: whether nothing differs but K and what follows a fit."""
    default = SegmentSettings()
    first, second = (
        replace(
            document.settings,
            mixture=replace(document.settings.mixture, n_components=default.mixture.n_components),
            auto=default.auto,
            smooth=default.smooth,
        )
        for document in (one, other)
    )
    return one.image is other.image and first == second


def n_bytes_added(before: Document, after: Document) -> int:
    """Return about how many bytes a document takes that an earlier one of the same image does not."""
    n_bytes = 0
    if after.objects is not None and after.objects is not before.objects:
        old = before.objects or ObjectMap.empty(after.objects.shape)
        n_bytes += after.objects.ids.n_bytes_beside(old.ids)
    if after.fit is not None and after.fit is not before.fit:
        n_bytes += after.fit.result.n_bytes
    pending = after.pending
    if pending is not None and pending.base is not None and pending is not before.pending:
        n_bytes += pending.base.mask.nbytes
    return n_bytes


def open_image(image: Image) -> Edit[Document]:
    """Return the edit that shows another image; the fit and the objects of the old one go.

    The settings stay, but for a colour space that needs channels the image does not have, teaching, since
    what taught were the objects, and smoothing where the image is beyond memory. A model that is given stays
    where it suits the image.
    """

    def apply(document: Document) -> Document:
        space = suited_space(document.settings.features.space, image)
        settings = with_setting(document.settings, "features.space", space)
        settings = with_setting(settings, "learns_from", None)
        if image.levels is not None:
            settings = with_setting(settings, "smooth", 0.0)
        return replace(
            document,
            image=image,
            settings=settings,
            given=document.given if document.given is not None and document.given.suits(image) else None,
            fit=None,
            classes=ClassTable(),
            objects=None,
            pending=None,
            display=None,
            typed_pixel_size=None,
        )

    return Edit(f"Open {image.source.name}", apply)


def open_part(image: Image, given: GivenModel | None) -> Edit[Document]:
    """Return the edit that goes on with a part of a picture beyond memory as an image by itself.

    With a model it is labelled as the whole is, else it is fitted.
    """

    def apply(document: Document) -> Document:
        opened = open_image(image).apply(replace(document, given=None))
        return opened if given is None else replace(opened, settings=given.settings, given=given)

    return Edit(f"Work on {image.source.name}", apply)


_SETTINGS: dict[str, type] = {
    "settings": SegmentSettings,
    "region_settings": RegionSettings,
    "map_settings": MapSettings,
    "background_settings": BackgroundSettings,
}
"""The groups of settings of a document; no path is in two of them."""


def change_setting(path: str, value: Any, title: str) -> Edit[Document]:
    """Return the edit that sets one setting of any group; it raises `SettingsError` when out of bounds.

    With one of the segmentation a model that was given goes: from then on the mixture is fitted.
    """
    groups = {setting.path: name for name, kind in _SETTINGS.items() for setting in settings_of(kind)}
    name = groups.get(path, "settings")

    def apply(document: Document) -> Document:
        changed: dict[str, Any] = {name: with_setting(getattr(document, name), path, value)}
        if name == "settings":
            changed["given"] = None
        return replace(document, **changed)

    return Edit(title, apply, merge_key=f"setting {path}")


def apply_model(given: GivenModel, title: str) -> Edit[Document]:
    """Return the edit that labels the image, and the next ones, with a model instead of fitting."""
    return Edit(title, lambda document: replace(document, settings=given.settings, given=given))


def adapt_model(adaptation: Adaptation | None, title: str) -> Edit[Document]:
    """Return the edit that adapts the model that is given in another way; None applies it as it is."""

    def apply(document: Document) -> Document:
        given = document.given
        return document if given is None else replace(document, given=replace(given, adaptation=adaptation))

    return Edit(title, apply, merge_key="adaptation")


def fit_instead(title: str) -> Edit[Document]:
    """Return the edit that fits a mixture like the model that was given, which goes."""
    return Edit(title, lambda document: replace(document, given=None))


def change_display(display: Display | None, title: str) -> Edit[Document]:
    """Return the edit that shows the image in another range; None is the automatic one."""
    return Edit(title, lambda document: replace(document, display=display), merge_key="display")


def set_pixel_size(size: float | None) -> Edit[Document]:
    """Return the edit that says how large a pixel is, micrometres; None leaves it to the file."""
    return Edit("Pixel size", lambda document: replace(document, typed_pixel_size=size), "pixel size")


def reset_settings(title: str) -> Edit[Document]:
    """Return the edit that sets everything, of segmentation, map, regions and background, as at first."""
    return Edit(
        title,
        lambda document: replace(
            document,
            settings=SegmentSettings(),
            region_settings=RegionSettings(),
            map_settings=FIRST_MAP,
            background_settings=FIRST_BACKGROUND,
            given=None,
        ),
    )


def with_fit(document: Document, fit: Fit, classes: ClassTable) -> Document:
    """Return the document with a finished fit; not an edit: it belongs to the edit that asked for it."""
    return replace(document, fit=fit, classes=classes)


def _on_classes(
    title: str, change: Callable[[ClassTable], ClassTable], merge_key: str | None = None
) -> Edit[Document]:
    return Edit(title, lambda document: replace(document, classes=change(document.classes)), merge_key)


def rename_class(wanted: int, name: str) -> Edit[Document]:
    """Return the edit that names a class."""
    return _on_classes(f"Rename to {name}", lambda table: table.changed(wanted, name=name))


def recolour_classes(ids: Sequence[int], colour: Colour) -> Edit[Document]:
    """Return the edit that gives classes another colour."""
    return _on_classes(
        "Recolour class", lambda table: table.changed(*ids, colour=colour, has_own_colour=True)
    )


def show_classes(ids: Sequence[int], is_visible: bool) -> Edit[Document]:
    """Return the edit that shows or hides classes."""
    title = "Show class" if is_visible else "Hide class"
    return _on_classes(title, lambda table: table.changed(*ids, is_visible=is_visible))


def solo_class(wanted: int) -> Edit[Document]:
    """Return the edit that shows one class alone, or all again."""
    return _on_classes("Solo class", lambda table: table.solo(wanted))


def lock_classes(ids: Sequence[int], is_locked: bool) -> Edit[Document]:
    """Return the edit that locks or unlocks classes."""
    title = "Lock class" if is_locked else "Unlock class"
    return _on_classes(title, lambda table: table.changed(*ids, is_locked=is_locked))


def merge_classes(ids: Sequence[int]) -> Edit[Document]:
    """Return the edit that unites classes; their posteriors add up, the mixture stays."""
    return _on_classes("Merge classes", lambda table: table.merged(ids))


def split_class(wanted: int) -> Edit[Document]:
    """Return the edit that takes a merged class apart."""
    return _on_classes("Split class", lambda table: table.split(wanted))


def move_class(wanted: int, to: int) -> Edit[Document]:
    """Return the edit that moves a class to another display position."""
    return _on_classes("Reorder classes", lambda table: table.moved(wanted, to))
