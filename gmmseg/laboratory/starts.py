"""Where EM begins: the parameters of a start on some data, each way of `FitSettings.init`."""

from __future__ import annotations

from gmmseg.laboratory.data import Data
from gmmseg.mixture.fit import start_of
from gmmseg.mixture.params import MixtureParams
from gmmseg.mixture.preparation import prepare
from gmmseg.mixture.settings import FitSettings


def start(data: Data, settings: FitSettings, restart: int = 0) -> MixtureParams:
    """Return the start that the engine would make for a restart; K is at most the number of distinct rows."""
    prepared = prepare(data.values, None, settings)
    return start_of(prepared, prepared.exact, restart)
