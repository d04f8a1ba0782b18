"""Sentences from the sources as HTML: names in code, addresses as links."""

import re

from markupsafe import Markup, escape

from diptych.reader.reading import Reading

SPECIAL = re.compile(
    r"`(?P<code>[^`]+)`|(?P<link>https?://[^\s,;]+[^\s,;.)])"
    r"|\*(?P<title>[A-Z][^*]*[^*\s(])\*"
)


def prose(text: str) -> Markup:
    """Escape a text; set code and titles of books as such, and link addresses.

    >>> prose("<b> `x` http://a.org/b.")
    Markup('&lt;b&gt; <code>x</code> <a href="http://a.org/b">a.org/b</a>.')
    >>> prose("Me, *A Book*, for (*B, T, C)")
    Markup('Me, <cite>A Book</cite>, for (*B, T, C)')
    """
    written, end = [], 0
    for match in SPECIAL.finditer(text):
        written.append(escape(text[end : match.start()]))
        written.append(special(match))
        end = match.end()
    return Markup("").join([*written, escape(text[end:])])


def special(match: re.Match[str]) -> Markup:
    """Write code, a link or a title."""
    if match["code"]:
        return Markup("<code>{}</code>").format(match["code"])
    if match["title"]:
        return Markup("<cite>{}</cite>").format(match["title"])
    shown = match["link"].partition("://")[2]
    return Markup('<a href="{}">{}</a>').format(match["link"], shown)


def sentence(text: str) -> str:
    """Make a whole sentence of a remark.

    >>> sentence("equal words, equal ids")
    'Equal words, equal ids.'
    """
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def lede(reading: Reading) -> str:
    """Give the idea of a pair without repeating its title.

    >>> from diptych.reader.reading import read_source
    >>> lede(read_source("softmax"))
    'Scores become weights that are positive and sum to one.'
    """
    title, _, idea = reading.sentence.partition(": ")
    is_title = idea and title.casefold() == reading.title.casefold()
    return sentence(idea) if is_title else reading.sentence
