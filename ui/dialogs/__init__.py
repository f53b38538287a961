"""Dialogs: forms that end in an answer."""
