"""The one part of the build that pyproject.toml cannot say in a settled way: the compiled E-step."""

from __future__ import annotations

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension(
            "gmmseg.mixture._expect",
            sources=["gmmseg/mixture/_expect.c"],
            depends=["gmmseg/mixture/_expect_body.h"],
            extra_compile_args=["-O3", "-ffp-contract=fast"],
            # Where there is no C compiler the installation goes on without it, and numpy does its work.
            optional=True,
        )
    ]
)
