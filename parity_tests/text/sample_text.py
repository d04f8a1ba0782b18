"""Text to try tokenizers on: adversarial strings, each with its reason, and real text.

`ADVERSARIAL` maps a name to a string; `text()` draws mixtures of such strings' parts.
"""

import lzma
import unicodedata
from functools import cache
from pathlib import Path

from hypothesis import strategies as st

ADVERSARIAL = {
    # Nearly nothing: the edges of every loop and every comparison of neighbours.
    "empty": "",
    "one character": "a",
    "one astral character": "𐍈",
    "one space": " ",
    # White space, where GPT-2's pattern, `\s` and `str.strip` part ways.
    "two spaces before a word": "a  b",
    "spaces at both ends": "  a  ",
    "spaces and newlines": "a \n b\n \nc \n\n  d\n\n",
    "newline before a word": "a\n\nb",
    "CRLF": "one\r\ntwo\r\n\r\nthree\r",
    "tab": "\tif x:\n\t\treturn\t# why\n",
    "NBSP": "10\u00a0000\u00a0 km",  # white space that no space key types
    "U+001C..U+001F": "a\x1cb\x1dc\x1ed\x1fe",  # white space to Python, not to Unicode
    "U+0085": "a\x85b\x85 c",  # the newline of EBCDIC, white space to both
    "U+3000": "東京\u3000大阪\u3000",  # the space of CJK
    "BOM": "\ufefffirst\ufeff",  # no white space, though it is called one
    "ZWSP": "zero\u200bwidth",  # no white space either
    # Code points that are not what a reader sees.
    "NUL": "a\x00b\x00",  # ends a string in C
    "combining accents": "e\u0301 Z\u0351\u0347\u0301a\u030a\u0301lgo",
    "composed and decomposed": "é e\u0301",  # equal to a reader, not to a tokenizer
    "ZWJ emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",  # one picture, seven code points
    "flags": "🇩🇪🇫🇷",
    "right to left": "שלום, עולם! مرحبا‏ بالعالم",
    "CJK": "吾輩は猫である。名前はまだ無い。",  # a sentence without a space
    "Thai": "ภาษาไทยไม่มีช่องว่าง",
    "astral": "𝒳 = {𝑥₁, 𝑥₂} 𐍈𐍉",  # two units each in UTF-16
    "highest code point": "\U0010ffff\U0010fffe",
    "private and unassigned": "\ue000\u0378",
    "letters that change length": "ßẞİıŉ",  # upper case has another length
    "digits of other scripts": "x² ½ ٣٤ Ⅷ 五",
    # Text that looks like something else.
    "special token": "a<|endoftext|>b <|endoftext|> <|unk|> <|endoftext|",
    "contractions": "It's IT'S it’s they'll'd 'tis rock'n'roll'",
    "book punctuation": "A:b;c,d.e?f_g!h\"i(j)k'l--m---n- ... ?!",
    "code": 'def f(x):\n    return {"a": x[1:-1] ** 2}  # ok\n',
    "JSON": '{"k": "\\u0041\\n", "v": null}',
    "URL": "https://example.org/a?b=c&d=%20#e",
    "replacement character": "\ufffd?\ufffd",  # what a faulty decoding leaves behind
    # Runs: what merges overlap in, and what a quadratic loop is slow on.
    "run of one letter": "a" * 33,
    "run of spaces": " " * 33 + "x",
    "run of newlines": "\n" * 17,
    "run of punctuation": "-" * 9 + "." * 8 + "!?" * 4,
    "run of emoji": "👍" * 9,
    "abab": "ab" * 16 + "a",
}

ATOMS = (
    *("a", "b", "ab", "the", "The", "é", "e\u0301", "ß", "猫"),
    *("👍", "👩‍👧", "ש", "0", "42"),
    *(" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\x1c", "\x85", "\x00"),
    *(",", ".", ":", ";", "?", "_", "!", '"', "(", ")", "'", "'s", "-", "--", "---"),
    *("<|endoftext|>", "<|unk|>", "<|", "|>", "\ufffd", "\ufeff"),
)


def text(max_size: int = 24) -> st.SearchStrategy[str]:
    """Draw a text of at most `max_size` parts: atoms and any characters, mixed."""
    part = st.sampled_from(ATOMS) | st.characters(codec="utf-8")
    mixture = st.lists(part, max_size=max_size).map("".join)
    return mixture | st.sampled_from(sorted(ADVERSARIAL.values()))


def settled(text: str) -> str:
    """Leave out the characters on whose class tokenizers do not agree.

    Each engine has the classes of its version of Unicode: ours, tiktoken's and Hugging
    Face's of 16, `regex` a newer one. They differ on characters that were assigned
    lately; what Python's older version has assigned has one class in all of them.

    >>> settled("a\U0001e6c0b")  # a letter since Unicode 17
    'ab'
    """
    return "".join(c for c in text if unicodedata.category(c) != "Cn")


@cache
def jargon_file() -> str:
    """Return the Jargon File 4.4.7: 1.7 MB of real English, in the public domain.

    >>> jargon_file().split(maxsplit=5)[:5]
    ['The', 'Jargon', 'File', '(version', '4.4.7)']
    """
    packed = Path(__file__).with_name("jargon.txt.xz")
    return lzma.decompress(packed.read_bytes()).decode("utf-8")
