"""The pages of the laboratory, one module each."""
