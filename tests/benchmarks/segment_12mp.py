"""Seconds of each stage and peak memory of ``segment`` on 12.3 megapixels, beside scikit-learn's.

``python -m tests.benchmarks.segment_12mp FOLDER [--runs N]`` builds the picture where it is missing. Each run
is a child process of its own; the fastest counts, for on a busy machine all others measure the neighbours.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.photo12mp import build

ROOT = Path(__file__).parents[2]
K = 5
PEER_PIXELS = 3_000_000
PEER_ITERATIONS = 2


def run_ours(picture: Path, folder: Path) -> dict[str, Any]:
    """Return the report of one run."""
    report = folder / "report.json"
    command = [sys.executable, str(ROOT / "main.py"), "segment", str(picture), "-k", str(K), "--tol", "1e-3"]
    began = time.perf_counter()
    subprocess.run([*command, "-o", str(folder / "mask.png"), "--report", str(report)], check=True)
    found: dict[str, Any] = json.loads(report.read_text())
    found["seconds"]["process"] = time.perf_counter() - began
    return found


def run_peer(picture: Path) -> float:
    """Return seconds of scikit-learn for all pixels, scaled from a part of them; the fastest of three."""
    code = (
        "import sys, time, warnings; warnings.simplefilter('ignore')\n"
        "import numpy as np; from PIL import Image; from sklearn.mixture import GaussianMixture\n"
        "x = np.asarray(Image.open(sys.argv[1])).reshape(-1, 3)[: int(sys.argv[2])].astype(float)\n"
        "means = x[np.random.default_rng(0).choice(len(x), int(sys.argv[3]), replace=False)]\n"
        "for _ in range(3):\n"
        "    m = GaussianMixture(len(means), max_iter=int(sys.argv[4]), tol=0, means_init=means,\n"
        "                        init_params='random', random_state=0)\n"
        "    began = time.perf_counter(); m.fit(x); print(time.perf_counter() - began)\n"
    )
    arguments = [str(picture), str(PEER_PIXELS), str(K), str(PEER_ITERATIONS)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    return min(map(float, done.stdout.split())) * 3200 * 3840 / PEER_PIXELS


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    picture = build(options.folder)
    reports = [run_ours(picture, options.folder) for _ in range(options.runs)]
    best = {stage: min(r["seconds"][stage] for r in reports) for stage in reports[0]["seconds"]}
    for stage, seconds in best.items():
        print(f"{stage:9s} {seconds:7.3f} s")
    core = min(sum(r["seconds"][stage] for stage in ("features", "fit", "label")) for r in reports)
    print(f"features + fit + label, fastest run: {core:.3f} s, {reports[0]['n_iter']} iterations")
    print(f"peak memory: {max(r['peak_rss_bytes'] for r in reports) / 2**20:.0f} MiB")
    print(f"scikit-learn, {PEER_ITERATIONS} iterations, scaled: {run_peer(picture):.2f} s")


if __name__ == "__main__":
    main()
