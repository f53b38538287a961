"""The photo desk: a photo, its mixture and their maps."""
