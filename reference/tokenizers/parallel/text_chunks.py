"""Chunks: the UTF-8 bytes of many texts, in portions that fit into the cache.

A separator byte stands behind every piece of a text, so a chunk may hold the end of
one text and the beginning of another, and no pre-token reaches across.

Twin: torch_impl/tokenizers/parallel/text_chunks.py
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from reference.tokenizers.parallel.byte_classes import white_space

CHUNK_SIZE = 2**17  # characters: what is computed from a chunk stays in the cache
SEPARATOR = b"\xff"  # UTF-8 has no such byte
PADDING = 16 * SEPARATOR  # so that 16 bytes can be read from any position


class Chunk(NamedTuple):
    """Pieces of text as bytes."""

    data: bytes  # every piece, each with a separator behind it, then the padding
    ends_text: list[bool]  # for every piece, whether its text ends with it
    is_ascii: bool  # whether all pieces are, so that a byte is a character


def chunks(texts: Iterable[str], size: int = CHUNK_SIZE) -> Iterator[Chunk]:
    r"""Gather the pieces of texts into chunks of about `size` characters.

    >>> for chunk in chunks(["a b", "", "c"], size=2):
    ...     print(chunk.data.rstrip(SEPARATOR), chunk.ends_text)
    b'a' [False]
    b' b' [True]
    b'\xffc' [True, True]
    b'' []
    """
    parts: list[bytes] = []
    ends_text: list[bool] = []
    gathered, is_ascii = 0, True
    for text in texts:
        for piece, is_last in pieces(text, size):
            parts.append(piece.encode())
            ends_text.append(is_last)
            gathered += len(piece) + 1
            is_ascii = is_ascii and piece.isascii()
            if 2 * gathered > size:  # with another piece it could be much too large
                yield Chunk(SEPARATOR.join([*parts, PADDING]), ends_text, is_ascii)
                parts, ends_text, gathered, is_ascii = [], [], 0, True
    yield Chunk(SEPARATOR.join([*parts, PADDING]), ends_text, is_ascii)


def pieces(text: str, size: int) -> Iterator[tuple[str, bool]]:
    """Cut a text where a word ends and white space follows; say which piece is last.

    There the pre-tokens on either side are those of the whole text. A piece is longer
    than `size` where there is no such position.

    >>> list(pieces("a  aaaa", size=2))
    [('a', False), ('  aaaa', True)]
    """
    start, stop = 0, size
    while stop < len(text):
        # 1. Cut: go back to a blank or newline, then to where its white space begins.
        piece = text[start:stop]
        blank = max(piece.rfind(" "), piece.rfind("\n"), 0)
        cut = len(piece[:blank].rstrip(white_space()))

        # 2. Grow: if all before it is white space, look in twice as much text.
        if cut == 0:
            stop += stop - start
        else:
            yield piece[:cut], False
            start, stop = start + cut, start + cut + size
    yield text[start:], True
