"""Selecting one object by clicks, strokes and boxes on the hierarchy of regions: arrays in, masks out."""
