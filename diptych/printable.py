"""Text from elsewhere, such as an error message, in a form that a terminal can take."""

import sys
from io import TextIOWrapper


def printable(text: str) -> str:
    r"""Escape what a terminal would obey or hide, such as colours and directions.

    >>> print(printable("\x1b[31m red \u202e\nnext line"))
    \x1b[31m red \u202e
    next line
    """
    return "".join(
        c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode()
        for c in text
    )


def escape_what_cannot_be_encoded() -> None:
    """Let characters that standard output has no bytes for be written as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
