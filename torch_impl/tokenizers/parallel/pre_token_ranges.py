r"""Pre-tokenization without a regular expression: where does every pre-token start?

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
        section 2.2; the pattern, which ../pretokenize.py spells out, is GPT-2's:
        's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
Twin:   reference/tokenizers/parallel/pre_token_ranges.py
"""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int, UInt8
from torch import Tensor

from torch_impl.tokenizers.parallel.byte_classes import (
    SEPARATED,
    WHITE_SPACE,
    byte_classes,
)
from torch_impl.tokenizers.parallel.text_chunks import PADDING

SPACE, APOSTROPHE = ord(" "), ord("'")
AFTER_APOSTROPHE = torch.zeros(256, 256, dtype=torch.uint8)  # letters contracted
AFTER_APOSTROPHE[[ord(c) for c in "sdmt"]] = 1  # 's 'd 'm 't
AFTER_APOSTROPHE[[ord(c) for c in "lvr"], [ord(c) for c in "lee"]] = 2  # 'll 've 're


def pre_token_ranges(
    data: bytes, codes: UInt8[Tensor, " N"], is_ascii: bool = False
) -> tuple[Int[Tensor, " W"], Int[Tensor, " W"]]:
    """Give the position of every pre-token's first byte, and its length in bytes.

    `data` is a chunk: UTF-8, separators, padding; `codes` are the same bytes. A
    separator is a pre-token too, and each side of it is a text of its own.

    >>> from torch_impl.tokenizers.parallel.byte_classes import bytes_tensor
    >>> text = b"It's  5 o'clock"
    >>> data = text + PADDING
    >>> starts, lengths = pre_token_ranges(data, bytes_tensor(data))
    >>> ranges = zip(starts.tolist(), lengths.tolist(), strict=True)
    >>> [text[start : start + length] for start, length in ranges]
    [b'It', b"'s", b' ', b' 5', b' o', b"'", b'clock']
    """
    # 1. Classes: letter, number, white space or other.
    classes = byte_classes(data, codes, is_ascii)  # (N,)

    # 2. Starts: where the class changes; a space goes with the word behind it.
    joined = codes[:-1] == SPACE
    changes = (classes[1:] != classes[:-1]) & ~joined
    starts = F.pad(changes, (1, 0), value=True) | (classes == SEPARATED)  # (N,)

    # 3. White space: its last character before a word stands alone: \s+(?!\S).
    last_white = (classes[:-1] == WHITE_SPACE) & (classes[1:] < WHITE_SPACE)
    starts[:-1] |= last_white if is_ascii else at_first_bytes(last_white, codes)

    # 4. Contractions: 's, 'll are pre-tokens; the next one starts behind them.
    marks = (starts & (codes == APOSTROPHE)).nonzero().flatten()
    after = codes[marks + 1].long(), codes[marks + 2].long()
    n_letters = AFTER_APOSTROPHE.to(codes.device)[after]
    marks, n_letters = marks[n_letters > 0], n_letters[n_letters > 0]
    starts[marks + 1] = False
    starts[marks + 1 + n_letters] = True

    # 5. Ends: every pre-token reaches to the next, the last to the padding.
    bounds = starts.nonzero().flatten()[: 1 - len(PADDING)]
    return bounds[:-1], bounds.diff()


def at_first_bytes(
    last: Bool[Tensor, " M"], codes: UInt8[Tensor, " N"]
) -> Bool[Tensor, " M"]:
    """Move every mark from the last byte of a character to its first.

    >>> from torch_impl.tokenizers.parallel.byte_classes import bytes_tensor
    >>> codes = bytes_tensor("\u3000 x".encode())  # three bytes, one, one
    >>> at_first_bytes(torch.tensor([False, False, True, True]), codes).tolist()
    [True, False, False, True]
    """
    positions = (last & (codes[: len(last)] >= 0x80)).nonzero().flatten()
    last[positions] = False
    for _ in range(2):  # white space has three bytes at most
        positions = positions - (codes[positions] & 0xC0 == 0x80).long()
    last[positions] = True
    return last
