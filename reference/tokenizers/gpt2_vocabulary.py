"""GPT-2's own vocabulary, as OpenAI published it; `gpt2/` tells its origin.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
        section 2.2; the byte alphabet is that of
        https://github.com/openai/gpt-2/blob/master/src/encoder.py, bytes_to_unicode.
Twin:   torch_impl/tokenizers/gpt2_vocabulary.py
"""

import lzma
from pathlib import Path

MERGES = Path(__file__).with_name("gpt2") / "vocab.bpe.xz"
SPECIAL_TOKENS = ("<|endoftext|>",)


def byte_order() -> list[int]:
    """List the bytes by their id: first those that print in Latin-1, then the rest.

    >>> bytes(byte_order()[:6])
    b'!"#$%&'
    """
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return printed + sorted({*range(256)} - {*printed})


def read_merges() -> list[tuple[int, int]]:
    """Read the pairs of ids that GPT-2 merges, in the order of rank.

    >>> read_merges()[:2]  # " " "t" and " " "a"
    [(220, 83), (220, 64)]
    """
    order = byte_order()
    # The file writes a byte that does not print as a character from U+0100 on.
    signs = [chr(byte if n < 188 else 0x100 + n - 188) for n, byte in enumerate(order)]
    ids = {sign: n for n, sign in enumerate(signs)}
    merges = []
    lines = lzma.decompress(MERGES.read_bytes()).decode("utf-8").splitlines()
    for line in lines[1:]:  # the first line is the version of the file
        left, right = line.split(" ")
        merges.append((ids[left], ids[right]))
        ids[left + right] = len(ids)
    return merges
