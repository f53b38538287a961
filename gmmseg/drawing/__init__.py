"""Numbers and pixels for any screen: layers of a photo, scatter plots, convergence curves."""
