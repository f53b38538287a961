"""The message that says why no window can be opened and what to install, instead of Qt's abort."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ui import platform_check

ROOT = Path(__file__).parents[2]
CLEAN = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")}


def start(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "main.py")],
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == 1
    assert not done.stdout
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def fake_qt(folder: Path, code: str) -> dict[str, str]:
    """Return an environment in which importing PySide6 runs `code`."""
    package = folder / "PySide6"
    package.mkdir()
    (package / "__init__.py").write_text(code)
    return {**CLEAN, "PYTHONPATH": str(folder), "QT_QPA_PLATFORM": "offscreen"}


needs_x11 = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="displays are named so on X11 only"
)


@needs_x11
def test_without_a_display_the_message_says_so() -> None:
    assert_refused(start(CLEAN), "no display", "xvfb-run", "gmmseg segment")


@needs_x11
def test_a_display_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    # Without the plugin's own libraries, which the machine that tests may lack.
    monkeypatch.setattr(platform_check, "_plugin_problem", lambda: None)
    problem = platform_check.why_no_window({"DISPLAY": ":4711"})
    assert problem is not None
    assert ":4711" in problem


@needs_x11
def test_with_a_dead_display_the_process_ends_with_one_message_not_an_abort() -> None:
    assert_refused(start({**CLEAN, "DISPLAY": ":4711"}))


@needs_x11
def test_libraries_that_only_the_x11_plugin_needs_are_all_named_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def load(name: str) -> None:
        if name.endswith("libqxcb.so"):
            raise OSError("libxcb-cursor.so.0: cannot open shared object file: No such file or directory")
        if name in ("libxcb-cursor.so.0", "libxcb-icccm.so.4"):
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(ctypes, "CDLL", load)
    problem = platform_check.why_no_window({"DISPLAY": ":0"})
    assert problem is not None
    assert "apt install libxcb-cursor0 libxcb-icccm4." in problem
    assert "dnf install xcb-util-cursor xcb-util-wm." in problem


def test_where_a_window_can_be_opened_nothing_is_said() -> None:
    assert platform_check.why_no_window({"QT_QPA_PLATFORM": "offscreen"}) is None


def test_without_pyside_the_message_says_what_to_install(tmp_path: Path) -> None:
    environ = fake_qt(tmp_path, "raise ModuleNotFoundError(\"No module named 'PySide6'\")")
    assert_refused(start(environ), "pip install PySide6-Essentials")


@pytest.mark.parametrize(
    ("library", "debian", "fedora"),
    [
        ("libEGL.so.1", "libegl1", "libglvnd-egl"),
        ("libxkbcommon.so.0", "libxkbcommon0", "libxkbcommon"),
        ("libxcb-cursor.so.0", "libxcb-cursor0", "xcb-util-cursor"),
    ],
)
def test_a_missing_system_library_is_named_with_its_packages(
    tmp_path: Path, library: str, debian: str, fedora: str
) -> None:
    message = f"{library}: cannot open shared object file: No such file or directory"
    environ = fake_qt(tmp_path, f"raise ImportError({message!r})")
    assert_refused(start(environ), library, f"apt install {debian}", f"dnf install {fedora}")


def test_an_unknown_missing_library_is_named(tmp_path: Path) -> None:
    message = "libweird.so.7: cannot open shared object file: No such file or directory"
    assert_refused(start(fake_qt(tmp_path, f"raise ImportError({message!r})")), "libweird.so.7")


def test_sources_of_modules_are_not_read_once_qt_is_there() -> None:
    script = (
        "import builtins, linecache; from ui.platform_check import why_no_window\n"
        "own = builtins.__import__; why_no_window(); print(builtins.__import__ is own)\n"
        "held = len(linecache.cache); import gmmseg.photo.document; print(len(linecache.cache) == held)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**CLEAN, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        timeout=60,
        cwd=ROOT,
    )
    assert done.stdout.split() == ["True", "True"], done.stderr
