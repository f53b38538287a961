"""Files of pictures beyond memory: read and written tile by tile."""
