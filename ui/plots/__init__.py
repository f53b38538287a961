"""Plots shared by the desks: EM curves, scatter with ellipses, dendrogram."""
