"""Failures of decoders as sentences for the user."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from gmmseg.errors import BudgetError, Cancelled, GmmsegError, ReadError

DAMAGE_NOTE = "The file is damaged: parts of the picture may be wrong."
"""Of a file that could be decoded all the same."""


def cut_off(name: str, format_name: str) -> ReadError:
    """Return the error for a file whose end is missing."""
    return ReadError(f"The {format_name} file “{name}” is cut off.", "Copy or download it again.")


def damaged(name: str, format_name: str) -> ReadError:
    """Return the error for a file that contradicts itself."""
    return ReadError(f"The {format_name} file “{name}” is damaged.", "Copy or download it again.")


@contextmanager
def decoding(name: str, format_name: str) -> Iterator[None]:
    """Turn whatever a decoder raises into an error for the user, and keep its warnings to itself."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except (GmmsegError, Cancelled):
        raise
    except MemoryError as error:
        raise BudgetError(
            f"There is not enough memory to open “{name}”.", "Close other programs or scale the image down."
        ) from error
    except Exception as error:
        # Decoders fed with damaged bytes raise anything from SyntaxError to ZeroDivisionError; their words
        # ("cannot identify <_io.BytesIO …>") say nothing to people, but they do tell short from damaged.
        if isinstance(error, EOFError) or re.search(r"truncat|not enough|end of file", str(error), re.I):
            raise cut_off(name, format_name) from error
        raise damaged(name, format_name) from error
