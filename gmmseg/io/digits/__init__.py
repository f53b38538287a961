"""Digit files: IDX, folders, NPZ and the download of MNIST."""
