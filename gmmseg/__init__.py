"""gmmseg: image segmentation with Gaussian mixtures (the core: no Qt here or below)."""
