"""The command `diptych list`: every pair in reading order."""

from diptych.terminal.show import list_all, plain_or_coloured


def list_pairs() -> None:
    """List every pair in reading order, and what it does."""
    list_all(plain_or_coloured())
