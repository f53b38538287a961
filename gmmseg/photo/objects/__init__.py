"""Objects that a person marks: their map, immutable and packed, and everything that can be done to it."""
