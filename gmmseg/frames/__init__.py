"""Series of frames: an adaptive mixture at each pixel tells what is in front of the background."""
