"""Widgets of the photo desk: panes, canvas, class table."""
