"""gmmseg: image segmentation with Gaussian mixtures (the core: no Qt here or below)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gmmseg.mixture.estimator import GaussianMixture

__all__ = ["GaussianMixture"]


def __getattr__(name: str) -> object:
    if name == "GaussianMixture":  # imported when asked for: the command line starts without numpy
        from gmmseg.mixture.estimator import GaussianMixture

        return GaussianMixture
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
