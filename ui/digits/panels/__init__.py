"""Panels of the digits desk: each draws the view state and asks for edits; none knows another."""
