"""An export as a command and as a Python script: texts that write the same bytes again."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal

from gmmseg.batch.content import content_hash
from gmmseg.batch.documents import Subject, check_is_there
from gmmseg.batch.methods import AppliedModel, FittedMixture, GrownRegions, MapMethod, Method
from gmmseg.colours import to_hex
from gmmseg.errors import EditError
from gmmseg.features.spec import FeatureSpec
from gmmseg.io.export_items import (
    DISPLAYED_KINDS,
    SUFFIXES,
    ZERO_BASED_KINDS,
    ExportItem,
    ExportKind,
    has_palette,
    is_measured,
)
from gmmseg.io.masks import PaletteName
from gmmseg.io.outputs import distinct_stems
from gmmseg.mixture.settings import Adaptation
from gmmseg.photo.classes import ClassInfo, ClassTable, default_classes
from gmmseg.photo.document import Document
from gmmseg.photo.given import GivenModel
from gmmseg.photo.settings import MapSettings
from gmmseg.regions.settings import RegionSettings
from gmmseg.setting import Setting, is_settings, settings_of, value_at

Language = Literal["command", "python"]
_OPTION_KINDS: tuple[ExportKind, ...] = ("probabilities", "overlay", "model", "table", "parts", "report")
"""Kinds that have an option of their own."""
_OF_FEATURES = ("space", "has_position", "has_texture")
"""Settings that are said together: ``lab+position``."""


@dataclass(frozen=True, slots=True)
class Again:
    """An export that is to be done again.

    Parameters
    ----------
    images : tuple of Path
        Of several, the path of each output is a folder.
    method : Method
        What is made of each.
    items : tuple of ExportItem
    frame : int
        Page or frame of the files, from 0.
    is_joint : bool
        Whether one mixture is fitted to all images.
    """

    images: tuple[Path, ...]
    method: Method
    items: tuple[ExportItem, ...]
    frame: int = 0
    is_joint: bool = False


@dataclass(frozen=True, slots=True)
class AgainFromProject:
    """An export that is to be done again from a project file as it is."""

    project: Path
    subject: Subject
    items: tuple[ExportItem, ...]


@dataclass(frozen=True, slots=True)
class AgainInTiles:
    """An export of a picture beyond memory that is to be done again.

    Parameters
    ----------
    image : Path
    method : Method
    output : ExportItem
        Its label image.
    others : tuple of ExportItem
        What is written beside it: probabilities, model, report.
    frame : int
        Page or frame of the file, from 0.
    """

    image: Path
    method: Method
    output: ExportItem
    others: tuple[ExportItem, ...]
    frame: int


Repeatable = Again | AgainFromProject | AgainInTiles


def again(
    document: Document, subject: Subject, items: Sequence[ExportItem], project: Path | None
) -> Repeatable:
    """Return how an export of a document can be done again.

    Parameters
    ----------
    document : Document
    subject : {"classes", "regions", "objects"}
    items : sequence of ExportItem
    project : Path, optional
        A file that holds the document as it is.

    Raises
    ------
    EditError
        Only a project can tell what was done, and there is none, or it is not saved.
    WriteError
        The image is missing.
    """
    check_is_there(document.image)
    if document.is_beyond_memory and subject == "classes":
        return _again_in_tiles(document, items)
    reason = _why_not_repeatable(document, subject, items)
    image = document.image
    given = tuple(item for item in items if item not in _own_legends(items))
    if reason is None and image is not None and image.source.path is not None:
        method = _method(document, subject, items)
        return Again((image.source.path.absolute(),), method, given, image.source.frame)
    if project is None:
        raise EditError(
            f"{reason or 'The image is in no file.'}", "Save the project; the text then exports from that."
        )
    return AgainFromProject(project.absolute(), subject, given)


def _again_in_tiles(document: Document, items: Sequence[ExportItem]) -> AgainInTiles:
    """Return how the classes of a picture beyond memory are exported again; raises `EditError`."""
    image = document.image
    if image is None or image.source.path is None:
        raise EditError("The image is in no file.", "Save it as a tiled TIFF.")
    # Its maps are of single pixels, whatever is chosen for pictures in memory.
    document = replace(document, map_settings=MapSettings(), region_settings=RegionSettings())
    reason = _why_not_repeatable(document, "classes", items)
    if reason is not None:
        raise EditError(reason, "Export the model: “gmmseg apply” writes the same classes with it.")
    labels = [item for item in items if item.kind in ("mask", "ome-zarr")]
    if len(labels) != 1:
        raise EditError(
            "A command writes one label image of a picture beyond memory, and the rest beside it.",
            "Tick either the mask or OME-Zarr.",
        )
    others = tuple(item for item in items if item.kind in ("probabilities", "model", "report"))
    path, frame = image.source.path.absolute(), image.source.frame
    return AgainInTiles(path, _method(document, "classes", items), labels[0], others, frame)


def _why_not_repeatable(document: Document, subject: Subject, items: Sequence[ExportItem]) -> str | None:
    """Return why settings and a file of the image do not give an export again; None where they do."""
    fit, wants_table = document.fit, any(item.kind == "table" for item in items)
    if subject == "objects":
        return "Objects are made by hand."
    if subject == "regions" and document.is_beyond_memory:
        return "Regions of a picture beyond memory are those of its overview."
    cut, usual = document.region_settings, RegionSettings()
    by_region = subject == "classes" and document.map_settings.by == "region"
    has_two_cuts = cut.n_regions is not None and cut.detail != usual.detail
    if subject == "regions" or by_region:
        if has_two_cuts and any(item.kind == "report" for item in items):
            return "The report holds a detail that the number of regions makes void."
        if by_region and cut.seed != usual.seed:
            return "Regions and mixture have two seeds."
    needs_fit = subject == "classes" or (wants_table and fit is not None)
    if needs_fit and fit is not None:
        if fit.given is not None:
            return _why_not_applicable(document, fit.given, items)
        if fit.result.stop_reason == "stopped":
            return "The fit was stopped before its end."
        if fit.is_merged:
            return "Components were united by hand."
        if fit.hints is not None:
            return "The classes were taught by objects."
        if subject == "regions" and fit.settings.mixture.seed != document.region_settings.seed:
            return "Regions and mixture have two seeds."
    return None


def _why_not_applicable(document: Document, given: GivenModel, items: Sequence[ExportItem]) -> str | None:
    """Return why a model that is given, from its file, does not give an export again."""
    if given.adaptation is None and any(item.kind == "model" for item in items):
        return "The command that applies a model writes it again only where it is adapted."
    if document.classes != given.model.classes:
        return "The classes are no longer those of the model."
    if given.path is None or content_hash(given.path) != given.sha256:
        return "The model's file is not as it was when it was applied."
    return None


def _method(document: Document, subject: Subject, items: Sequence[ExportItem]) -> Method:
    fit, maps = document.fit, _map_method(document)
    given = None if fit is None else fit.given
    if given is not None and subject == "classes":
        return AppliedModel(given.model, given.adaptation, maps, given.path)
    mixture = None
    if fit is not None and given is None:
        classes = document.classes
        is_usual = classes == default_classes(classes.n_components)
        mixture = FittedMixture(fit.settings, None if is_usual else classes, maps=maps)
    if subject == "regions":
        wants_table = any(item.kind == "table" for item in items)
        by_pixel = None if mixture is None else replace(mixture, maps=MapMethod())
        return GrownRegions(document.region_settings, by_pixel if wants_table else None)
    if mixture is None:
        raise EditError("There is no finished fit to export.", "Fit the image first.")
    return mixture


def _map_method(document: Document) -> MapMethod:
    maps = document.map_settings
    if maps.by == "region":
        return MapMethod(maps, document.region_settings)
    return MapMethod(replace(maps, balance=MapSettings().balance))


def _own_legends(items: Sequence[ExportItem]) -> list[ExportItem]:
    """Return the legends that are written without being asked for, beside .npy masks."""
    beside = {item.path.with_name(f"{item.path.name}.json") for item in items if item.kind == "mask"}
    return [item for item in items if item.kind == "legend" and item.path in beside]


def text_of(language: Language, wanted: Repeatable) -> str:
    """Return the text in one of the two languages; raises `EditError` where it has no words for something."""
    return command_text(wanted) if language == "command" else python_text(wanted)


# As a command


def command_text(wanted: Repeatable) -> str:
    """Return the command line that writes the files of an export again, quoted for this system's shell.

    Raises
    ------
    EditError
        Something has no option.
    """
    if isinstance(wanted, AgainFromProject):
        words = ["export", _path_word(wanted.project)]
        words += ["--subject", wanted.subject] if wanted.subject != "classes" else []
        words += _output_words(wanted.items)
    elif isinstance(wanted, AgainInTiles):
        words = [*_method_words(wanted.method), _path_word(wanted.image)]
        words += ["--frame", str(wanted.frame + 1)] if wanted.frame else []
        words += ["-o", _path_word(wanted.output.path)]
        words += [word for each in wanted.others for word in (f"--{each.kind}", _path_word(each.path))]
        _, side = _measuring([wanted.output])
        words += [] if side is None else ["--pixel-size", repr(side)]
    else:
        words = [*_method_words(wanted.method), *map(_path_word, wanted.images)]
        words += ["--frame", str(wanted.frame + 1)] if wanted.frame else []
        words += ["--joint"] * wanted.is_joint
        words += _output_words(wanted.items)
    words = ["gmmseg", *words]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _path_word(path: Path) -> str:
    # Absolute, so never taken for an option.
    return os.fspath(path.absolute())


def _method_words(method: Method) -> list[str]:
    if isinstance(method, FittedMixture):
        return ["segment", *_value_words(method)]
    if isinstance(method, GrownRegions):
        return ["segment", "--method", "regions", *_value_words(method)]
    if isinstance(method, AppliedModel) and method.path is not None:
        words = [*_adaptation_words(method.adaptation), *_value_words(method.maps)]
        return ["apply", *words, _path_word(method.path)]
    raise EditError("A model that is in no file cannot be named.", "Export the model, and apply it.")


def _adaptation_words(adaptation: Adaptation | None) -> Iterator[str]:
    if adaptation is not None:
        usual = Adaptation().relevance
        # Said where it is the usual one too: the option is what has the model adapted.
        yield from ("--adapt", str(adaptation.relevance))
        yield from _value_words(replace(adaptation, relevance=usual))


def _value_words(value: Any) -> Iterator[str]:
    """Yield the options of all settings within a method that are not at their defaults, and its classes."""
    if value is None:
        return
    if isinstance(value, ClassTable):
        for entry in value:
            yield from ("--class", _class_word(entry))
    elif is_settings(type(value)):
        yield from _setting_words(value)
    elif is_dataclass(value):
        for each in fields(value):
            yield from _value_words(getattr(value, each.name))
    else:
        raise EditError(
            "Not all of this can be said in a command.", "Save the project, and export from that."
        )


def _setting_words(settings: Any) -> Iterator[str]:
    changed = _changed(settings)
    if any(_keyword(setting) in _OF_FEATURES for setting, _ in changed):
        yield from ("--features", str(_spec(settings)))
    is_auto = any(setting.path == "auto" for setting, _ in changed)
    if is_auto:
        yield from ("-k", "auto")
    for setting, value in changed:
        if _keyword(setting) in _OF_FEATURES or (is_auto and setting.takes_auto):
            continue
        if setting.path == "detail" and settings.n_regions is not None:
            # The number alone decides.
            continue
        if not setting.option:
            raise EditError(f"{setting.title} cannot be said in a command.", "Save the project.")
        name = setting.option.split()[-1]
        if setting.kind == "bool":
            yield name
        else:
            yield from (name, "auto" if value is None else str(value))


def _class_word(entry: ClassInfo) -> str:
    view = ("shown" if entry.is_visible else "hidden") + "+locked" * entry.is_locked
    parts = "+".join(map(str, entry.components))
    return f"{entry.id}:{parts}:{to_hex(entry.colour)}:{view}:{entry.name}"


def _output_words(items: Sequence[ExportItem]) -> Iterator[str]:
    left = list(items)
    first = _first(left)
    if first is not None:
        left.remove(first)
        yield from ("-o", _path_word(first.path))
        if first.kind != "mask":
            yield from ("--format", first.kind)
    used: set[str] = set()
    for item in left:
        if item.kind in _OPTION_KINDS and item.kind not in used:
            yield from (f"--{item.kind}", _path_word(item.path))
        else:
            yield from ("--also", f"{item.kind}={_path_word(item.path)}")
        used.add(item.kind)
    if any(item.zero_based for item in items):
        yield "--zero-based"
    palette, opacity = _looks(items)
    if palette != "class":
        yield from ("--palette", palette)
    if opacity != 0.5:
        yield from ("--opacity", repr(opacity))
    least, side = _measuring(items)
    if least != 1:
        yield from ("--min-part", str(least))
    if side is not None:
        yield from ("--pixel-size", repr(side))
    shown = _shown_ranges(items)
    if shown:
        # In one word: a range may begin with a minus.
        yield "--display=" + ",".join(":".join(map(repr, each)) for each in shown)


def _first(items: Sequence[ExportItem]) -> ExportItem | None:
    """Return what OUT is: a mask, else what takes 0-based values, else what has no option of its own."""
    ranked = [item for item in items if item.kind not in _OPTION_KINDS]
    ranked.sort(key=lambda item: (item.kind != "mask", item.kind not in ZERO_BASED_KINDS))
    return ranked[0] if ranked else None


# As a script


def python_text(wanted: Repeatable) -> str:
    """Return the Python script that writes the files of an export again; raises `EditError`."""
    if isinstance(wanted, AgainFromProject):
        project = f"project = gmmseg.open_project({os.fspath(wanted.project)!r})"
        call = _export_call("project", wanted.items, f"subject={wanted.subject!r}")
        return f"import gmmseg\n\n{project}\n{call}\n"
    if isinstance(wanted, AgainInTiles):
        return f"{_imports(wanted.method)}{_tiled_call(wanted)}\n"
    head = _imports(wanted.method)
    if len(wanted.images) == 1:
        picture = _picture(repr(_path_word(wanted.images[0])), wanted.frame)
        body = [f"result = {_call(wanted.method, picture)}", _export_call("result", wanted.items)]
        return head + "\n".join(body) + "\n"
    pairs = [
        f"    ({_path_word(image)!r}, {stem!r}),"
        for image, stem in zip(wanted.images, distinct_stems(list(wanted.images)), strict=True)
    ]
    folders = sorted({_path_word(item.path) for item in wanted.items})
    body = [
        f"for folder in {folders!r}:", "    os.makedirs(folder, exist_ok=True)",
        "pictures = [", *pairs, "]",
        *_joint_lines(wanted), "for path, stem in pictures:",
        f"    result = {_call_within(wanted)}",
        f"    {_export_call('result', wanted.items, is_folder=True)}",
    ]  # fmt: skip
    return "import os\n\n" + head + "\n".join(body) + "\n"


def _imports(method: Method) -> str:
    """Return the lines that import what the call of a method names."""
    imports = ["import gmmseg"]
    if any(isinstance(value, ClassTable) for value in _values(method)):
        imports.append("from gmmseg.photo.classes import ClassInfo, ClassTable")
    if isinstance(method, AppliedModel) and isinstance(_adapted(method), Adaptation):
        imports.append("from gmmseg.mixture.settings import Adaptation")
    return "\n".join(imports) + "\n\n"


def _tiled_call(wanted: AgainInTiles) -> str:
    """Return the call that writes the maps of a picture beyond memory; raises `EditError`."""
    if any(item.kind != "probabilities" for item in wanted.others):
        raise EditError(
            "A script writes no model and no report of a picture beyond memory.",
            "Leave them out, or copy the command.",
        )
    more = [f"{item.kind}={_path_word(item.path)!r}" for item in wanted.others]
    more += [f"frame={wanted.frame}"] if wanted.frame else []
    _, side = _measuring([wanted.output])
    more += [] if side is None else [f"pixel_size={side!r}"]
    name, words = _call_words(
        wanted.method, repr(_path_word(wanted.image)), repr(_path_word(wanted.output.path))
    )
    return f"gmmseg.{name}_tiles({', '.join([*words, *more])})"


def _joint_lines(wanted: Again) -> list[str]:
    if not (wanted.is_joint and isinstance(wanted.method, FittedMixture)):
        return []
    words = ["[path for path, _ in pictures]", *_keywords(wanted.method.settings)]
    return [f"model = gmmseg.fit_joint({', '.join(words)})"]


def _call_within(wanted: Again) -> str:
    """Return the call that makes the result of one of several pictures."""
    picture = _picture("path", wanted.frame)
    if wanted.is_joint and isinstance(wanted.method, FittedMixture):
        return f"gmmseg.apply({', '.join(['model', picture, *_keywords(wanted.method.maps)])})"
    return _call(wanted.method, picture)


def _values(method: Any) -> Iterator[Any]:
    for each in fields(method):
        value = getattr(method, each.name)
        yield value
        if is_dataclass(value) and not is_settings(type(value)) and not isinstance(value, ClassTable):
            yield from _values(value)


def _picture(path: str, frame: int) -> str:
    return f"gmmseg.read_image({path}, frame={frame})" if frame else path


def _call(method: Method, picture: str) -> str:
    if isinstance(method, GrownRegions):
        call = f"gmmseg.regions({', '.join([picture, *_keywords(method.settings)])})"
        return call if method.mixture is None else f"{call}.with_mixture({_call(method.mixture, picture)})"
    name, words = _call_words(method, picture)
    return f"gmmseg.{name}({', '.join(words)})"


def _call_words(method: Method, *places: str) -> tuple[str, list[str]]:
    """Return the function that a mixture is fitted or applied by, and its arguments, `places` among them."""
    if isinstance(method, FittedMixture):
        return "segment", [*places, *_keywords(method)]
    if isinstance(method, AppliedModel) and method.path is not None:
        adapted = _adapted(method)
        adapts = [] if adapted is None else [f"adapt={adapted!r}"]
        return "apply", [repr(_path_word(method.path)), *places, *adapts, *_keywords(method.maps)]
    raise EditError("A model that is in no file cannot be named.", "Export the model, and apply it.")


def _adapted(method: AppliedModel) -> float | Adaptation | None:
    """Return how a model is adapted, by its relevance factor alone where the rest is as usual."""
    adaptation = method.adaptation
    if adaptation is None or adaptation != Adaptation(adaptation.relevance):
        return adaptation
    return adaptation.relevance


def _keywords(value: Any) -> Iterator[str]:
    """Yield the keywords of all settings within a method that are not at their defaults, and its classes."""
    if value is None:
        return
    if isinstance(value, ClassTable):
        yield f"classes={value!r}"
    elif is_settings(type(value)):
        changed = _changed(value)
        if any(_keyword(setting) in _OF_FEATURES for setting, _ in changed):
            yield f"features={str(_spec(value))!r}"
        for setting, held in changed:
            if _keyword(setting) not in _OF_FEATURES:
                yield f"{_keyword(setting)}={held!r}"
    elif is_dataclass(value):
        for each in fields(value):
            yield from _keywords(getattr(value, each.name))
    else:
        raise EditError("Not all of this can be said in a script.", "Save the project, and export from that.")


def _export_call(name: str, items: Sequence[ExportItem], *more: str, is_folder: bool = False) -> str:
    files = ", ".join(f"{item.kind!r}: {_file(item, is_folder)}" for item in items)
    words = [name, f"{{{files}}}", *more]
    if any(item.zero_based for item in items):
        words.append("zero_based=True")
    palette, opacity = _looks(items)
    if palette != "class":
        words.append(f"palette={palette!r}")
    if opacity != 0.5:
        words.append(f"opacity={opacity!r}")
    least, side = _measuring(items)
    if least != 1:
        words.append(f"min_part={least}")
    if side is not None:
        words.append(f"pixel_size={side!r}")
    shown = _shown_ranges(items)
    if shown:
        words.append(f"display={shown!r}")
    return f"gmmseg.export({', '.join(words)})"


def _file(item: ExportItem, is_folder: bool) -> str:
    if not is_folder:
        return repr(_path_word(item.path))
    return f"os.path.join({_path_word(item.path)!r}, f'{{stem}}{SUFFIXES[item.kind][0]}')"


# Both


def _measuring(items: Sequence[ExportItem]) -> tuple[int, float | None]:
    """Return the smallest part that is listed, and the side of a pixel that was typed."""
    least = next((item.least_part for item in items if item.kind == "parts"), 1)
    sizes = [item.pixel_size for item in items if is_measured(item)]
    return least, next((size[0] for size in sizes if size is not None), None)


def _shown_ranges(items: Sequence[ExportItem]) -> list[tuple[float, float, float]]:
    """Return low, high and gamma of each channel as the photo is shown; none where that is automatic."""
    found = next((each.display for each in items if each.display and each.kind in DISPLAYED_KINDS), None)
    return [] if found is None else [(float(one.low), float(one.high), one.gamma) for one in found.channels]


def _changed(settings: Any) -> list[tuple[Setting, Any]]:
    """Return the settings that are not at their defaults, and their values."""
    held = [(setting, value_at(settings, setting.path)) for setting in settings_of(type(settings))]
    return [(setting, value) for setting, value in held if value != setting.default]


def _looks(items: Sequence[ExportItem]) -> tuple[PaletteName, float]:
    """Return the palette of the masks and the opacity of the overlays, the usual ones where there is none."""
    # A folder gets masks in the first of their formats, which has a palette.
    masks = (
        item.palette for item in items if has_palette(item) or (item.kind == "mask" and not item.path.suffix)
    )
    overlays = (item.overlay_opacity for item in items if item.kind == "overlay")
    return next(masks, "class"), next(overlays, 0.5)


def _keyword(setting: Setting) -> str:
    return setting.path.rpartition(".")[2]


def _spec(settings: Any) -> FeatureSpec:
    spec: FeatureSpec = settings.features
    return spec
