"""What other people's code prints, held back from the terminal."""

import os
import sys
from tempfile import TemporaryFile

MOST = 200  # bytes of it that are reported


class Printed:
    """What is printed, by Python or below it: not on the terminal, for the report.

    What goes to standard error, such as a warning, is no answer and is dropped.
    """

    def __init__(self) -> None:
        self.file = TemporaryFile()  # noqa: SIM115 - open as long as the process
        os.dup2(self.file.fileno(), 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)

    def taken(self) -> str:
        """Take what was printed since it was last asked for."""
        sys.stdout.flush()
        self.file.seek(0)
        text = self.file.read(MOST).decode(errors="replace")
        self.file.seek(0)
        self.file.truncate()
        return text
