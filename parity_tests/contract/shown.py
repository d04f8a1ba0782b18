"""How the parts of a record are shown."""

from typing import Any


class Shown:
    """Shown by what `str` says of it, and so where Hypothesis prints an example."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))
