"""The command line's parts: the parser without numpy, and one file a command."""
