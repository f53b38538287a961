"""Panels of the photo desk: each draws the view state and asks for edits; none knows another."""
