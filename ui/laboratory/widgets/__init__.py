"""Widgets of the laboratory desk."""
