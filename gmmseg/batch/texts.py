"""An export as a command and as a Python script: texts that write the same bytes again."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal

from gmmseg.batch.again import Again, AgainFromProject, AgainInTiles, Repeatable
from gmmseg.batch.methods import AppliedModel, FittedMixture, GrownRegions, Method
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
from gmmseg.io.outputs import distinct_stems
from gmmseg.mixture.settings import Adaptation
from gmmseg.photo.classes import ClassInfo, ClassTable
from gmmseg.setting import Setting, is_settings, settings_of, value_at

Language = Literal["command", "python"]
_OPTION_KINDS: tuple[ExportKind, ...] = ("probabilities", "overlay", "model", "table", "parts", "report")
"""Kinds that have an option of their own."""
_OF_FEATURES = ("space", "has_position", "has_texture")
"""Settings that are said together: ``lab+position``."""


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
        words = ["export", _path_text(wanted.project)]
        words += ["--subject", wanted.subject] if wanted.subject != "classes" else []
        words += _output_words(wanted.items)
    else:
        images = (wanted.image,) if isinstance(wanted, AgainInTiles) else wanted.images
        words = [*_method_words(wanted.method), *map(_path_text, images)]
        words += ["--frame", str(wanted.frame + 1)] if wanted.frame else []
        if isinstance(wanted, AgainInTiles):
            words += ["-o", _path_text(wanted.output.path)]
            words += [word for each in wanted.others for word in (f"--{each.kind}", _path_text(each.path))]
            side = _pixel_side([wanted.output])
            words += [] if side is None else ["--pixel-size", str(side)]
        else:
            words += [*["--joint"] * wanted.is_joint, *_output_words(wanted.items)]
    words = ["gmmseg", *words]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


def _method_words(method: Method) -> list[str]:
    if isinstance(method, AppliedModel):
        words = [*_adaptation_words(method.adaptation), *_value_words(method.maps)]
        return ["apply", *words, _model_path(method)]
    regions = ["--method", "regions"] if isinstance(method, GrownRegions) else []
    return ["segment", *regions, *_value_words(method)]


def _adaptation_words(adaptation: Adaptation | None) -> Iterator[str]:
    if adaptation is not None:
        usual = Adaptation().relevance
        # Said where it is the usual one too: the option is what has the model adapted.
        yield from ("--adapt", str(adaptation.relevance))
        yield from _value_words(replace(adaptation, relevance=usual))


def _value_words(value: Any) -> Iterator[str]:
    """Yield the options of all settings within a method that are not at their defaults, and its classes."""
    for part in _parts(value, "command"):
        if isinstance(part, ClassTable):
            yield from (word for entry in part for word in ("--class", _class_word(entry)))
        else:
            yield from _setting_words(part)


def _setting_words(settings: Any) -> Iterator[str]:
    spec, changed = _changed(settings)
    if spec is not None:
        yield from ("--features", str(spec))
    is_auto = any(setting.path == "auto" for setting, _ in changed)
    if is_auto:
        yield from ("-k", "auto")
    for setting, value in changed:
        if is_auto and setting.takes_auto:
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
        yield from ("-o", _path_text(first.path))
        if first.kind != "mask":
            yield from ("--format", first.kind)
    used: set[str] = set()
    for item in left:
        if item.kind in _OPTION_KINDS and item.kind not in used:
            yield from (f"--{item.kind}", _path_text(item.path))
        else:
            yield from ("--also", f"{item.kind}={_path_text(item.path)}")
        used.add(item.kind)
    for name, value in _looks(items):
        option = f"--{name.replace('_', '-')}"
        if name == "display":
            # In one word: a range may begin with a minus.
            yield f"{option}=" + ",".join(":".join(map(repr, each)) for each in value)
        else:
            yield from (option,) if value is True else (option, str(value))


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
    head = _imports(wanted.method)
    if isinstance(wanted, AgainInTiles):
        return f"{head}{_tiled_call(wanted)}\n"
    if len(wanted.images) == 1:
        picture = _picture(repr(_path_text(wanted.images[0])), wanted.frame)
        body = [f"result = {_call(wanted.method, picture)}", _export_call("result", wanted.items)]
        return head + "\n".join(body) + "\n"
    pairs = [
        f"    ({_path_text(image)!r}, {stem!r}),"
        for image, stem in zip(wanted.images, distinct_stems(list(wanted.images)), strict=True)
    ]
    folders = sorted({_path_text(item.path) for item in wanted.items})
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
    said = method.maps if isinstance(method, AppliedModel) else method
    if any(isinstance(part, ClassTable) for part in _parts(said, "script")):
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
    more = [f"{item.kind}={_path_text(item.path)!r}" for item in wanted.others]
    more += [f"frame={wanted.frame}"] if wanted.frame else []
    side = _pixel_side([wanted.output])
    more += [] if side is None else [f"pixel_size={side!r}"]
    name, words = _call_words(
        wanted.method, repr(_path_text(wanted.image)), repr(_path_text(wanted.output.path))
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
    if not isinstance(method, AppliedModel):
        return "segment", [*places, *_keywords(method)]
    adapted = _adapted(method)
    adapts = [] if adapted is None else [f"adapt={adapted!r}"]
    return "apply", [repr(_model_path(method)), *places, *adapts, *_keywords(method.maps)]


def _adapted(method: AppliedModel) -> float | Adaptation | None:
    """Return how a model is adapted, by its relevance factor alone where the rest is as usual."""
    adaptation = method.adaptation
    if adaptation is None or adaptation != Adaptation(adaptation.relevance):
        return adaptation
    return adaptation.relevance


def _keywords(value: Any) -> Iterator[str]:
    """Yield the keywords of all settings within a method that are not at their defaults, and its classes."""
    for part in _parts(value, "script"):
        if isinstance(part, ClassTable):
            yield f"classes={part!r}"
            continue
        spec, changed = _changed(part)
        if spec is not None:
            yield f"features={str(spec)!r}"
        yield from (f"{_keyword(setting)}={held!r}" for setting, held in changed)


def _export_call(name: str, items: Sequence[ExportItem], *more: str, is_folder: bool = False) -> str:
    files = ", ".join(f"{item.kind!r}: {_file(item, is_folder)}" for item in items)
    looks = (f"{keyword}={value!r}" for keyword, value in _looks(items))
    return f"gmmseg.export({', '.join([name, f'{{{files}}}', *more, *looks])})"


def _file(item: ExportItem, is_folder: bool) -> str:
    if not is_folder:
        return repr(_path_text(item.path))
    return f"os.path.join({_path_text(item.path)!r}, f'{{stem}}{SUFFIXES[item.kind][0]}')"


# Both


def _path_text(path: Path) -> str:
    # Absolute, so never taken for an option.
    return os.fspath(path.absolute())


def _model_path(method: AppliedModel) -> str:
    if method.path is None:
        raise EditError("A model that is in no file cannot be named.", "Export the model, and apply it.")
    return _path_text(method.path)


def _parts(value: Any, text: str) -> Iterator[Any]:
    """Yield the settings within a method, and its classes; raises `EditError` where there is more."""
    if isinstance(value, ClassTable) or is_settings(type(value)):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from _parts(getattr(value, each.name), text)
    elif value is not None:
        raise EditError(
            f"Not all of this can be said in a {text}.", "Save the project, and export from that."
        )


def _changed(settings: Any) -> tuple[FeatureSpec | None, list[tuple[Setting, Any]]]:
    """Return the features where they are not the usual ones, and the other settings not at their defaults."""
    held = [(setting, value_at(settings, setting.path)) for setting in settings_of(type(settings))]
    changed = [(setting, value) for setting, value in held if value != setting.default]
    others = [(setting, value) for setting, value in changed if _keyword(setting) not in _OF_FEATURES]
    return (settings.features if len(others) < len(changed) else None), others


def _looks(items: Sequence[ExportItem]) -> Iterator[tuple[str, Any]]:
    """Yield how files are to look, by the keywords of `export`, as far as that is not as usual."""
    if any(item.zero_based for item in items):
        yield "zero_based", True
    # A folder gets masks in the first of their formats, which has a palette.
    masks = (
        item.palette for item in items if has_palette(item) or (item.kind == "mask" and not item.path.suffix)
    )
    if (palette := next(masks, "class")) != "class":
        yield "palette", palette
    if (opacity := next((item.overlay_opacity for item in items if item.kind == "overlay"), 0.5)) != 0.5:
        yield "opacity", opacity
    if (least := next((item.least_part for item in items if item.kind == "parts"), 1)) != 1:
        yield "min_part", least
    if (side := _pixel_side(items)) is not None:
        yield "pixel_size", side
    shown = next((item.display for item in items if item.display and item.kind in DISPLAYED_KINDS), None)
    if shown is not None and shown.channels:
        yield "display", [(float(one.low), float(one.high), one.gamma) for one in shown.channels]


def _pixel_side(items: Sequence[ExportItem]) -> float | None:
    """Return the side of a pixel that was typed."""
    sizes = (item.pixel_size for item in items if is_measured(item))
    return next((size[0] for size in sizes if size is not None), None)


def _keyword(setting: Setting) -> str:
    return setting.path.rpartition(".")[2]
