"""The report of a run: one JSON object, in the units of the features."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gmmseg.image import Image
from gmmseg.mixture.compiled import kernel_name
from gmmseg.photo.document import Fit
from gmmseg.photo.objects.objects import ObjectMap
from gmmseg.setting import settings_to_dict
from gmmseg.version import VERSION

if TYPE_CHECKING:
    from gmmseg.regions.outcome import RegionOutcome

STAGES = ("read", "features", "fit", "label", "write")
REGION_STAGES = ("read", "hierarchy", "cut", "write")


def build_report(fit: Fit, n_pixels: int, command: str, seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return the report as plain values.

    Parameters
    ----------
    fit : Fit
    n_pixels : int
        Pixels that hold data.
    command : str
        What was run, for people.
    seconds : mapping
        Duration of the stages in `STAGES`; those that did not happen are missing and become null. ``total``
        is their sum unless given.

    Notes
    -----
    The fit sees ``y = (x - centre) / scale``. Since p(x) = p(y) / prod(scale), the log-likelihood of the
    features themselves is that of the fitted rows minus ``n_pixels * sum(log(scale))``.
    """
    result, model = fit.result, fit.model
    shift = float(np.log(model.scale).sum())
    log_likelihood = result.log_likelihood - n_pixels * shift
    n_parameters = result.params.n_parameters
    timed = {stage: seconds.get(stage) for stage in STAGES}
    return {
        "version": VERSION,
        "kernel": kernel_name(),
        "command": command,
        "settings": settings_to_dict(fit.settings),
        "seed": fit.settings.mixture.seed,
        "image": _image(fit.image),
        "n_pixels": n_pixels,
        "n_rows": result.n_rows,
        "n_components": result.params.n_components,
        "log_likelihood": log_likelihood,
        "lower_bound": result.lower_bound - shift,
        "n_parameters": n_parameters,
        "bic": -2 * log_likelihood + n_parameters * math.log(max(n_pixels, 1)),
        "n_iter": result.n_iter,
        "converged": result.converged,
        "stop_reason": result.stop_reason,
        "history": [step.lower_bound - shift for step in result.history],
        "weights": result.params.weights.tolist(),
        "means": model.means.tolist(),
        "covariances": model.matrices.tolist(),
        "warnings": list(result.warnings),
        "seconds": {
            **timed,
            "total": seconds.get("total", sum(duration or 0.0 for duration in timed.values())),
        },
        "peak_rss_bytes": peak_rss_bytes(),
    }


def build_region_report(outcome: RegionOutcome, command: str, seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return the report of a map of regions as plain values; `seconds` as for `build_report`."""
    hierarchy, regions = outcome.hierarchy, outcome.regions
    timed = {stage: seconds.get(stage) for stage in REGION_STAGES}
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
        "seconds": {
            **timed,
            "total": seconds.get("total", sum(duration or 0.0 for duration in timed.values())),
        },
        "peak_rss_bytes": peak_rss_bytes(),
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
