"""The one part of the build that pyproject.toml cannot say in a settled way: the compiled E-step."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path

from setuptools import Extension, setup

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
# Microsoft's compiler lacks the vector extensions.
setup(ext_modules=[] if sys.platform == "win32" else [expect])
