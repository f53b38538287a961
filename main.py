"""Starts gmmseg from a checkout; an installed one is started by ``gmmseg`` or ``python -m gmmseg``."""

from __future__ import annotations

import sys

from gmmseg.start import main

if __name__ == "__main__":
    sys.exit(main())
