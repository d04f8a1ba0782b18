"""GPT-2's own vocabulary, as OpenAI published it; its origin is told in gpt2/.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
        section 2.2; the byte alphabet is that of
        https://github.com/openai/gpt-2/blob/master/src/encoder.py, bytes_to_unicode.
Twin:   reference/tokenizers/gpt2_vocabulary.py
"""

import lzma
from pathlib import Path

import torch
from jaxtyping import Int
from torch import Tensor

MERGES = Path(__file__).with_name("gpt2") / "vocab.bpe.xz"
SPECIAL_TOKENS = ("<|endoftext|>",)


def byte_order() -> Int[Tensor, "256"]:
    """List the bytes by their id: first those that print in Latin-1, then the rest.

    >>> bytes(byte_order()[:6].tolist())
    b'!"#$%&'
    """
    printed = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    rest = sorted(set(range(0x100)) - set(printed))
    return torch.tensor(printed + rest)


def read_merges() -> Int[Tensor, "R 2"]:
    """Read the pairs of ids that GPT-2 merges, in the order of rank.

    The file writes a byte that does not print as a character from U+0100 on.

    >>> read_merges()[:2].tolist()  # " t", " a"
    [[220, 83], [220, 64]]
    """
    order = byte_order().tolist()
    n_printed = order.index(0)
    signs = [chr(b) for b in order[:n_printed]]
    signs += [chr(0x100 + i) for i in range(256 - n_printed)]
    ids = {sign: i for i, sign in enumerate(signs)}
    merges = []
    text = lzma.decompress(MERGES.read_bytes()).decode("utf-8")
    for line in text.splitlines()[1:]:  # the first one tells the version
        left, right = line.split()
        merges.append((ids[left], ids[right]))
        ids[left + right] = len(ids)
    return torch.tensor(merges)
