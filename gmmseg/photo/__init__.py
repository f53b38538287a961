"""The photo's model: document and edits, settings, and the pipeline that fits and labels."""
