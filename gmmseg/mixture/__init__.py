"""The Gaussian mixture: sees only an (N, D) array and optional weights."""
