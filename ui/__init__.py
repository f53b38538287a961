"""The window: Qt widgets over the core of `gmmseg`."""
