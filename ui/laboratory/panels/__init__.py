"""Panels of the laboratory desk: each draws a view state and asks for edits."""
