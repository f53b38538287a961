"""One mixture for many pictures, fitted to all of their pixels: class 3 is then the same in each."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from gmmseg.arrays import AnyArray, FloatArray
from gmmseg.control import Progress, ShouldStop, all_or_nothing, never_stop
from gmmseg.errors import FeatureError
from gmmseg.features.build import feature_table, table_of_colours, table_of_columns
from gmmseg.features.distinct import DistinctColours, distinct_colours
from gmmseg.features.spec import FeatureSpec
from gmmseg.features.table import CodeMap, FeatureTable
from gmmseg.image import Image, ImageSource
from gmmseg.io.images import Picture, as_image
from gmmseg.limits import budget_of, check_memory
from gmmseg.mixture.threads import give_up_second_thread
from gmmseg.photo.jobs import SegmentRequest, mixture_events, model_of
from gmmseg.photo.model import Model
from gmmseg.photo.settings import SegmentSettings
from gmmseg.processes import Failed, Finished, work_events
from gmmseg.setting import check_settings

_ROWS_BEFORE_UNITING = 1 << 22


@dataclass(frozen=True, slots=True, eq=False)
class PictureRows:
    """Contribution of a picture to a joint fit.

    Parameters
    ----------
    channels : tuple of str
    dtype : str
        Of the stored values, as numpy writes it.
    white : float
        Stored value of full brightness.
    columns : (C or D, N)
        Distinct colours in stored units, or the features of every pixel.
    counts : (N,)
        Pixels of each.
    names : tuple of str
        Of the features; empty for colours.
    floor : float
        Variance floor of the features.
    """

    channels: tuple[str, ...]
    dtype: str
    white: float
    columns: FloatArray
    counts: FloatArray
    names: tuple[str, ...] = ()
    floor: float = 0.0


@dataclass(frozen=True, slots=True)
class CollectRows:
    """The work of a joint fit on one picture, for `work_events`."""

    spec: FeatureSpec
    frame: int = 0
    memory_budget: int | None = None
    is_alone: bool = False

    def __call__(self, picture: Picture, should_stop: ShouldStop) -> Generator[Progress, None, PictureRows]:
        """Read the picture and return its rows."""
        if self.is_alone:
            give_up_second_thread()
        yield Progress("Reading the colours")
        with budget_of(self.memory_budget):
            image = as_image(picture, frame=self.frame, should_stop=should_stop)
            kind = image.channels, image.pixels.dtype.str, image.white
            if self.spec.is_colour_only:
                colours = distinct_colours(image, should_stop)
                return PictureRows(*kind, colours.columns, colours.counts)
            if not image.has_fixed_white:
                raise FeatureError(
                    f"{self.spec} features of {image.depth_text} pictures have no common measure.",
                    "Use colours alone, or pictures of 8 or 16 bits.",
                )
            # Standardised later, by the moments of all pictures.
            table = feature_table(image, replace(self.spec, is_standardised=False), should_stop)
            columns = np.ascontiguousarray(table.values.T)
            return PictureRows(*kind, columns, table.weights, table.names, table.floor)


def joint_fit_events(
    pictures: Sequence[Picture],
    settings: SegmentSettings,
    n_jobs: int = 1,
    collect: CollectRows | None = None,
    should_stop: ShouldStop = never_stop,
) -> Generator[Any, None, tuple[Model, dict[int, Exception]]]:
    """Fit one mixture to all pixels of many pictures.

    Distinct colours and their counts add over pictures: the likelihood is that of all pixels, and the mixture
    the one that all pictures side by side would get.

    Parameters
    ----------
    pictures : sequence of array, Image or path
    settings : SegmentSettings
    n_jobs : int
        Processes that read; the mixture is the same for every number.
    collect : CollectRows, optional
        How they are read.
    should_stop : callable
        CANCEL and STOP raise `Cancelled`: of some pictures there is no joint mixture.

    Returns
    -------
    Model
    dict of int to Exception
        Why pictures, by their place, could not be used; the fit is that of the others.

    Raises
    ------
    Exception
        That of the first picture where none can be used.
    SettingsError, BudgetError, FitError
    Cancelled
    """
    check_settings(settings)
    whole = all_or_nothing(should_stop)
    spec = settings.features
    pools: dict[tuple[tuple[str, ...], str], _Pool] = {}
    kinds: dict[int, tuple[tuple[str, ...], str]] = {}
    errors: dict[int, Exception] = {}
    for event in work_events(collect or CollectRows(spec), pictures, n_jobs, whole):
        if isinstance(event, Finished):
            kind = kinds[event.at] = event.result.channels, event.result.dtype
            pools.setdefault(kind, _Pool(spec)).add(event.at, event.result)
        elif isinstance(event, Failed):
            errors[event.at] = event.error
        yield Progress("Reading all pictures", (len(kinds) + len(errors)) / len(pictures))
    if not kinds:
        raise errors[min(errors)]
    wanted = kinds[min(kinds)]
    errors |= {at: _other_kind(kind, wanted) for at, kind in kinds.items() if kind != wanted}
    pool = pools[wanted]
    table = pool.table()
    result = yield from mixture_events(table, settings, whole)
    return model_of(result.params, SegmentRequest(pool.stand_in(), settings), table), errors


def _other_kind(kind: tuple[tuple[str, ...], str], wanted: tuple[tuple[str, ...], str]) -> FeatureError:
    texts = [f"{', '.join(channels)} as {np.dtype(dtype).name}" for channels, dtype in (kind, wanted)]
    return FeatureError(
        f"It holds {texts[0]} where the first picture holds {texts[1]}.", "Fit pictures of one kind together."
    )


class _Pool:
    """The rows of pictures of one kind, united as they come: the same whichever comes first."""

    def __init__(self, spec: FeatureSpec) -> None:
        self._spec = spec
        self._parts: dict[int, PictureRows] = {}
        self._white = 0.0

    def add(self, at: int, rows: PictureRows) -> None:
        """Add the rows of a picture; raises `BudgetError` where all so far do not fit the memory budget."""
        self._white = max(self._white, rows.white)
        self._parts[at] = rows
        n_rows = sum(len(part.counts) for part in self._parts.values())
        if self._spec.is_colour_only and n_rows > _ROWS_BEFORE_UNITING and len(self._parts) > 1:
            self._parts = {at: self._united()}
            n_rows = len(self._parts[at].counts)
        # The rows, a copy while they are united or standardised, and that of the fit.
        remedy = "Use colours alone or fewer pictures, or raise the memory budget."
        check_memory(8 * n_rows * len(rows.columns) * 3, "All pictures together need", remedy)

    def _united(self) -> PictureRows:
        parts = [self._parts[at] for at in sorted(self._parts)]
        columns = np.concatenate([part.columns for part in parts], axis=1)
        counts = np.concatenate([part.counts for part in parts])
        floor = min(part.floor for part in parts)
        if self._spec.is_colour_only:
            columns, counts = united_colours(columns, counts)
        return replace(parts[0], columns=columns, counts=counts, floor=floor)

    def table(self) -> FeatureTable:
        """Return the rows that are fitted; they belong to no pixels."""
        rows = self._united()
        n_rows = len(rows.counts)
        nowhere = CodeMap(np.zeros((0, 0), dtype=np.uint32), np.arange(n_rows), n_rows)
        if self._spec.is_colour_only:
            colours = DistinctColours(rows.columns, rows.counts, nowhere)
            return table_of_colours(colours, self.stand_in(), self._spec, self._white)
        return table_of_columns(rows.columns, rows.counts, nowhere, rows.names, rows.floor, self._spec)

    def stand_in(self) -> Image:
        """Return an image of one pixel with the depth, channels and white of all pictures."""
        rows = next(iter(self._parts.values()))
        pixel: AnyArray = np.full((1, 1, len(rows.channels)), self._white).astype(np.dtype(rows.dtype))
        return Image(pixel, rows.channels, ImageSource("all pictures"))


def united_colours(columns: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return distinct columns (C, N), in increasing order of the first row, then the next, and their sums."""
    order = np.lexsort(columns[::-1])
    columns = columns[:, order]
    is_new = np.append(True, (columns[:, 1:] != columns[:, :-1]).any(axis=0))
    starts = np.flatnonzero(is_new)
    return np.ascontiguousarray(columns[:, starts]), np.add.reduceat(counts[order], starts)
