"""Import rules that the contracts in pyproject.toml cannot say: no circles, no panel knows another."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted([ROOT / "main.py", *(ROOT / "gmmseg").rglob("*.py"), *(ROOT / "ui").rglob("*.py")])


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in SOURCES}


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Return the modules that a file imports, also within functions and for types alone.

    ``from gmmseg import history`` names only ``gmmseg``, so names that are modules are returned with it.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found |= {name if name in MODULES else node.module for name in names}
    return frozenset(found)


def test_there_are_modules_to_check() -> None:
    assert {"main", "gmmseg.mixture.params", "ui.desk.job_runner"} <= set(MODULES)


WALK = """
import importlib, pkgutil, gmmseg
for module in pkgutil.walk_packages(gmmseg.__path__, "gmmseg."):
    importlib.import_module(module.name)
    print(module.name)
"""


def test_every_module_of_the_package_can_be_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WALK], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {name for name in MODULES if name.startswith("gmmseg.")} <= set(done.stdout.split())


STARTS = {"gmmseg.__main__", "gmmseg.start"}
CORE = [name for name in MODULES if name.startswith("gmmseg") and name not in STARTS]
"""Without the program's start, which chooses between the command line and the window."""


@pytest.mark.parametrize("module", CORE)
def test_the_core_imports_neither_qt_nor_the_window(module: str) -> None:
    forbidden = {"PySide6", "PyQt6", "PyQt5", "pyqtgraph", "ui", "main"}
    assert not forbidden & {name.split(".")[0] for name in imports_of(MODULES[module])}


def is_widget_module(module: str) -> bool:
    """Whether a module draws; one among the panels without Qt is data that a panel is given."""
    return any(name.startswith("PySide6") for name in imports_of(MODULES[module]))


@pytest.mark.parametrize(("desk", "least"), [("photo", 6), ("digits", 6), ("laboratory", 3)])
def test_no_panel_knows_another(desk: str, least: int) -> None:
    # What the wiring makes are the panels; other modules of the folder are what several are made of.
    wired = imports_of(MODULES[f"ui.{desk}.wiring"])
    panels = {name for name in wired if name.startswith(f"ui.{desk}.panels.") and is_widget_module(name)}
    assert len(panels) >= least
    faults = [f"{panel} imports {name}" for panel in panels for name in imports_of(MODULES[panel]) & panels]
    assert faults == []


def test_nothing_outside_the_entry_points_imports_start_or_app() -> None:
    callers = {
        module for module, path in MODULES.items() if {"main", "gmmseg.start", "ui.app"} & imports_of(path)
    }
    assert callers == {"main", *STARTS}


def test_imports_run_in_no_circle() -> None:
    graph = {
        module: {n for n in imports_of(path) if n in MODULES} - {module} for module, path in MODULES.items()
    }
    while True:
        leaves = {module for module, needs in graph.items() if not needs}
        if not leaves:
            break
        graph = {module: needs - leaves for module, needs in graph.items() if module not in leaves}
    assert graph == {}


def test_importing_the_whole_core_loads_no_qt() -> None:
    code = (
        "import importlib, sys\n"
        f"for name in {CORE!r}: importlib.import_module(name)\n"
        "forbidden = {'PySide6', 'PyQt6', 'shiboken6', 'pyqtgraph', 'ui'}\n"
        "found = [name for name in sys.modules if name.split('.')[0] in forbidden]\n"
        "sys.exit(repr(found) if found else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", ["gmmseg.start", "gmmseg.commands.cli"])
def test_what_help_needs_loads_neither_numpy_nor_qt(module: str) -> None:
    code = f"import sys, {module}; sys.exit(any(n in sys.modules for n in ('numpy', 'PySide6', 'scipy')))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
