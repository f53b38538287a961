"""``python -m gmmseg`` is the same program as ``gmmseg``."""

from __future__ import annotations

import sys

from gmmseg.start import main

if __name__ == "__main__":
    sys.exit(main())
