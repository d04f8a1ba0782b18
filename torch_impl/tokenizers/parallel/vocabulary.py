"""A vocabulary: which word has which id.

Source: Raschka, Build a Large Language Model (From Scratch), sections 2.3 and 2.4,
        https://github.com/rasbt/LLMs-from-scratch, ch02/01_main-chapter-code.
Twin:   reference/tokenizers/vocabulary.py
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from jaxtyping import Int64, Shaped, UInt8
from torch import Tensor

from torch_impl.tokenizers.ids import whole_number
from torch_impl.tokenizers.spelling import Spelling, spell
from torch_impl.tokenizers.text import refuse_text

END_OF_TEXT = "<|endoftext|>"
UNKNOWN = "<|unk|>"
SHOWN = 40  # characters of a word in a message


def words_by_id(vocabulary: Mapping[str, int]) -> list[str]:
    """List the words of a vocabulary in the order of their ids.

    >>> words_by_id({"b": 1, "a": 0})
    ['a', 'b']
    >>> words_by_id({"a": 0, "b": 2})
    Traceback (most recent call last):
    ValueError: ids must be 0..1, each of them once, got 2 for 'b'

    Raises:
        TypeError: it does not map words to whole numbers.
        ValueError: the ids are not 0..V-1, or a word is no text.
    """
    if not isinstance(vocabulary, Mapping):
        kind = type(vocabulary).__name__
        raise TypeError(f"a vocabulary must map words to ids, got {kind}")
    for word in vocabulary:
        refuse_text(word)
    ids = {word: whole_number(number) for word, number in vocabulary.items()}
    words = sorted(ids, key=ids.__getitem__)
    for place, word in enumerate(words):
        if ids[word] != place:
            raise ValueError(
                f"ids must be 0..{len(words) - 1}, each of them once, "
                f"got {ids[word]} for {shown(word)}"
            )
    return words


def shown(word: str) -> str:
    """Write a word into a message, cut where it is long.

    >>> shown("a" * 50)
    "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'…"
    """
    return repr(word) if len(word) <= SHOWN else f"{word[:SHOWN]!r}…"


def write_words(
    words: Sequence[str], device: torch.device | None = None
) -> tuple[UInt8[Tensor, " bytes"], Int64[Tensor, " V"]]:
    """Write words as UTF-8, end to end, and say where each ends.

    >>> write_words(["a", "bc"])
    (tensor([97, 98, 99], dtype=torch.uint8), tensor([1, 3]))
    """
    encoded = [word.encode("utf-8") for word in words]
    sizes = [len(word) for word in encoded]
    ends = torch.tensor(sizes, dtype=torch.int64, device=device).cumsum(0)
    joined = bytearray().join(encoded)
    if not joined:  # torch.frombuffer takes no empty buffer
        return torch.zeros(0, dtype=torch.uint8, device=device), ends
    return torch.frombuffer(joined, dtype=torch.uint8).to(device), ends


def spell_words(
    spelling: UInt8[Tensor, " bytes"], ends: Int64[Tensor, " V"]
) -> Spelling:
    """Spell what `write_words` wrote, so that it can be looked up."""
    lengths = ends.diff(prepend=ends.new_zeros(1))
    return spell(spelling, ends - lengths, lengths)


def read_words(
    spelling: Shaped[Tensor, "..."], ends: Shaped[Tensor, "..."]
) -> list[str]:
    """Read what `write_words` wrote.

    >>> read_words(torch.tensor([97, 98, 99]).byte(), torch.tensor([1, 3]))
    ['a', 'bc']

    Raises:
        ValueError: the tensors are not in rows, an end lies before the one before it,
            the last is not the end of the spelling, or a word is no UTF-8 or is there
            twice.
    """
    stops = [0, *ends.flatten().tolist()]
    rows = spelling.ndim == 1 and ends.ndim == 1
    if not rows or stops != sorted(stops) or stops[-1] != len(spelling):
        raise ValueError("ends must rise to the end of the spelling")
    data = bytes(spelling.tolist())
    words = [read_utf8(data[a:b], n) for n, (a, b) in enumerate(pairwise(stops))]
    counts = Counter(words)
    if len(counts) < len(words):
        twice = next(word for word in words if counts[word] > 1)
        raise ValueError(f"every word must have one id, got {shown(twice)} twice")
    return words


def read_utf8(data: bytes, number: int) -> str:
    """Read one word.

    Raises:
        ValueError: it is no UTF-8.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"word {number} is no UTF-8") from None
