"""What pyproject.toml cannot say in a settled way: the compiled E-step, and where the window is installed."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_py import build_py

SOURCE = "gmmseg/mixture/_expect.c"
BODY = "gmmseg/mixture/_expect_body.h"
checksum = zlib.crc32(Path(SOURCE).read_bytes() + Path(BODY).read_bytes())
expect = Extension(
    "gmmseg.mixture._expect",
    sources=[SOURCE],
    depends=[BODY],
    define_macros=[("CHECKSUM", str(checksum))],
    extra_compile_args=["-O3", "-fno-fast-math", "-ffp-contract=fast"],
    # Where there is no C compiler the installation goes on without it, and numpy does its work.
    optional=True,
)


class BuildWithWindow(build_py):
    """Build ``ui`` and ``assets`` into the package, so that they take no names in site-packages.

    `gmmseg.start` finds them there; an editable installation uses the checkout's own.
    """

    def finalize_options(self) -> None:
        super().finalize_options()
        if not self.editable_mode:
            names = [*find_packages(include=["ui*", "assets"]), "assets.icons"]
            inside = {name: f"gmmseg._window.{name}" for name in names}
            self.packages = [*self.packages, *inside.values()]
            self.package_dir |= {target: name.replace(".", "/") for name, target in inside.items()}


setup(
    cmdclass={"build_py": BuildWithWindow},
    # Microsoft's compiler lacks the vector extensions.
    ext_modules=[] if sys.platform == "win32" else [expect],
)
