"""The report of a run: one JSON object, in the units of the features."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmseg.image import Image
from gmmseg.mixture.compiled import kernel_name
from gmmseg.mixture.params import FitResult
from gmmseg.mixture.scaled import ScaledMixture
from gmmseg.photo.document import Fit
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.photo.segmentation import MapOrigin
from gmmseg.photo.settings import MapSettings
from gmmseg.setting import settings_to_dict
from gmmseg.version import VERSION

if TYPE_CHECKING:
    from gmmseg.regions.outcome import RegionOutcome

STAGES = ("read", "features", "fit", "label", "write")
STAGES_BY_REGION = ("read", "hierarchy", "cut", "features", "fit", "label", "write")
REGION_STAGES = ("read", "hierarchy", "cut", "write")


def build_report(
    fit: Fit,
    n_pixels: int,
    command: str,
    seconds: Mapping[str, float],
    origin: MapOrigin | None = None,
) -> dict[str, Any]:
    """Return the report as plain values.

    Parameters
    ----------
    fit : Fit
    n_pixels : int
        Pixels that hold data.
    command : str
        What was run, for people.
    seconds : mapping
        Duration of the stages in `STAGES`, by region `STAGES_BY_REGION`; those that did not happen are
        missing and become null. ``total`` is their sum unless given.
    origin : MapOrigin, optional
        Of a map of classes that is not that of single pixels as it is.

    Notes
    -----
    The fit sees ``y = (x - centre) / scale``. Since p(x) = p(y) / prod(scale), the log-likelihood of the
    features themselves is that of the fitted rows minus ``n_pixels * sum(log(scale))``.
    """
    run = run_figures(command, fit.settings, fit.settings.mixture.seed)
    run["settings"]["map"] = _map(origin)
    regions = None if origin is None else origin.regions
    made = {} if regions is None else regions.seconds
    return {
        **run,
        "image": _image(fit.image),
        "n_pixels": n_pixels,
        **fit_figures(fit.result, fit.model, n_pixels),
        **cost_figures({**made, **seconds}, STAGES if regions is None else STAGES_BY_REGION),
    }


def _map(origin: MapOrigin | None) -> dict[str, Any]:
    """Return how the map of classes was made of the posteriors, and of which regions."""
    settings = settings_to_dict(MapSettings() if origin is None else origin.settings)
    outcome = None if origin is None else origin.regions
    if outcome is None:
        return {**settings, "regions": None}
    found = outcome.regions
    cut = {**settings_to_dict(outcome.settings), "found": found.n_regions, "height": found.height}
    return {**settings, "regions": cut}


def run_figures(command: str, settings: Any, seed: int) -> dict[str, Any]:
    """Return what a report of a fit begins with."""
    return {
        "version": VERSION,
        "kernel": kernel_name(),
        "command": command,
        "settings": settings_to_dict(settings),
        "seed": seed,
    }


def fit_figures(result: FitResult, model: ScaledMixture, total: float) -> dict[str, Any]:
    """Return what a report says of a mixture, in the units of the features.

    Parameters
    ----------
    result : FitResult
    model : ScaledMixture
        Of the same parameters.
    total : float
        Rows that count: pixels of an image.
    """
    shift = model.log_volume
    log_likelihood = result.log_likelihood - total * shift
    n_parameters = result.params.n_parameters
    compared = [run.compared_bound - shift for run in result.restarts]
    return {
        "n_rows": result.n_rows,
        "n_components": result.params.n_components,
        "log_likelihood": log_likelihood,
        "lower_bound": result.lower_bound - shift,
        "n_parameters": n_parameters,
        "bic": -2 * log_likelihood + n_parameters * math.log(max(total, 1)),
        "n_iter": result.n_iter,
        "converged": result.converged,
        "stop_reason": result.stop_reason,
        "history": [step.lower_bound - shift for step in result.history],
        "restarts": [
            {
                "index": run.index,
                "compared_bound": bound,
                "lower_bound": run.lower_bound - shift,
                "n_iter": run.n_iter,
                "stop_reason": run.stop_reason,
            }
            for run, bound in zip(result.restarts, compared, strict=True)
        ],
        "best_restart": result.best_restart,
        "restart_spread": max(compared) - min(compared) if compared else None,
        "weights": result.params.weights.tolist(),
        "means": model.means.tolist(),
        "covariances": model.matrices.tolist(),
        "warnings": list(result.warnings),
    }


def cost_figures(seconds: Mapping[str, float], stages: Iterable[str]) -> dict[str, Any]:
    """Return what a report ends with: durations of the stages, null for those that did not happen."""
    timed = {stage: seconds.get(stage) for stage in stages}
    total = seconds.get("total", sum(duration or 0.0 for duration in timed.values()))
    return {"seconds": {**timed, "total": total}, "peak_rss_bytes": peak_rss_bytes()}


def build_region_report(outcome: RegionOutcome, command: str, seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return the report of a map of regions as plain values; `seconds` as for `build_report`."""
    hierarchy, regions = outcome.hierarchy, outcome.regions
    return {
        "version": VERSION,
        "command": command,
        "settings": settings_to_dict(outcome.settings),
        "seed": outcome.settings.seed,
        "image": _image(outcome.image),
        "n_pixels": int(np.count_nonzero(regions.labels)),
        "n_leaves": hierarchy.n_leaves,
        "n_regions": regions.n_regions,
        "height": regions.height,
        "natural_height": hierarchy.natural,
        **cost_figures(seconds, REGION_STAGES),
    }


def build_object_report(
    image: Image, objects: ObjectMap, command: str, seconds: Mapping[str, float]
) -> dict[str, Any]:
    """Return the report of the objects of an image as plain values."""
    areas, categories = objects.areas(), objects.categories()
    return {
        "version": VERSION,
        "command": command,
        "image": _image(image),
        "n_pixels": image.width * image.height,
        "n_objects": len(objects),
        "categories": [{"id": value, "name": name} for name, value in categories.items()],
        "objects": [
            {
                "id": entry.id,
                "name": entry.name,
                "category": categories[entry.name],
                "area": areas[entry.id],
            }
            for entry in objects
        ],
        "seconds": dict(seconds),
        "peak_rss_bytes": peak_rss_bytes(),
    }


def _image(image: Image) -> dict[str, Any]:
    source = image.source
    return {
        "path": source.name if source.path is None else str(source.path),
        "width": image.width,
        "height": image.height,
        "sha256": source.sha256,
    }


def encode_report(report: Mapping[str, Any]) -> bytes:
    """Return a report as strict JSON: what is not finite becomes null."""
    return (json.dumps(_finite(report), indent=1, allow_nan=False) + "\n").encode("ascii")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(held) for held in value]
    return value


def peak_rss_bytes() -> int | None:
    """Return the most memory this process ever held, or None where the system does not tell."""
    try:
        # ru_maxrss of a program started by a larger one is the larger one's on Linux; VmHWM is not.
        for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
