"""Common state of all tests: one thread of BLAS, no display, Ctrl+C handled as Python does."""

from __future__ import annotations

import os
import signal
import sys

from hypothesis import settings
from threadpoolctl import threadpool_limits

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
# What has been imported before, as NumPy by plugins, has read the variables already.
threadpool_limits(1)
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Else each program that a test starts, and each run of the tests, would compile everything again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell starts what runs in its background deaf to Ctrl+C, and the programs that tests start inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
# How long an example takes depends on what else the machine does.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
