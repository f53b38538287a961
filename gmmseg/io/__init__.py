"""Reading and writing: one format family a file, every write atomic."""
