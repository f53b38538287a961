"""The journal of a project: what was done since it was begun, which survives any end of the program."""
