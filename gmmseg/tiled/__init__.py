"""Pictures beyond memory: exact fits and label maps tile by tile, on any number of processes."""
