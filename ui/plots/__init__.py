"""Plots shared by the desks: EM curves, scatter with ellipses, dendrogram."""

import pyqtgraph

# Before any plot or image item is made.
pyqtgraph.setConfigOptions(imageAxisOrder="row-major", antialias=True)
