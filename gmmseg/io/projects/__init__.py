"""Project files: a document with its history, its fit and its objects, in one file."""
