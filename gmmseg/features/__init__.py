"""From an image to rows of features: one file a family, `spec` says which."""
