"""Says, before Qt aborts the process, why a window cannot be opened here and what to install."""

from __future__ import annotations

import builtins
import ctypes
import importlib
import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

_PACKAGES = {
    "libEGL.so.1": ("libegl1", "libglvnd-egl"),
    "libGL.so.1": ("libgl1", "libglvnd-glx"),
    "libOpenGL.so.0": ("libopengl0", "libglvnd-opengl"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon"),
    "libxkbcommon-x11.so.0": ("libxkbcommon-x11-0", "libxkbcommon-x11"),
    "libxcb-cursor.so.0": ("libxcb-cursor0", "xcb-util-cursor"),
    "libxcb-icccm.so.4": ("libxcb-icccm4", "xcb-util-wm"),
    "libxcb-image.so.0": ("libxcb-image0", "xcb-util-image"),
    "libxcb-keysyms.so.1": ("libxcb-keysyms1", "xcb-util-keysyms"),
    "libxcb-render-util.so.0": ("libxcb-render-util0", "xcb-util-renderutil"),
    "libxcb-shape.so.0": ("libxcb-shape0", "libxcb"),
    "libxcb-xkb.so.1": ("libxcb-xkb1", "libxcb"),
    "libfontconfig.so.1": ("libfontconfig1", "fontconfig"),
    "libfreetype.so.6": ("libfreetype6", "freetype"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs"),
    "libglib-2.0.so.0": ("libglib2.0-0", "glib2"),
}
"""System libraries that PySide6's wheels expect: the package in Debian and Ubuntu, and in Fedora."""

_COMMAND_LINE = "The command line works without a window: gmmseg segment IMAGE -o MASK.png"


def why_no_window(environ: Mapping[str, str] = os.environ) -> str | None:
    """Return why no window can be opened and what to do about it, or None where one can."""
    problem = _qt_problem()
    if problem is None and sys.platform.startswith("linux"):
        problem = _display_problem(environ)
    return None if problem is None else f"{problem} {_COMMAND_LINE}"


def _qt_problem() -> str | None:
    """Import Qt, or return what hinders that."""
    own_import = builtins.__import__
    try:
        for name in ("PySide6.QtCore", "PySide6.QtGui", "PySide6.QtWidgets"):
            importlib.import_module(name)
    except ImportError as error:
        missing = _library_in(str(error))
        if missing is not None:
            return _missing_libraries([missing])
        if isinstance(error, ModuleNotFoundError):
            return "PySide6, which draws the window, is not installed: pip install PySide6-Essentials."
        return f"PySide6 is damaged ({error}): pip install --force-reinstall PySide6-Essentials."
    finally:
        # PySide's own looks for the word PySide6 in the source of every module that is imported from then on,
        # for the sake of ``from __feature__ import``, which nothing here uses.
        builtins.__import__ = own_import
    return None


def _display_problem(environ: Mapping[str, str]) -> str | None:
    """Return what hinders the platform plugin that Qt would choose."""
    wanted = environ.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    if wanted not in ("", "xcb"):
        return None
    if not wanted and environ.get("WAYLAND_DISPLAY"):
        return None
    display = environ.get("DISPLAY", "")
    if not display:
        return (
            "There is no display to open a window on: neither DISPLAY nor WAYLAND_DISPLAY is set. "
            "Start it in a desktop session, over “ssh -X”, or under xvfb-run."
        )
    return _plugin_problem() or _connection_problem(display)


def _plugin_problem() -> str | None:
    """Return which library Qt's X11 plugin misses, by loading the very file that Qt will load."""
    spec = importlib.util.find_spec("PySide6")
    if spec is None or spec.origin is None:
        return None
    plugin = Path(spec.origin).parent / "Qt" / "plugins" / "platforms" / "libqxcb.so"
    if not plugin.exists():
        return None
    try:
        ctypes.CDLL(str(plugin))
    except OSError as error:
        missing = _library_in(str(error))
        if missing is None:
            return f"Qt's X11 plugin cannot be loaded: {error}."
        # The loader names the first one only; whoever installs wants to do it once.
        others = [name for name in _PACKAGES if name != missing and not _can_load(name)]
        return _missing_libraries([missing, *others])
    return None


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _connection_problem(display: str) -> str | None:
    """Return whether the X server refuses us; Qt would abort."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return None
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(display.encode(), None)
    has_error = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if has_error:
        return (
            f"The display “{display}” (DISPLAY) does not answer or refuses access. "
            "Start it in a desktop session, over “ssh -X”, or under xvfb-run."
        )
    return None


def _library_in(message: str) -> str | None:
    """Return the shared library that a loader's message misses, if it names one."""
    name, colon, rest = message.partition(":")
    is_missing = bool(colon) and ".so" in name and "cannot open shared object file" in rest
    return name.strip() if is_missing else None


def _missing_libraries(names: list[str]) -> str:
    """Return the sentence on missing system libraries, with their packages where they are known."""
    many = len(names) > 1
    cause = f"Qt needs the system librar{'ies' if many else 'y'} {', '.join(names)}, not installed here."
    known = [_PACKAGES[name] for name in names if name in _PACKAGES]
    if not known:
        return f"{cause} Install the package that holds it."
    debian = " ".join(dict.fromkeys(debian for debian, _ in known))
    fedora = " ".join(dict.fromkeys(fedora for _, fedora in known))
    return f"{cause} Debian, Ubuntu: sudo apt install {debian}. Fedora: sudo dnf install {fedora}."
