"""The rows of a picture beyond memory as evidence for EM: each E-step is a pass over the tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gmmseg.arrays import FloatArray
from gmmseg.control import ShouldStop, never_stop
from gmmseg.mixture.expectation import Expectation, Rows
from gmmseg.mixture.params import MixtureParams
from gmmseg.tiled.tile_rows import TileRows
from gmmseg.tiled.tiles import Tile

ExpectationPass = Callable[["TileExpectation", ShouldStop], Expectation]
"""Runs an E-step over all tiles and returns its sum in the fixed order."""


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Parameters shared by the E-steps of all tiles.

    Parameters
    ----------
    centre : (D,)
        Subtracted before anything is squared.
    is_diagonal : bool
    squared_extent : float
        Largest squared distance of a row from `centre` that the bounding box allows.
    """

    centre: FloatArray
    is_diagonal: bool
    squared_extent: float


@dataclass(frozen=True, slots=True, eq=False)
class TileExpectation:
    """The E-step of one tile under some parameters; small when pickled."""

    rows: TileRows
    frame: Frame
    params: MixtureParams
    is_fast: bool

    def __call__(self, tile: Tile) -> Expectation | None:
        """Return log-likelihood and moments, None where no pixel of the tile holds data."""
        table = self.rows.table(tile)
        if table is None:
            return None
        frame = self.frame
        rows = Rows(
            np.ascontiguousarray(table.values.T),
            table.weights,
            frame.centre,
            frame.is_diagonal,
            frame.squared_extent,
            keeps_features=False,
        )
        return rows.expectation(self.params, self.is_fast, never_stop)


@dataclass(frozen=True, slots=True, eq=False)
class TiledRows:
    """The rows of all tiles, as EM sees them; see `Evidence`.

    Parameters
    ----------
    rows : TileRows
    frame : Frame
    n_rows : int
        Pixels that hold data.
    sample : Rows
        Some of them, which weigh as much as all; where empty components are started anew.
    run : callable
    """

    rows: TileRows
    frame: Frame
    n_rows: int
    sample: Rows
    run: ExpectationPass

    @property
    def total(self) -> float:
        """Sum of the weights: a pixel weighs 1."""
        return float(self.n_rows)

    @property
    def squared_extent(self) -> float:
        """Largest squared distance of a row from the centre."""
        return self.frame.squared_extent

    @property
    def is_cells(self) -> bool:
        """False: these are rows themselves."""
        return False

    def expectation(self, params: MixtureParams, is_fast: bool, should_stop: ShouldStop) -> Expectation:
        """Return log-likelihood and moments under `params`, after a pass over all tiles."""
        return self.run(TileExpectation(self.rows, self.frame, params, is_fast), should_stop)

    def with_empty_moved(self, params: MixtureParams, counts: FloatArray) -> MixtureParams | None:
        """Return the mixture with its empty components at the sampled rows of lowest density."""
        return self.sample.with_empty_moved(params, counts)
