"""The file of a project: an archive that is written whole and replaces the one before."""
