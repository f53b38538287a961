"""Build steps that pyproject.toml cannot declare: the compiled E-step, and where the window is installed."""

from __future__ import annotations

import sys
import sysconfig
import zlib
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_py import build_py

SOURCE = "gmmseg/mixture/_estep.c"
BODY = "gmmseg/mixture/_estep_body.h"
checksum = zlib.crc32(Path(SOURCE).read_bytes() + Path(BODY).read_bytes())
expect = Extension(
    "gmmseg.mixture._estep",
    sources=[SOURCE],
    depends=[BODY],
    define_macros=[("CHECKSUM", f"{checksum}L")],
    extra_compile_args=["-O3", "-fno-fast-math", "-ffp-contract=fast"],
    # The stable ABI of Python 3.11: one library for every later version.
    py_limited_api=True,
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


# Microsoft's compiler lacks the vector extensions; Python without the global lock has no stable ABI yet.
is_possible = sys.platform != "win32" and not sysconfig.get_config_var("Py_GIL_DISABLED")
setup(
    cmdclass={"build_py": BuildWithWindow},
    ext_modules=[expect] if is_possible else [],
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if is_possible else {},
)
