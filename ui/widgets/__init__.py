"""Widgets shared by the desks: fields for settings, tables, messages, export rows."""
