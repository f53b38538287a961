"""Small hand-made states for tests: an image of known Gaussians, its rows, EM steps and a fit."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gmmseg.arrays import AnyArray, FloatArray
from gmmseg.control import result_of
from gmmseg.editing.editor import Edit
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import CodeMap, FeatureTable, PixelMap, RowPerPixel
from gmmseg.image import GREY, RGB, Image, ImageSource
from gmmseg.io.decoded_image import channel_names
from gmmseg.mixture.covariance import FAMILIES
from gmmseg.mixture.params import FitResult, FitStep, MixtureParams, Restart, StopReason
from gmmseg.mixture.selection import Candidate
from gmmseg.mixture.settings import CovarianceKind, FitSettings
from gmmseg.photo.classes import ClassTable, default_classes
from gmmseg.photo.document import Document, Fit, open_image
from gmmseg.photo.jobs import SegmentRequest, segment_events
from gmmseg.photo.model import Model
from gmmseg.photo.segmentation import Segmentation
from gmmseg.photo.settings import MapSettings, SegmentSettings
from gmmseg.photo.view_state import ViewState
from gmmseg.photo.workspace import Workspace

FLOOR = 1 / 12
MEANS = np.array(
    [
        [60, 80, 190],
        [200, 90, 60],
        [90, 170, 80],
        [225, 205, 120],
        [40, 40, 50],
        [150, 120, 200],
        [210, 160, 190],
    ],
    dtype=np.float64,
)
"""sRGB means, 0..255, of the first components; `true_params` takes them in turn."""


def set_to(settings: SegmentSettings) -> Edit[Document]:
    """Return an edit that replaces all settings."""
    return Edit("Settings", lambda document: replace(document, settings=settings))


def true_params(
    n_components: int = 3, n_features: int = 3, covariance: CovarianceKind = "full"
) -> MixtureParams:
    """Return the mixture that `make_image` draws from: equal weights, standard deviations of 6 to 18."""
    rng = np.random.default_rng(11)
    extra = rng.uniform(30, 225, (max(n_components - len(MEANS), 0), 3))
    means = np.concatenate([MEANS, extra])[:n_components]
    matrices = np.empty((n_components, 3, 3))
    for k in range(n_components):
        axes, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        matrices[k] = (axes * np.square([18.0, 10.0, 6.0])) @ axes.T
    means, matrices = means[:, :n_features], matrices[:, :n_features, :n_features]
    counts = np.full(n_components, 1 / n_components)
    family = FAMILIES[covariance]
    scatter = counts[:, None, None] * matrices
    if family.is_diagonal:
        scatter = np.diagonal(scatter, axis1=1, axis2=2).copy()
    return MixtureParams(counts, means.copy(), family.from_moments(counts, scatter, FLOOR))


def image_of(pixels: NDArray[Any], mask: NDArray[np.bool_] | None = None) -> Image:
    """Return pixels (H, W) or (H, W, C) as an image."""
    volume = pixels[:, :, None] if pixels.ndim == 2 else pixels
    names = channel_names(volume.shape[2], is_rgb=volume.shape[2] == 3)
    return Image(np.ascontiguousarray(volume), names, ImageSource("test"), mask)


def make_image(
    n_components: int = 3,
    height: int = 40,
    width: int = 60,
    *,
    n_channels: int = 3,
    has_hole: bool = False,
    seed: int = 0,
) -> Image:
    """Return an 8-bit image of vertical bands, band k drawn from Gaussian k of `true_params`.

    With `has_hole` the top left 5 x 5 pixels hold no data.
    """
    rng = np.random.default_rng(seed)
    truth = true_params(n_components, n_channels)
    band = np.minimum(np.arange(width) * n_components // width, n_components - 1)
    factors = np.linalg.cholesky(truth.matrices())
    noise = rng.normal(size=(height, width, n_channels))
    values = truth.means[band] + np.einsum("wij,hwj->hwi", factors[band], noise)
    mask = None
    if has_hole:
        mask = np.ones((height, width), dtype=bool)
        mask[:5, :5] = False
    pixels = np.rint(values).clip(0, 255).astype(np.uint8)
    return Image(pixels, RGB if n_channels == 3 else GREY, ImageSource("bands.png"), mask)


def make_table(image: Image, spec: FeatureSpec | None = None) -> FeatureTable:
    """Return the rows of an image: its distinct colours with counts, or with position one row a pixel."""
    spec = spec or FeatureSpec()
    held = np.ones(image.pixels.shape[:2], dtype=bool) if image.mask is None else image.mask
    values: FloatArray = image.pixels[held].astype(np.float64)
    names = image.channels
    pixels: PixelMap
    if spec.has_position:
        y, x = np.nonzero(held)
        unit = 255 * spec.position_weight / max(image.height, image.width)
        values = np.column_stack([values, x * unit, y * unit])
        names = (*names, "x", "y")
        weights = np.ones(len(values))
        pixels = RowPerPixel((image.height, image.width), image.mask)
    else:
        values, row, counts = np.unique(values, axis=0, return_inverse=True, return_counts=True)
        weights = counts.astype(np.float64)
        codes = np.full(held.shape, len(values), dtype=np.uint32)
        codes[held] = row.reshape(-1)
        pixels = CodeMap(codes, np.arange(len(values)), len(values))
    centre, scale = np.zeros(values.shape[1]), np.ones(values.shape[1])
    if spec.is_standardised:
        centre = np.average(values, axis=0, weights=weights)
        scale = np.sqrt(np.average((values - centre) ** 2, axis=0, weights=weights))
        values = (values - centre) / scale
    floor = float(FLOOR / np.max(scale) ** 2)
    return FeatureTable(values, weights, pixels, names, centre, scale, floor, spec)


class _Expected(NamedTuple):
    """The E-step in plain numpy: log pi_k N(x_n | k) and the posteriors, each (K, N)."""

    joint: FloatArray
    posterior: FloatArray
    log_posterior: FloatArray
    log_likelihood: float


def expect(params: MixtureParams, table: FeatureTable) -> _Expected:
    """Return the E-step of `params` on all rows, written for clarity and independent of the engine."""
    joint = np.empty((params.n_components, table.n_rows))
    for k, matrix in enumerate(params.matrices()):
        deviation = table.values - params.means[k]
        distance = np.einsum("nd,de,ne->n", deviation, np.linalg.inv(matrix), deviation)
        log_det = np.linalg.slogdet(2 * np.pi * matrix).logabsdet
        joint[k] = np.log(params.weights[k]) - (log_det + distance) / 2
    density = np.logaddexp.reduce(joint, axis=0)
    log_posterior = joint - density
    return _Expected(joint, np.exp(log_posterior), log_posterior, float(table.weights @ density))


def _maximise(params: MixtureParams, posterior: FloatArray, table: FeatureTable) -> MixtureParams:
    weighted = posterior * table.weights
    counts = weighted.sum(axis=1)
    means = (weighted @ table.values) / counts[:, None]
    deviation = table.values - means[:, None, :]
    family = type(params.covariance)
    power = "knd,knd->kd" if family.is_diagonal else "knd,kne->kde"
    scatter = np.einsum(power, weighted[:, :, None] * deviation, deviation)
    covariance = family.from_moments(counts, scatter, table.floor)
    return MixtureParams(counts / counts.sum(), means, covariance)


def make_steps(
    table: FeatureTable,
    start: MixtureParams,
    *,
    n_steps: int = 12,
    n_coarse: int = 5,
    restart: int = 0,
) -> tuple[FitStep, ...]:
    """Return genuine EM steps from `start`; the first `n_coarse` are called coarse."""
    steps: list[FitStep] = []
    params, total = start, float(table.weights.sum())
    q_gain = h_gain = change = math.nan
    before: _Expected | None = None
    for at in range(n_steps):
        now = expect(params, table)
        q = float(np.einsum("kn,kn,n->", now.posterior, now.joint, table.weights))
        h = float(np.einsum("kn,kn,n->", now.posterior, now.log_posterior, table.weights))
        if before is not None:
            held = before.posterior * table.weights
            q_gain = float((held * (now.joint - before.joint)).sum())
            h_gain = float((held * (now.log_posterior - before.log_posterior)).sum())
            change = float(np.linalg.norm(params.means - steps[-1].params.means) / table.values.std())
        steps.append(
            FitStep(
                restart=restart, stage="coarse" if at < n_coarse else "exact", iteration=at,
                log_likelihood=now.log_likelihood, q=q, h=h, lower_bound=now.log_likelihood / total,
                q_gain=q_gain, h_gain=h_gain, parameter_change=change, params=params,
            )
        )  # fmt: skip
        before, params = now, _maximise(params, now.posterior, table)
    return tuple(steps)


def _start(table: FeatureTable, n_components: int, covariance: CovarianceKind, seed: int) -> MixtureParams:
    """Return a poor start: random rows as means and the covariance of all rows for each."""
    rng = np.random.default_rng(seed)
    means = table.values[rng.choice(table.n_rows, n_components, replace=False)].copy()
    centred = table.values - np.average(table.values, axis=0, weights=table.weights)
    spread = np.einsum("n,nd,ne->de", table.weights, centred, centred) / table.weights.sum()
    counts = np.full(n_components, 1 / n_components)
    scatter = counts[:, None, None] * spread
    family = FAMILIES[covariance]
    if family.is_diagonal:
        scatter = np.diagonal(scatter, axis1=1, axis2=2).copy()
    return MixtureParams(counts, means, family.from_moments(counts, scatter, table.floor))


def make_runs(
    table: FeatureTable,
    n_components: int = 3,
    *,
    n_restarts: int = 3,
    n_steps: int = 12,
    covariance: CovarianceKind = "full",
) -> list[tuple[FitStep, ...]]:
    """Return the steps of several restarts; the first ends highest where the table has that many clusters."""
    runs = []
    for restart in range(n_restarts):
        start = _start(table, n_components, covariance, restart)
        runs.append(make_steps(table, start, n_steps=n_steps, restart=restart))
    return runs


def make_result(
    table: FeatureTable, runs: list[tuple[FitStep, ...]], *, stop_reason: StopReason = "bound"
) -> FitResult:
    """Return the result that keeps the run with the highest last bound."""
    best = max(runs, key=lambda steps: steps[-1].lower_bound)
    last = best[-1]
    restarts = tuple(
        Restart(
            index=steps[-1].restart,
            lower_bound=steps[-1].lower_bound,
            n_iter=steps[-1].iteration,
            stop_reason=stop_reason,
            compared_bound=steps[-1].lower_bound,
            bounds=tuple(step.lower_bound for step in steps),
        )
        for steps in runs
    )
    return FitResult(
        params=last.params, log_likelihood=last.log_likelihood, lower_bound=last.lower_bound,
        n_iter=last.iteration, converged=stop_reason not in ("iteration limit", "stopped"),
        stop_reason=stop_reason, history=best, restarts=restarts, best_restart=last.restart,
        n_rows=table.n_rows, total_weight=float(table.weights.sum()), floor=table.floor,
    )  # fmt: skip


def make_segmentation(params: MixtureParams, table: FeatureTable) -> Segmentation:
    """Return the label map of the most probable component."""
    labels: AnyArray = (expect(params, table).posterior.argmax(axis=0) + 1).astype(np.uint8)
    return Segmentation(table.pixels.spread(labels), params)


def make_fit(image: Image, table: FeatureTable, settings: SegmentSettings, result: FitResult) -> Fit:
    """Return a result wrapped as a document keeps it."""
    model = Model(
        params=result.params, features=settings.features, names=table.names, centre=table.centre.copy(),
        scale=table.scale.copy(), channels=image.channels,
        classes=default_classes(result.params.n_components),
    )  # fmt: skip
    return Fit(result, model, image, settings, {"features": 0.01, "fit": 0.07, "label": 0.01})


def make_candidates(n_max: int = 8, best: int = 3) -> tuple[Candidate, ...]:
    """Return candidates K = 1..n_max whose criteria are lowest at `best`."""
    candidates = []
    for k in range(1, n_max + 1):
        log_likelihood = -30000.0 + 2500 * min(k, best) + 20 * k
        bic = -2 * log_likelihood + 100 * k
        aic = -2 * log_likelihood + 20 * k
        candidates.append(Candidate(k, log_likelihood, 10 * k - 1, bic, aic, bic + 40 * k, 20.0 * k))
    return tuple(candidates)


def make_shown(
    n_components: int = 3,
    height: int = 40,
    width: int = 60,
    *,
    n_channels: int = 3,
    spec: FeatureSpec | None = None,
    covariance: CovarianceKind = "full",
    has_fit: bool = True,
    has_hole: bool = False,
    n_restarts: int = 3,
    n_steps: int = 12,
    stop_reason: StopReason = "bound",
    candidates: tuple[Candidate, ...] = (),
    classes: ClassTable | None = None,
    seed: int = 0,
) -> ViewState:
    """Return what panels draw of a finished small fit with classes by pixel, made without the fit engine.

    Parameters
    ----------
    n_components : int
        K, and the number of vertical bands in the image.
    height, width : int
        Pixels of the image.
    has_fit : bool
        Without it the image is open but nothing has been fitted.
    classes : ClassTable, optional
        The default ones where None.
    """
    image = make_image(n_components, height, width, n_channels=n_channels, has_hole=has_hole, seed=seed)
    spec = spec or FeatureSpec()
    mixture = FitSettings(n_components=n_components, covariance=covariance, n_init=n_restarts)
    settings = SegmentSettings(features=spec, mixture=mixture)
    document = Document(image=image, settings=settings, map_settings=MapSettings())
    if not has_fit:
        return ViewState(document=document)
    table = make_table(image, spec)
    runs = make_runs(table, n_components, n_restarts=n_restarts, n_steps=n_steps, covariance=covariance)
    result = make_result(table, runs, stop_reason=stop_reason)
    classes = classes or default_classes(n_components)
    document = replace(document, fit=make_fit(image, table, settings, result), classes=classes)
    return ViewState(
        document=document,
        table=table,
        segmentation=make_segmentation(result.params, table),
        classes=classes,
        steps=result.history,
        candidates=candidates,
    )


def fitted_shown(
    n_components: int = 3,
    height: int = 40,
    width: int = 60,
    *,
    settings: SegmentSettings | None = None,
    n_channels: int = 3,
    seed: int = 0,
) -> ViewState:
    """Return what panels draw after the engine has segmented `make_image`, as the window would show it."""
    image = make_image(n_components, height, width, n_channels=n_channels, seed=seed)
    settings = settings or SegmentSettings(mixture=FitSettings(n_components=n_components, n_init=2))
    workspace = Workspace()
    workspace.apply(open_image(image))
    workspace.apply(set_to(settings))
    outcome = result_of(segment_events(SegmentRequest(image, settings)))
    workspace.accept_fit(outcome)
    return workspace.shown
