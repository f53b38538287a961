"""The data folder beside the checkout, which tests marked `shared_data` need."""

from __future__ import annotations

from pathlib import Path

SHARED = Path(__file__).parents[3] / "shared"
MNIST = SHARED / "mnist"
BSDS500 = SHARED / "bsds500"
