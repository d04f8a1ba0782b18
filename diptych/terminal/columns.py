"""Both panels of code for a terminal: side by side if both fit, else one below."""

from pygments.token import Comment, Keyword, Name, Number, Operator, String, Token
from rich.style import Style
from rich.syntax import ANSISyntaxTheme, Syntax
from rich.text import Text

from diptych.reader.model import Code, Row
from diptych.terminal.fold import folded

Codes = tuple[Code, ...]
BAR = " │ "
TITLES = ("NumPy", "PyTorch")

# Only colours that a terminal's own palette keeps readable on light and on dark.
THEME = ANSISyntaxTheme(
    {
        Token: Style(),
        Comment: Style(color="cyan", italic=True),
        Keyword: Style(color="magenta"),
        Name.Function: Style(bold=True),
        Name.Class: Style(bold=True),
        Number: Style(),
        Operator.Word: Style(color="magenta"),
        String: Style(color="green"),
    }
)


def code_lines(row: Row, width: int) -> list[Text]:
    """Show the code of both panels; no line of it is ever cut.

    Pieces that do the same are paired; a fused call is beside all that it does.
    """
    pairs = [(row.reference, row.torch)]
    if len(row.reference) == len(row.torch):
        pieces = zip(row.reference, row.torch, strict=True)
        pairs = [((left,), (right,)) for left, right in pieces]
    lines: list[Text] = []
    for left, right in pairs:
        pair = pair_lines(left, right, width, row.idle)
        lines += [*([Text()] if lines else []), *pair]
    return lines


def pair_lines(left: Codes, right: Codes, width: int, idle: str) -> list[Text]:
    """Show two pieces of code in columns of one width, or one below the other."""
    column = (width - len(BAR)) // 2
    blocks = [
        [title(name, codes, idle), *highlighted(codes)]
        for name, codes in zip(TITLES, (left, right), strict=True)
    ]
    longest = max(line.cell_len for block in blocks for line in block)
    if longest <= column:
        return beside(blocks[0], blocks[1], column)
    return [part for block in blocks for line in block for part in folded(line, width)]


def title(name: str, codes: Codes, idle: str) -> Text:
    """Say whose code it is, and in which file, or why there is none."""
    if not codes:
        return Text.assemble((f"{name}  ", "bold"), (idle, "dim"))
    place = f"{codes[0].path}:{codes[0].line}"
    return Text.assemble((f"{name}  ", "bold"), (place, "dim"))


def highlighted(codes: Codes) -> list[Text]:
    """Colour code; an ellipsis is where lines are left out between two pieces."""
    lines: list[Text] = []
    for code in codes:
        text = Syntax(code.text, "python", theme=THEME).highlight(code.text)
        text.rstrip()
        lines += [*([Text("⋮", "dim")] if lines else []), *text.split("\n")]
    return lines


def beside(left: list[Text], right: list[Text], column: int) -> list[Text]:
    """Put two blocks into columns of one width."""
    lines = []
    for number in range(max(len(left), len(right))):
        line = left[number].copy() if number < len(left) else Text()
        line.append(" " * (column - line.cell_len)).append(BAR, "dim")
        if number < len(right):
            line.append_text(right[number])
        line.rstrip()
        lines.append(line)
    return lines
