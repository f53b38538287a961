"""Panels: each shows a snapshot and asks for edits; none knows another."""
