"""The installed program: what a wheel puts where, starting in hostile folders, and the package's own face."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import gmmseg

ROOT = Path(__file__).parents[2]


def run(*arguments: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**kept, **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python part of a wheel, laid out as it is installed."""
    pytest.importorskip("setuptools", "64", reason="setuptools, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("installed")
    built = run(
        "setup.py",
        "-q",
        "egg_info",
        "--egg-base",
        str(folder),
        "build_py",
        "-d",
        str(folder / "site"),
        folder=ROOT,
    )
    assert built.returncode == 0, built.stderr
    return folder / "site"


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A folder with a main.py, a ui and an assets of its own, none of which may be imported."""
    (tmp_path / "main.py").write_text("raise SystemExit('not this main')")
    for name in ("ui", "assets"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('not this {name}')")
    return tmp_path


def test_a_wheel_takes_one_name_and_brings_all_that_is_read(site: Path) -> None:
    assert [path.name for path in site.iterdir()] == ["gmmseg"]
    inside = site / "gmmseg"
    for package, source in ((inside, ROOT / "gmmseg"), (inside / "_window" / "ui", ROOT / "ui")):
        sources = {path.relative_to(source) for path in source.rglob("*") if is_shipped(path)}
        assert sources <= {path.relative_to(package) for path in package.rglob("*")}
    icons = {path.name for path in (ROOT / "assets" / "icons").iterdir()}
    assert {path.name for path in (inside / "_window" / "assets" / "icons").iterdir()} == icons


def is_shipped(path: Path) -> bool:
    return (
        path.is_file() and "__pycache__" not in path.parts and path.suffix not in (".c", ".h", ".so", ".pyd")
    )


STARTS = {
    "python -m gmmseg": ("-m", "gmmseg"),
    "gmmseg": ("-c", "import sys; from gmmseg.start import main; sys.exit(main())"),
}


@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS)
def test_the_installed_program_starts_beside_other_peoples_main_ui_and_assets(
    site: Path, hostile: Path, start: tuple[str, ...]
) -> None:
    helped = run(*start, "--help", folder=hostile, PYTHONPATH=str(site))
    assert (helped.returncode, helped.stderr) == (0, "")
    window = run(*start, folder=hostile, PYTHONPATH=str(site), QT_QPA_PLATFORM="xcb")
    assert window.returncode == 1
    assert "not this" not in window.stderr
    assert window.stderr.startswith("gmmseg: ")
    assert "gmmseg segment IMAGE" in window.stderr


@pytest.mark.slow
def test_the_installed_window_finds_its_own_modules_and_icons(site: Path, hostile: Path) -> None:
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    code = (
        "import sys, gmmseg.start as start; from pathlib import Path\n"
        "start._find_window()\n"
        "import ui.app, ui.theme\n"
        "print(Path(ui.app.__file__).parents[1], len(list(ui.theme.ICON_FOLDER.glob('*.svg'))) > 40)\n"
    )
    done = run("-c", code, folder=hostile, PYTHONPATH=str(site))
    assert done.stdout == f"{site / 'gmmseg' / '_window'} True\n", done.stderr


def test_the_package_shows_its_names_and_imports_nothing_heavy_for_it() -> None:
    code = (
        "import sys, gmmseg; before = set(sys.modules); names = dir(gmmseg)\n"
        "assert set(gmmseg.__all__) <= set(names), names\n"
        "sys.exit(any(name in sys.modules for name in ('numpy', 'scipy', 'skimage', 'PIL', 'msgspec')))\n"
    )
    done = run("-c", code, folder=ROOT)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", gmmseg.__all__)
def test_every_public_name_is_there(name: str) -> None:
    namespace: dict[str, object] = {}
    exec(f"from gmmseg import {name}", namespace)
    assert namespace[name] is getattr(gmmseg, name)


def test_the_package_says_its_version_and_what_it_does_not_have() -> None:
    from gmmseg.version import VERSION

    assert gmmseg.__version__ == VERSION
    with pytest.raises(AttributeError, match="no attribute 'Gaussian'"):
        gmmseg.Gaussian  # noqa: B018
