"""Time and memory by the size of a picture, beside others': ``python -m tests.benchmarks.cost_curve FOLDER``.

Each figure is of a process of its own, in one run: 1 to 1,000 megapixels with 1, 2 and 4 workers, and
scikit-learn's and Spark's mixture on what they can hold. Lines of JSON are added to FOLDER/figures.jsonl, and
what is there already is not run again; FOLDER/cost-curve.svg is drawn from them. Spark needs a Python of its
own with pyspark, named by ``--spark``, and Java.
"""

from __future__ import annotations

import argparse
import html
import json
import math
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.large_pictures import made_picture

K = 5
JOBS = (1, 2, 4)
_SKLEARN = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from sklearn.mixture import GaussianMixture
x = np.load(sys.argv[1]).astype(float)
began, cpu = time.perf_counter(), time.process_time()
m = GaussianMixture(int(sys.argv[2]), tol=1e-3, random_state=0)
m.fit(x).predict(x)
print(json.dumps({
    "seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu, "log_likelihood": m.score(x),
    "mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "iterations": m.n_iter_}))
"""
_SPARK = """
import json, os, sys, time
import numpy as np
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
from pyspark.ml.clustering import GaussianMixture
from pyspark.ml.feature import VectorAssembler
from pyspark.sql import SparkSession
s = (SparkSession.builder.master("local[2]").config("spark.driver.memory", "4g")
     .config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false").getOrCreate())
s.sparkContext.setLogLevel("OFF")
jvm = s.sparkContext._gateway.proc.pid
def processor_seconds():
    ticks = open(f"/proc/{jvm}/stat").read().rpartition(")")[2].split()[11:13]
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") + time.process_time()
np.savetxt(sys.argv[1] + ".csv", np.load(sys.argv[1]), "%d", ",")
rows = s.read.csv(sys.argv[1] + ".csv", schema="a double, b double, c double").repartition(2)
rows = VectorAssembler(inputCols=["a", "b", "c"], outputCol="features").transform(rows).select("features")
n = rows.cache().count()
began, cpu = time.perf_counter(), processor_seconds()
m = GaussianMixture(k=int(sys.argv[2]), maxIter=100, tol=1e-3 * n, seed=0).fit(rows)
m.transform(rows).groupBy("prediction").count().collect()
status = dict(line.split(":", 1) for line in open(f"/proc/{jvm}/status"))
print(json.dumps({
    "seconds": time.perf_counter() - began, "cpu": processor_seconds() - cpu,
    "log_likelihood": m.summary.logLikelihood / n, "mib": int(status["VmHWM"].split()[0]) / 1024,
    "iterations": m.summary.numIter}))
"""


def peer_figures(name: str, megapixels: float, python: str, folder: Path) -> dict[str, Any]:
    """Return what another program takes for all pixels of the same picture, which it gets as an array."""
    picture = made_picture(megapixels)
    pixels = picture.read(0, 0, *picture.shape).pixels.reshape(-1, 3)
    path = folder / "pixels.npy"
    np.save(path, pixels)
    code = {"scikit-learn": _SKLEARN, "Spark": _SPARK}[name]
    done = subprocess.run([python, "-c", code, str(path), str(K)], check=True, capture_output=True, text=True)
    return {"who": name, "megapixels": megapixels, **json.loads(done.stdout.splitlines()[-1])}


def run_missing(folder: Path, options: argparse.Namespace) -> None:
    """Measure what is not in the file of figures yet."""
    file = folder / "figures.jsonl"
    known = {(one.get("who"), one.get("jobs"), one["megapixels"]) for one in figures(folder)}
    for megapixels in options.megapixels:
        for n_jobs in JOBS:
            if (None, n_jobs, megapixels) not in known:
                module = ["-m", "tests.benchmarks.large_pictures", f"{megapixels:g}", "--jobs", f"{n_jobs}"]
                subprocess.run([sys.executable, *module, "--figures", str(file)], check=True)
    wanted = [("scikit-learn", sys.executable, size) for size in options.sklearn]
    if options.spark is not None:
        wanted += [("Spark", options.spark, size) for size in options.spark_sizes]
    for name, python, size in wanted:
        if (name, None, size) not in known:
            found = peer_figures(name, size, python, folder)
            print(found, flush=True)
            with file.open("a") as lines:
                lines.write(json.dumps(found) + "\n")


def figures(folder: Path) -> list[dict[str, Any]]:
    """Return all figures so far."""
    file = folder / "figures.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.is_file() else []


Series = dict[str, list[tuple[float, float]]]
_COLOURS = ("#0072b2", "#009e73", "#56b4e9", "#d55e00", "#cc79a7")
_WIDTH, _HEIGHT, _LEFT, _TOP, _GAP = 380, 260, 60, 40, 90


def chart(found: Iterable[dict[str, Any]]) -> str:
    """Return both curves as an SVG picture."""
    panels: dict[str, Series] = {"CPU seconds": {}, "MiB, the largest process": {}}
    for one in sorted(found, key=lambda one: (one.get("who", ""), one.get("jobs", 0), one["megapixels"])):
        jobs = one.get("jobs", 1)
        name = one.get("who") or f"gmmseg, {jobs} worker{'s' * (jobs > 1)}"
        for title, key in zip(panels, ("cpu", "mib"), strict=True):
            panels[title].setdefault(name, []).append((one["megapixels"], one[key]))
    width = 2 * (_WIDTH + _LEFT) + _GAP
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT + _TOP + 130}" '
        'font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="#ffffff"/>',
    ]
    for at, (title, series) in enumerate(panels.items()):
        lines.append(f'<g transform="translate({_LEFT + at * (_WIDTH + _GAP)} {_TOP})">')
        lines += [*_panel(title, series), "</g>"]
    return "\n".join([*lines, "</svg>", ""])


def _panel(title: str, series: Series) -> Iterator[str]:
    points = [point for line in series.values() for point in line]
    (left, right), (low, high) = (_decades(values) for values in zip(*points, strict=True))

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            _WIDTH * (math.log10(x) - left) / (right - left),
            _HEIGHT * (1 - (math.log10(y) - low) / (high - low)),
        )

    yield f'<text x="0" y="-14" font-weight="bold">{html.escape(title)}</text>'
    for power in range(left, right + 1):
        x, _ = place(10**power, 10**low)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_HEIGHT}" stroke="#dddddd"/>'
        yield f'<text x="{x:.1f}" y="{_HEIGHT + 18}" text-anchor="middle">{10**power:,}</text>'
    for power in range(low, high + 1):
        _, y = place(10**left, 10**power)
        yield f'<line x1="0" x2="{_WIDTH}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dddddd"/>'
        yield f'<text x="-8" y="{y + 4:.1f}" text-anchor="end">{10.0**power:,.6g}</text>'
    yield f'<text x="{_WIDTH / 2}" y="{_HEIGHT + 38}" text-anchor="middle">megapixels</text>'
    for at, (name, line) in enumerate(series.items()):
        colour = _COLOURS[at % len(_COLOURS)]
        spots = [place(*point) for point in line]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
        yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
        for x, y in spots:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
        x, y = 190 * (at % 2), _HEIGHT + 62 + 20 * (at // 2)
        yield f'<circle cx="{x + 5}" cy="{y - 4}" r="4.5" fill="{colour}"/>'
        yield f'<text x="{x + 16}" y="{y}">{html.escape(name)}</text>'


def _decades(values: Iterable[float]) -> tuple[int, int]:
    logs = [math.log10(value) for value in values]
    return math.floor(min(logs)), max(math.ceil(max(logs)), math.floor(min(logs)) + 1)


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--megapixels", nargs="*", type=float, default=[1, 10, 100, 1000])
    parser.add_argument("--sklearn", nargs="*", type=float, default=[1, 10], help="megapixels")
    parser.add_argument("--spark", help="a Python with pyspark")
    parser.add_argument("--spark-sizes", nargs="*", type=float, default=[1], help="megapixels")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    run_missing(options.folder, options)
    (options.folder / "cost-curve.svg").write_text(chart(figures(options.folder)), "utf-8")


if __name__ == "__main__":
    main()
