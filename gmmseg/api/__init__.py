"""The functions behind ``import gmmseg``: arrays in and out, the same bytes as window and commands."""
