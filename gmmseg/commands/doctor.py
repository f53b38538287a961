"""``gmmseg doctor``: what of the program works on this machine, what is missing, and how to get it."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gmmseg.commands.console import Console
from gmmseg.limits import memory_budget, size_text
from gmmseg.mixture.compiled import is_available, kernel_name
from gmmseg.version import VERSION

_EXTRAS = {
    "large": (("zarr", "imagecodecs"), "OME-Zarr, and TIFF tiles of LZW, JPEG or JPEG 2000"),
    "cluster": (("dask", "distributed"), "work shared out to the machines of a Dask scheduler"),
}
"""Packages of each extra, and what they are for."""
_COMPILERS = ("cc", "gcc", "clang")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    what : str
    found : str
        What is there, or what is not.
    is_fine : bool
    remedy : str
        How to get what is missing; empty where nothing is, or nothing helps.
    is_needed : bool
        Whether the program lacks more than speed or a format without it.
    """

    what: str
    found: str
    is_fine: bool = True
    remedy: str = ""
    is_needed: bool = False

    def lines(self) -> Iterator[str]:
        """Yield what is printed of it."""
        yield f"{'ok' if self.is_fine else '--'}  {self.what:<10} {self.found}"
        if self.remedy:
            yield f"    {'':<10} {self.remedy}"


def run(options: argparse.Namespace, console: Console) -> bool:
    """Print what was found and return whether nothing is missing that the program needs."""
    found = [*_program(), _kernel(), _window(options.window_problem()), *_extras()]
    console.answer("\n".join(line for finding in found for line in finding.lines()))
    return all(finding.is_fine or not finding.is_needed for finding in found)


def _program() -> Iterator[Finding]:
    where = Path(__file__).absolute().parents[2]
    yield Finding("gmmseg", f"{VERSION}, in {where}")
    yield Finding("Python", f"{platform.python_version()}, {sys.executable}")
    yield Finding("system", f"{platform.platform()}, {platform.machine()}")
    yield Finding("memory", f"{size_text(memory_budget())} for one image; --memory-budget changes it")


def _kernel() -> Finding:
    if is_available():
        return Finding("E-step", kernel_name())
    if any(shutil.which(name) for name in _COMPILERS):
        remedy = (
            "pip install --force-reinstall --no-cache-dir gmmseg builds it with the compiler that is here."
        )
    else:
        remedy = "Install a C compiler and then gmmseg anew, or take a wheel: fits are several times as fast."
    return Finding("E-step", "numpy: the compiled one is missing, results agree to rounding", False, remedy)


def _window(problem: str | None) -> Finding:
    if problem is None:
        return Finding("window", f"can be opened, PySide6 {_version('PySide6-Essentials')}")
    return Finding("window", "cannot be opened", is_fine=False, remedy=problem, is_needed=True)


def _extras() -> Iterator[Finding]:
    for extra, (packages, purpose) in _EXTRAS.items():
        versions = {name: _version(name) for name in packages}
        listed = ", ".join(f"{name} {version or '—'}" for name, version in versions.items())
        is_fine = all(versions.values())
        remedy = "" if is_fine else f"For {purpose}: pip install 'gmmseg[{extra}]'"
        yield Finding(extra, listed, is_fine, remedy)


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
