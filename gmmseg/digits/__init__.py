"""Digits without labels: data sets, features, graphs, mixtures, and how well clusters agree with labels."""
