"""Seconds of each stage and peak memory of ``segment`` on 12.3 megapixels, beside scikit-learn's.

``python -m tests.benchmarks.segment_12mp FOLDER [--runs N]`` builds the picture where it is missing. Each run
is a child process of its own; the fastest counts, for on a busy machine all others measure the neighbours.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.photo12mp import build

ROOT = Path(__file__).parents[2]
K = 5
PEER_STRIDE = 12


def run_ours(picture: Path, folder: Path) -> dict[str, Any]:
    """Return the report of one run."""
    report = folder / "report.json"
    command = [sys.executable, str(ROOT / "main.py"), "segment", str(picture), "-k", str(K), "--tol", "1e-3"]
    began = time.perf_counter()
    subprocess.run([*command, "-o", str(folder / "mask.png"), "--report", str(report)], check=True)
    found: dict[str, Any] = json.loads(report.read_text())
    found["seconds"]["process"] = time.perf_counter() - began
    return found


def run_peer(picture: Path) -> tuple[float, int]:
    """Return scikit-learn's seconds for all pixels, scaled from every twelfth one, and its iterations.

    Its time is proportional to the pixels; a fit of all of them would take minutes and 10 GB.
    """
    code = (
        "import sys, time, warnings; warnings.simplefilter('ignore')\n"
        "import numpy as np; from PIL import Image; from sklearn.mixture import GaussianMixture\n"
        "x = np.asarray(Image.open(sys.argv[1])).reshape(-1, 3)[:: int(sys.argv[2])].astype(float)\n"
        "m = GaussianMixture(int(sys.argv[3]), tol=1e-3, random_state=0)\n"
        "began = time.perf_counter(); m.fit(x).predict(x)\n"
        "print(time.perf_counter() - began, m.n_iter_)\n"
    )
    arguments = [str(picture), str(PEER_STRIDE), str(K)]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True, env=environment
    )
    seconds, n_iter = done.stdout.split()
    return float(seconds) * PEER_STRIDE, int(n_iter)


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
    cores = [sum(r["seconds"][stage] for stage in ("features", "fit", "label")) for r in reports]
    core = statistics.median(cores)
    print(f"features + fit + label: median {core:.3f} s, {min(cores):.3f} to {max(cores):.3f}")
    print(f"{reports[0]['n_iter']} iterations, {reports[0]['n_rows']:,} distinct colours")
    print(f"peak memory: {max(r['peak_rss_bytes'] for r in reports) / 2**20:.0f} MiB")
    peer, n_iter = run_peer(picture)
    print(
        f"scikit-learn, fit and predict: {peer:.0f} s in {n_iter} iterations, {peer / core:.0f} times as long"
    )


if __name__ == "__main__":
    main()
