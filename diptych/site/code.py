"""Source code as HTML: highlighted, a line an anchor where a whole file is shown."""

import re
from functools import cache
from typing import Any

from markupsafe import Markup
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

# Brackets, operators and plain names look like the text around them.
PLAIN = re.compile(r'<span class="(?:p|o|n)">(.*?)</span>')
LEXER: Any = PythonLexer(stripnl=False, ensurenl=False)
FORMATTER: Any = HtmlFormatter(nowrap=True)


@cache
def highlighted(text: str) -> Markup:
    r"""Highlight Python; the text itself is escaped.

    >>> highlighted("a < 1")
    Markup('a &lt; <span class="mi">1</span>\n')
    """
    return Markup(PLAIN.sub(r"\1", highlight(text, LEXER, FORMATTER)))


def numbered_lines(text: str) -> Markup:
    """Highlight a whole file; line 7 can be linked to as `#L7`."""
    lines = str(highlighted(text)).splitlines()
    return Markup("\n").join(
        Markup('<span class="line" id="L{0}"><a href="#L{0}">{0}</a>{1}</span>').format(
            number, Markup(line)
        )
        for number, line in enumerate(lines, 1)
    )
