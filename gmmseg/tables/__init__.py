"""A mixture of the rows of a table: feature vectors that come from no picture."""
