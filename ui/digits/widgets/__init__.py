"""Widgets of the digits desk: the wall of digits, the confusion matrix, the list of stages."""
