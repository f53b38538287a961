"""Icons and other files the window shows."""
