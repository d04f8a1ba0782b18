"""What a terminal is written on: lines that fit, and prose that hangs from its name."""

from rich.console import Console
from rich.text import Text

WIDEST = 100  # of a line of prose
INDENT = "  "  # of values


class Paper:
    """Prints to a console, line by line."""

    def __init__(self, console: Console):
        self.console = console
        self.width = console.width
        self.after_blank = True

    def line(self, text: Text | str = "", style: str = "") -> None:
        """Print one line, which fits; of several empty ones, only the first."""
        text = Text(text, style) if isinstance(text, str) else text
        if not text and self.after_blank:
            return
        self.after_blank = not text
        if self.console.color_system is None:
            text = text.copy()
            text.rstrip()  # a space has a colour to show, or nothing
        self.console.print(text, soft_wrap=True, highlight=False)

    def prose(self, name: str, said: str, style: str = "") -> None:
        """Print a sentence in lines that can be read, hanging from its name."""
        start = Text(name, "bold")
        width = min(self.width, WIDEST) - start.cell_len
        for part in Text(said, style).wrap(self.console, max(width, 20)):
            part.rstrip()
            self.line(Text.assemble(start, part))
            start = Text(" " * start.cell_len)

    def indented(self, lines: list[Text]) -> None:
        """Print lines a little to the right of the code."""
        for line in lines:
            self.line(Text.assemble(INDENT if line else "", line))
