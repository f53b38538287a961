"""The program's start in a bundle: worker processes begin here too."""

import multiprocessing
import sys

from gmmseg.start import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
