"""Text made visible: what a terminal would obey, hide or reorder is spelled out."""

import unicodedata

from rich.cells import cell_len

SIGNS = {" ": "␣", "\n": "⏎", "\t": "⇥", "\r": "␍"}
NAMELESS = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


def visible(text: str) -> str:
    r"""Spell out control characters, marks of direction, white space and surrogates.

    >>> visible("a b\n"), visible("\x1b[31m"), visible("\u202egnp.exe")
    ('a␣b⏎', '<0x1B>[31m', '<U+202E>gnp.exe')
    """
    shown = "".join(sign(character) for character in text)
    lonely = shown and unicodedata.category(shown[0]).startswith("M")
    return f"◌{shown}" if lonely else shown


def visible_line(text: str) -> str:
    r"""Make text visible, but leave its spaces as they are.

    >>> visible_line("a b\n")
    'a b⏎'
    """
    return " ".join(visible(part) for part in text.split(" "))


def sign(character: str) -> str:
    """Return what stands for a character."""
    if character in SIGNS:
        return SIGNS[character]
    if unicodedata.category(character) not in NAMELESS:
        return character
    point = ord(character)
    return f"<0x{point:02X}>" if point < 0x80 else f"<U+{point:04X}>"


def visible_bytes(data: bytes) -> str:
    r"""Show bytes as text where they are text, and spell the others out.

    >>> visible_bytes(b" caf\xc3\xa9"), visible_bytes(b"\xe2\x80")
    ('␣café', '<0xE2><0x80>')
    """
    try:
        return visible(data.decode("utf-8"))
    except UnicodeDecodeError:
        return "".join(sign(chr(b)) if b < 0x80 else f"<0x{b:02X}>" for b in data)


def short(text: str, width: int) -> str:
    """Cut a label to a width, and say so by an ellipsis.

    >>> short("attention", 6), short("cat", 6)
    ('atten…', 'cat')
    """
    if cell_len(text) <= width:
        return text
    while cell_len(text) > width - 1:
        text = text[:-1]
    return f"{text}…"
