"""A document that is changed step by step: edits, its history, and what is kept of both."""
