"""Errors of every kind, each with one sentence for the user and one remedy."""

from __future__ import annotations


class GmmsegError(Exception):
    """A refusal the user can act on; nothing on screen or on disk has changed.

    Parameters
    ----------
    cause : str
        What is wrong, one sentence.
    remedy : str
        What to do about it, one sentence; may be empty where nothing helps.
    """

    def __init__(self, cause: str, remedy: str = "") -> None:
        super().__init__(cause, remedy)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.cause} {self.remedy}".strip()


class ReadError(GmmsegError):
    """A file or folder could not be read as what it claims to be."""


class BudgetError(GmmsegError):
    """The work would need more memory than the budget allows; refused before anything is allocated."""


class SettingsError(GmmsegError):
    """A setting is out of its bounds; ``field`` names it so that a panel can mark it."""

    def __init__(self, field: str, cause: str, remedy: str = "") -> None:
        super().__init__(cause, remedy)
        self.field = field

    def __reduce__(self) -> tuple[type[SettingsError], tuple[str, str, str]]:
        # As an error is copied to another process: it is made of more than what it says.
        return type(self), (self.field, self.cause, self.remedy)


class EditError(GmmsegError):
    """An edit cannot be made of the document as it is."""


class FeatureError(GmmsegError):
    """The chosen features cannot be computed from this image."""


class FitError(GmmsegError):
    """The mixture cannot be fitted to these rows."""


class ModelError(GmmsegError):
    """A saved model is malformed, too new, or does not suit the image."""


class WriteError(GmmsegError):
    """A file could not be written; what was there before is untouched."""


class ClusterError(GmmsegError):
    """The processes or machines that share the work cannot be reached or are lost."""


class Cancelled(Exception):  # noqa: N818 - control flow, not an error
    """The user cancelled the work; nothing is kept of it."""
