"""A folder of photos by one process and by several: ``python -m tests.benchmarks.batch FOLDER``."""

from __future__ import annotations

import argparse
import filecmp
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from gmmseg.io.images import list_images

ROOT = Path(__file__).parents[2]


def seconds_of(photos: list[Path], n_jobs: int, out: Path, options: list[str]) -> tuple[float, float]:
    """Return wall-clock and processor seconds of one run."""
    before, began = os.times(), time.perf_counter()
    command = [sys.executable, str(ROOT / "main.py"), "segment", *map(str, photos), "--jobs", str(n_jobs)]
    subprocess.run([*command, "-o", str(out), "--quiet", *options], check=True)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return time.perf_counter() - began, spent


def main() -> None:
    """Time the runs in turn and compare their files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=1)
    arguments, options = parser.parse_known_args()
    photos = list_images(arguments.folder)[: arguments.photos]
    with tempfile.TemporaryDirectory() as place:
        for _ in range(arguments.repeats):
            outs = [Path(place) / str(n_jobs) for n_jobs in (1, arguments.jobs)]
            one, several = (seconds_of(photos, int(out.name), out, options) for out in outs)
            print(
                f"{len(photos)} photos: 1 process {one[0]:.1f} s ({one[1]:.1f} CPU s), {arguments.jobs} "
                f"{several[0]:.1f} s ({several[1]:.1f} CPU s): {one[0] / several[0]:.2f} times",
                flush=True,
            )
            names = sorted(path.name for path in outs[0].iterdir())
            _, different, missing = filecmp.cmpfiles(outs[0], outs[1], names, shallow=False)
            print("the same files" if not different + missing else f"DIFFERENT: {different + missing}")


if __name__ == "__main__":
    main()
