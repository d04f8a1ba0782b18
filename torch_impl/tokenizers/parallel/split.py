r"""Cut a text into words, so that no token ever reaches across two of them.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
        section 2.2; the pattern is that of
        https://github.com/openai/gpt-2/blob/master/src/encoder.py:
        's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
Twin:   reference/tokenizers/split.py
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor

from torch_impl.tokenizers.character_classes import (
    END,
    TEXT_END,
    WHITE_SPACE,
    character_classes,
)

SPACE, APOSTROPHE = ord(" "), ord("'")
SHORT = [ord(c) for c in "sdmt"]  # 's 'd 'm 't
LONG = [ord(a) << 21 | ord(b) for a, b in ("ll", "ve", "re")]


def split(points: Int[Tensor, " N"]) -> Int[Tensor, " W"]:
    """Say where every word starts; each reaches to the start of the next.

    The words are those of GPT-2's pattern, found by comparing neighbours. `END` in
    `points` is a word by itself, and each side of it is a text of its own.

    >>> text = "It's  5 o'clock"
    >>> cuts = [*split(torch.tensor([ord(c) for c in text])).tolist(), len(text)]
    >>> [text[a:b] for a, b in zip(cuts, cuts[1:])]
    ['It', "'s", ' ', ' 5', ' o', "'", 'clock']
    """
    # 1. Class every character.
    classes = character_classes(points)  # (N,)
    white, end = classes == WHITE_SPACE, classes == TEXT_END

    # 2. Start a word where the class changes, a space going with what follows.
    starts = torch.ones_like(white)  # (N,)
    changes = classes[1:] != classes[:-1]
    leads = (points[:-1] == SPACE) & ~white[1:] & ~end[1:]
    starts[1:] = changes & ~leads | end[1:]

    # 3. Of white space before a word, let the last character stand apart.
    starts[1:-1] |= white[:-2] & white[1:-1] & ~white[2:] & ~end[2:]

    # 4. Find the apostrophes that start a word and a contraction ('s, 'll).
    padded = F.pad(points, (0, 2), value=END)  # (N+2,)
    marks = (starts & (points == APOSTROPHE)).nonzero().flatten()
    first, second = padded[marks + 1], padded[marks + 2]
    short = torch.isin(first, points.new_tensor(SHORT))
    long = torch.isin(first << 21 | second, points.new_tensor(LONG))

    # 5. Keep a contraction together, and start a word behind it.
    starts[marks[short | long] + 1] = False
    behind = torch.cat([marks[short] + 2, marks[long] + 3])
    starts[behind[behind < len(points)]] = True
    return starts.nonzero().flatten()


def chunks(points: Int[Tensor, " N"], size: int = 2**16) -> Iterator[Int[Tensor, " M"]]:
    """Cut a text into chunks of about `size` whose words are the words of the text.

    Between a word and white space a cut changes nothing on either side. A chunk is
    longer than `size` where there is no such place.

    >>> [len(chunk) for chunk in chunks(torch.tensor([97, 32, 97, 97, 97]), size=2)]
    [1, 4]
    """
    start, stop = 0, size
    while stop < len(points):
        white = character_classes(points[start : stop + 1]) == WHITE_SPACE
        cuts = (white[1:] & ~white[:-1]).nonzero().flatten() + 1
        if len(cuts) > 0:
            stop = start + int(cuts[-1])
            yield points[start:stop]
            start, stop = stop, stop + size
        else:
            stop += stop - start
    yield points[start:]
