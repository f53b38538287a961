"""Maps of classes tile by tile: each is made by whoever has the tile, and handed to a sink that stores it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from threading import Lock
from typing import Any, Protocol

import numpy as np

from gmmseg.arrays import AnyArray, IntArray, LabelArray, label_dtype
from gmmseg.control import result_of
from gmmseg.errors import SettingsError
from gmmseg.features.build import table_of_colours
from gmmseg.features.distinct import code_blocks
from gmmseg.features.table import FeatureTable
from gmmseg.image import Image
from gmmseg.mixture.density import most_probable
from gmmseg.mixture.params import MixtureParams
from gmmseg.photo.class_map import ClassMapper
from gmmseg.photo.classes import ClassTable
from gmmseg.photo.segmentation import Segmentation, class_planes, label_counts, segment
from gmmseg.photo.settings import MapSettings
from gmmseg.photo.smoothing import SMOOTH_REACH
from gmmseg.regions.settings import RegionSettings
from gmmseg.tiled.colour_counts import ColourCounts, distinct_of_codes
from gmmseg.tiled.smoothing import Prior
from gmmseg.tiled.tile_rows import TileRows, stand_in
from gmmseg.tiled.tiles import Tile

_BLOCK_BITS = 12
"""Colours are labelled in blocks of so many bits of their codes, whichever of them occur."""


class TileSink(Protocol):
    """Stores a value for each pixel of tiles; small when pickled."""

    def write(self, tile: Tile, values: AnyArray) -> None:
        """Store the values of a tile; a second time replaces the first. Raises `WriteError`."""


@dataclass(frozen=True, slots=True)
class FieldMaps:
    """Settings that make classes of the posteriors of a field, a tile with a margin around it.

    Regions are those of the field by itself. An island is judged as in the whole picture where it and the
    parts that it touches are no longer than half the margin.

    Parameters
    ----------
    settings : MapSettings
    regions : RegionSettings
    margin : int
        Pixels.
    """

    settings: MapSettings
    regions: RegionSettings
    margin: int = 256

    def __call__(
        self, image: Image, table: FeatureTable, pixelwise: Segmentation, classes: ClassTable
    ) -> Segmentation:
        """Return the map of a field, made of that of its single pixels."""
        regions = None
        if self.settings.by == "region":
            # Here, so that classes of single pixels do not wait for it.
            from gmmseg.regions.outcome import region_events

            regions = result_of(region_events(image, self.regions))
        return ClassMapper(self.settings, regions, (pixelwise.params, classes))(image, table, pixelwise)


def field_maps(settings: MapSettings, regions: RegionSettings) -> FieldMaps | None:
    """Return how classes are made of fields, None where each pixel's is its own.

    Raises
    ------
    SettingsError
        A number of regions is given.
    """
    if settings == MapSettings():
        return None
    if regions.n_regions is not None:
        raise SettingsError(
            "n_regions",
            "A number of regions is one of a whole picture, and regions are grown tile by tile.",
            "Choose them by their detail.",
        )
    return FieldMaps(settings, regions)


@dataclass(frozen=True, slots=True, eq=False)
class LabelTile:
    """Stores the class of each pixel of a tile.

    Parameters
    ----------
    rows : TileRows
    params : MixtureParams
    classes : ClassTable
    sink : TileSink
        Of class ids.
    probabilities : tuple of TileSink
        One for each class, of its probability in 255ths; empty where they are not wanted.
    maps : FieldMaps, optional
        Without it each pixel has its most probable component's class.
    prior : Prior, optional
        Makes neighbouring pixels agree first.
    """

    rows: TileRows
    params: MixtureParams
    classes: ClassTable
    sink: TileSink
    probabilities: tuple[TileSink, ...] = ()
    maps: FieldMaps | None = None
    prior: Prior | None = None

    def __call__(self, tile: Tile) -> IntArray:
        """Store the classes and return the number of pixels of each component, (K,)."""
        margin = SMOOTH_REACH if self.prior is not None else 0
        if self.maps is not None:
            margin = max(margin, self.maps.margin)
        field = tile.grown(margin, self.rows.picture.shape)
        found = self._found(field) if margin or self.probabilities else None
        nothing: AnyArray = np.zeros((field.height, field.width), label_dtype(self.params.n_components))
        if not margin:
            labels = labels_of_tile(self.rows, self.params, tile)
        else:
            labels = tile.within(field, nothing if found is None else found[0].labels)
        self.sink.write(tile, np.take(self.classes.ids_by_label(), labels))
        planes = repeat(nothing) if found is None else class_planes(*found, self.classes)
        for sink, plane in zip(self.probabilities, planes, strict=False):
            sink.write(tile, np.rint(tile.within(field, plane) * 255).astype(np.uint8))
        return label_counts(labels, self.params.n_components)

    def _found(self, field: Tile) -> tuple[Segmentation, FeatureTable] | None:
        """Return the map of a field and its rows, None where none of its pixels holds data."""
        table = self.rows.table(field)
        if table is None:
            return None
        found = segment(self.params, table)
        if self.prior is None and self.maps is None:
            return found, table
        image = self.rows.picture.read(field.top, field.left, field.height, field.width)
        if self.prior is not None:
            found = self.prior(image, table, found)
        if self.maps is not None:
            found = self.maps(image, table, found, self.classes)
        return found, table


def labels_of_tile(rows: TileRows, params: MixtureParams, tile: Tile) -> LabelArray:
    """Return the labels of a tile, (H, W): the same however the picture is cut into tiles."""
    if rows.has_codes:
        image = rows.picture.read(tile.top, tile.left, tile.height, tile.width)
        return _colour_labels(_Key(rows, params)).of(image)
    table = rows.table(tile)
    if table is None:
        empty: AnyArray = np.zeros((tile.height, tile.width), label_dtype(params.n_components))
        return empty
    return segment(params, table).labels


class _Key:
    """A mixture over a picture's colours as a key of the cache: equal where all that labels depend on is."""

    def __init__(self, rows: TileRows, params: MixtureParams) -> None:
        self.rows, self.params = rows, params
        standard = rows.standard
        scaling = () if standard is None else (standard.centre.tobytes(), standard.scale.tobytes())
        numbers = (params.weights, params.means, params.covariance.values)
        self._parts: tuple[Any, ...] = (
            rows.picture.channels,
            rows.picture.dtype,
            rows.spec,
            params.is_hard,
            params.covariance.kind,
            *(array.tobytes() for array in numbers),
            *scaling,
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._parts == other._parts

    def __hash__(self) -> int:
        return hash(self._parts)


class ColourLabels:
    """The label of each colour, made as colours come.

    In blocks, which hold all colours of their codes, present or not, which other colours a tile has makes no
    difference to the last bit, so that workers agree without being handed a table of 16 million labels. One
    by one, the first tiles are there sooner. Threads may share it.

    Parameters
    ----------
    rows : TileRows
        Of colours that have codes.
    params : MixtureParams
    in_blocks : bool
    """

    def __init__(self, rows: TileRows, params: MixtureParams, *, in_blocks: bool = True) -> None:
        self._rows, self.params, self._in_blocks = rows, params, in_blocks
        self._depth = 8 * rows.picture.dtype.itemsize
        self._n_channels = len(rows.picture.channels)
        self.n_codes = 1 << self._depth * self._n_channels
        self.table = np.zeros(self.n_codes + 1, dtype=label_dtype(params.n_components))
        self._lock = Lock()
        self._turns = np.empty(0 if in_blocks else self.n_codes, dtype=np.int32)
        self._is_made = np.zeros((self.n_codes >> _BLOCK_BITS) + 1, dtype=np.bool_)
        # Of no data.
        self._is_made[-1] = self.n_codes % (1 << _BLOCK_BITS) == 0

    def of(self, image: Image) -> LabelArray:
        """Return the labels of a part of the picture, (H, W)."""
        out: AnyArray = np.empty((image.height, image.width), dtype=self.table.dtype)
        # One by one, of all rows at once: most colours are in several of them.
        whole = None if self._in_blocks else np.empty(out.shape, dtype=np.uint32)
        for rows, codes in code_blocks(image, self.n_codes, whole):
            if whole is None:
                self.read(codes, out[rows])
        if whole is not None:
            self.read(whole, out)
        return out

    def read(self, codes: AnyArray, out: AnyArray) -> None:
        """Write the label of each code to `out`, of the same shape; 0 where there is no data."""
        # "clip" skips the bounds check and its copy; every code is within the table.
        np.take(self.table, codes, out=out, mode="clip")
        # What has not been labelled yet is 0 too: most codes have, and are looked at no more.
        is_open = out == 0
        if is_open.any() and self._make(codes[is_open]):
            np.take(self.table, codes, out=out, mode="clip")

    def _make(self, codes: AnyArray) -> bool:
        with self._lock:
            return self._make_blocks(codes) if self._in_blocks else self._make_alone(codes)

    def _make_alone(self, codes: AnyArray) -> bool:
        """Label these colours; return whether there are any."""
        some = codes[codes < self.n_codes].astype(np.int64)
        # The last pixel of each colour stands for it: much quicker than sorting them.
        turn = np.arange(len(some), dtype=np.int32)
        self._turns[some] = turn
        some = some[self._turns[some] == turn]
        if len(some):
            self.table[some] = self._labels_of(some)
        return len(some) > 0

    def _make_blocks(self, codes: AnyArray) -> bool:
        """Label the blocks that these codes lie in; return whether any had not been."""
        missing = codes[~self._is_made[codes >> _BLOCK_BITS]]
        for block in np.unique(missing >> _BLOCK_BITS):
            first = int(block) << _BLOCK_BITS
            some = np.arange(first, min(first + (1 << _BLOCK_BITS), self.n_codes))
            self.table[some] = self._labels_of(some)
            self._is_made[block] = True
        return len(missing) > 0

    def _labels_of(self, codes: IntArray) -> IntArray:
        rows = self._rows
        counted = ColourCounts(codes.astype(np.uint32), np.ones(len(codes)))
        colours = distinct_of_codes(counted, self._depth, self._n_channels)
        image = stand_in(rows.picture, rows.light)
        table = table_of_colours(colours, image, rows.spec, rows.light.white, rows.standard)
        return most_probable(self.params, table.values) + 1


@lru_cache(maxsize=1)
def _colour_labels(key: _Key) -> ColourLabels:
    return ColourLabels(key.rows, key.params)
