"""A byte-pair vocabulary: what it may hold, how training breaks ties, and GPT-2's own.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
        section 2.2; https://github.com/openai/gpt-2/blob/master/src/encoder.py,
        `bytes_to_unicode`, for GPT-2's bytes; `gpt2/` says where its merges are from.
Twin:   torch_impl/tokenizers/byte_vocabulary.py
"""

import lzma
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from reference.tokenizers.tokenizer import check_text

Pair = tuple[int, int]
MAX_TOKEN_BYTES, MAX_VOCABULARY_BYTES = 2**20, 2**26
PRINTED = (*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100))  # in Latin-1
GPT2_BYTES = (*PRINTED, *sorted({*range(256)} - {*PRINTED}))  # by their ids
GPT2_MERGES = Path(__file__).with_name("gpt2") / "vocab.bpe.xz"


def join_bytes(merges: Any, special_tokens: Any, base_bytes: Any) -> list[bytes]:
    """Return the bytes of every id, once all is checked: what they are, how long.

    >>> join_bytes([(97, 98), (256, 256)], ["é"], range(256))[256:]
    [b'ab', b'abab', b'\\xc3\\xa9']
    """
    if {*map(type, base_bytes)} != {int} or sorted(base_bytes) != [*range(256)]:
        raise ValueError(f"base_bytes must be every byte once, got {base_bytes!r:.60}")
    n_bytes = sum(measure_merges(merges)) + sum(measure_special_tokens(special_tokens))
    if n_bytes > MAX_VOCABULARY_BYTES:
        limit = f"at most {MAX_VOCABULARY_BYTES} bytes in all"
        raise ValueError(f"a vocabulary has {limit}, got {n_bytes}")
    token_bytes = [bytes([byte]) for byte in base_bytes]
    for left, right in merges:
        token_bytes.append(token_bytes[left] + token_bytes[right])
    return token_bytes + [token.encode() for token in special_tokens]


def measure_merges(merges: Any) -> list[int]:
    """Return how many bytes every id has, if each merge joins ids that exist by then."""
    if not isinstance(merges, list | tuple):
        raise TypeError(f"merges must be a list of pairs, got {type(merges).__name__}")
    lengths, seen = [1] * 256, set()
    for rank, row in enumerate(merges):
        got = f"got {row!r} at rank {rank}"
        if not isinstance(row, list | tuple) or [*map(type, row)] != [int, int]:
            raise ValueError(f"a merge is a pair of ids, {got}")
        if min(row) < 0 or max(row) >= 256 + rank:
            raise ValueError(f"a merge joins tokens that exist before it, {got}")
        if tuple(row) in seen:
            raise ValueError(f"a pair is merged at one rank only, {got}")
        seen.add(tuple(row))
        lengths.append(lengths[row[0]] + lengths[row[1]])
        check_length(lengths[-1])
    return lengths


def measure_special_tokens(tokens: Any) -> list[int]:
    """Return how many bytes every special token has, if they are different strings."""
    if not isinstance(tokens, list | tuple):
        kind = type(tokens).__name__
        raise TypeError(f"special_tokens must be a list of strings, got {kind}")
    for token in tokens:
        check_text(token)
        check_length(len(token.encode()))
    if "" in tokens or len({*tokens}) < len(tokens):
        raise ValueError(f"special tokens must differ, none empty, got {tokens!r:.60}")
    return [len(token.encode()) for token in tokens]


def check_length(n_bytes: int) -> None:
    """Check the length of a token before it is built."""
    if n_bytes > MAX_TOKEN_BYTES:
        raise ValueError(f"a token has at most {MAX_TOKEN_BYTES} bytes, got {n_bytes}")


def check_vocab_size(vocab_size: int, special_tokens: Sequence[str]) -> int:
    """Return how many merges a vocabulary of that size has room for."""
    least = 256 + len(measure_special_tokens(special_tokens))
    if not isinstance(vocab_size, int) or isinstance(vocab_size, bool):
        raise TypeError(f"vocab_size must be an integer, got {vocab_size!r}")
    if vocab_size < least:
        rule = "vocab_size must be at least 256 + the number of special tokens"
        raise ValueError(f"{rule} = {least}, got {vocab_size}")
    return vocab_size - least


def tie_order(tie_break: str, token_bytes: Sequence[bytes]) -> Callable[[Pair], Any]:
    """Return the key by which training sorts pairs that are equally frequent.

    With "bytes", the default, the order of the texts plays no part.
    """
    gpt2_id = {byte: i for i, byte in enumerate(GPT2_BYTES)}
    orders: dict[str, Callable[[Pair], Any]] = {
        "bytes": lambda pair: ([token_bytes[token] for token in pair], pair),
        "first_seen": lambda pair: 0,  # as minbpe: `min` returns the first of equals
        "pair_id": lambda pair: pair,  # as rustbpe
        "hugging_face": lambda pair: [gpt2_id.get(token, token) for token in pair],
    }
    if tie_break not in orders:
        raise ValueError(f"tie_break must be one of {[*orders]}, got {tie_break!r}")
    return orders[tie_break]


def read_gpt2_merges() -> list[Pair]:
    """Read the pairs of ids that GPT-2 merges, in the order of rank.

    >>> read_gpt2_merges()[:2]  # " " "t" and " " "a"
    [(220, 83), (220, 64)]
    """
    # The file writes a byte that does not print as a character from U+0100 on.
    signs = [*PRINTED, *range(0x100, 0x200 - len(PRINTED))]
    id_of = {chr(sign): i for i, sign in enumerate(signs)}
    merges = []
    for line in lzma.decompress(GPT2_MERGES.read_bytes()).decode().splitlines()[1:]:
        left, right = line.split(" ")
        merges.append((id_of[left], id_of[right]))
        id_of[left + right] = len(id_of)
    return merges
