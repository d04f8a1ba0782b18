"""A byte-pair vocabulary: what it may hold, how training breaks ties, and GPT-2's own.

Source: Radford et al. 2019, section 2.2; GPT-2's bytes are `bytes_to_unicode` in
        https://github.com/openai/gpt-2/blob/master/src/encoder.py.
Twin:   reference/tokenizers/byte_vocabulary.py
"""

import lzma
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from torch_impl.tokenizers.tokenizer import check_text

Pair = tuple[int, int]
MAX_TOKEN_BYTES, MAX_VOCABULARY_BYTES = 2**20, 2**26
PRINTED = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))  # in Latin-1
GPT2_BYTES = (*PRINTED, *sorted({*range(256)} - {*PRINTED}))  # by their ids
GPT2_IDS = {byte: i for i, byte in enumerate(GPT2_BYTES)}

# By what training sorts pairs that are equally frequent, given the bytes of all tokens.
TIE_BREAKS: dict[str, Callable[[Pair, Sequence[bytes]], Any]] = {
    "bytes": lambda pair, bytes_of: ([bytes_of[token] for token in pair], pair),
    "first_seen": lambda pair, _: 0,  # as minbpe: `min` returns the first of equals
    "pair_id": lambda pair, _: pair,  # as rustbpe
    "hugging_face": lambda pair, _: [GPT2_IDS.get(token, token) for token in pair],
}


def join_bytes(merges: list[Any], names: list[str], base: list[int]) -> list[bytes]:
    """Return the bytes of every id; everything is checked before any are joined."""
    if {*map(type, base)} != {int} or sorted(base) != [*range(256)]:
        raise ValueError(f"base_bytes must be every byte once, got {base!r:.60}")
    special_bytes = [token.encode() for token in check_special_tokens(names)]
    lengths = [*map(len, special_bytes), *measure(merges)]
    longest, total = max(lengths), sum(lengths)
    if longest > MAX_TOKEN_BYTES or total > MAX_VOCABULARY_BYTES:
        rule = f"at most {MAX_TOKEN_BYTES} bytes, a vocabulary {MAX_VOCABULARY_BYTES}"
        raise ValueError(f"a token has {rule}, got {longest} and {total}")
    token_bytes = [bytes([byte]) for byte in base]
    for left, right in merges:
        token_bytes.append(token_bytes[left] + token_bytes[right])
    return token_bytes + special_bytes


def measure(merges: Sequence[Any]) -> list[int]:
    """Return how many bytes each id has, up to the first that has too many.

    >>> measure([(97, 98), (256, 256)])[-2:]  # "ab", then "abab"
    [2, 4]
    """
    lengths, seen = [1] * 256, set()
    for rank, row in enumerate(merges):
        is_pair = isinstance(row, list | tuple) and [*map(type, row)] == [int, int]
        if not is_pair or min(row) < 0 or max(row) >= 256 + rank or tuple(row) in seen:
            rule = "a merge is a new pair of ids that exist before it"
            raise ValueError(f"{rule}, got {row!r} at rank {rank}")
        seen.add(tuple(row))
        lengths.append(lengths[row[0]] + lengths[row[1]])
        if lengths[-1] > MAX_TOKEN_BYTES:
            break
    return lengths


def check_special_tokens(tokens: Sequence[str]) -> Sequence[str]:
    """Return special tokens that are different strings, none of them empty."""
    tokens = [check_text(token) for token in tokens]
    if "" in tokens or len({*tokens}) < len(tokens):
        raise ValueError(f"special tokens must differ, none empty, got {tokens!r:.60}")
    return tokens


def count_merges(vocab_size: int, special_tokens: Sequence[str], tie_break: str) -> int:
    """Return how many merges training looks for, if it can begin."""
    if tie_break not in TIE_BREAKS:
        raise ValueError(f"tie_break must be one of {[*TIE_BREAKS]}, got {tie_break!r}")
    least = 256 + len(check_special_tokens(special_tokens))
    if not isinstance(vocab_size, int) or vocab_size < least:
        rule = f"an integer, and at least 256 + the number of special tokens = {least}"
        raise ValueError(f"vocab_size must be {rule}, got {vocab_size!r}")
    return vocab_size - least


def read_gpt2_merges() -> list[Pair]:
    """Read the pairs of ids that GPT-2 merges, in the order of rank."""
    # The file writes a byte that does not print as a character from U+0100 on.
    signs = [*PRINTED, *range(0x100, 0x200 - len(PRINTED))]
    id_of = {chr(sign): i for i, sign in enumerate(signs)}
    merges = []
    packed = Path(__file__).with_name("gpt2") / "vocab.bpe.xz"
    for line in lzma.decompress(packed.read_bytes()).decode().splitlines()[1:]:
        left, right = line.split(" ")
        merges.append((id_of[left], id_of[right]))
        id_of[left + right] = len(id_of)
    return merges
