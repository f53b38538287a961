"""Kinds of projects, one for each desk: their content, and its form in files."""
