"""The lessons of the laboratory, one file each."""
