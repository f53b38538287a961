"""Parts that every desk needs: background workers, actions, opening and exporting files."""
