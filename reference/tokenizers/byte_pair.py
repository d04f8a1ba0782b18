"""Byte-pair encoding: the most frequent pair of adjacent tokens becomes a new token.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, on bytes
        as in Radford et al. 2019, "Language Models are Unsupervised Multitask
        Learners", section 2.2.
Twin:   torch_impl/tokenizers/byte_pair.py
Fast:   reference/tokenizers/parallel/byte_pair.py gives the same ids.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, count, pairwise
from typing import Any

import numpy as np
from jaxtyping import Int

from reference.tokenizers import byte_vocabulary as vocabulary
from reference.tokenizers.pretokenize import Names, cut_at_special_tokens, pretokenize
from reference.tokenizers.tokenizer import Tokenizer, check_ids, check_list, check_text

CACHE_SIZE, CACHED_LENGTH = 65_536, 1_000  # pre-tokens, characters of the longest


class BytePairTokenizer(Tokenizer):
    """Ids 0..255 are `base_bytes`, 256 + r is merge r, then come the special tokens.

    >>> tokenizer = BytePairTokenizer.from_text("low lower lowest", vocab_size=258)
    >>> tokenizer.merges  # "l" "o" -> 256, then "lo" "w" -> 257
    [(108, 111), (256, 119)]
    >>> tokenizer.encode("slow")
    array([115, 257])
    >>> tokenizer.decode([115, 257])
    'slow'
    """

    def __init__(
        self,
        merges: Int[np.ndarray, "R 2"] | Sequence[Sequence[int]],
        special_tokens: Sequence[str] = (),
        base_bytes: Int[np.ndarray, "256"] | Sequence[int] = range(256),
    ):
        pairs = [*check_list("merges", merges)]
        names = [*check_list("special_tokens", special_tokens)]
        self.base_bytes = [*check_list("base_bytes", base_bytes)]
        self.token_bytes = vocabulary.join_bytes(pairs, names, self.base_bytes)
        self.vocab_size = len(self.token_bytes)
        self.merges = [(left, right) for left, right in pairs]
        self.special_tokens = dict(zip(names, count(256 + len(pairs)), strict=False))
        self.id_of_byte = {byte: i for i, byte in enumerate(self.base_bytes)}
        self.rank_of = {pair: rank for rank, pair in enumerate(self.merges)}
        self.cache: dict[str, list[int]] = {}

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str],
        vocab_size: int,
        special_tokens: Sequence[str] = (),
        tie_break: str = "bytes",
    ) -> "BytePairTokenizer":
        """Train: learn merges until there are `vocab_size` ids, or no pair is left.

        No merge reaches across two texts; a special token in them is plain text.
        """
        n_merges = vocabulary.count_merges(vocab_size, special_tokens, tie_break)
        order = vocabulary.TIE_BREAKS[tie_break]
        token_bytes = [bytes([byte]) for byte in range(256)]
        merges: list[vocabulary.Pair] = []

        # 1. Pre-tokenize: count the distinct pre-tokens, and write each as its bytes.
        checked = map(check_text, check_list("texts", texts))
        counts = Counter(chain.from_iterable(map(pretokenize, checked)))
        tokens_of = {pre_token: list(pre_token.encode()) for pre_token in counts}

        while len(merges) < n_merges:
            # 2. Count: every pair of adjacent tokens, within pre-tokens only.
            pair_counts: Counter[vocabulary.Pair] = Counter()
            for pre_token, tokens in tokens_of.items():
                for pair in pairwise(tokens):
                    pair_counts[pair] += counts[pre_token]
            most = max(pair_counts.values(), default=0)
            if most == 0:
                break

            # 3. Choose: the most frequent pair; `tie_break` says which of equals.
            ties = [pair for pair, count in pair_counts.items() if count == most]
            best = min(ties, key=lambda pair: order(pair, token_bytes))

            # 4. Merge: the pair is one token from now on.
            for pre_token, tokens in tokens_of.items():
                if best in pairwise(tokens):
                    tokens_of[pre_token] = merge(tokens, best, 256 + len(merges))
            merges.append(best)
            token_bytes.append(token_bytes[best[0]] + token_bytes[best[1]])
        return cls(merges, special_tokens)

    @classmethod
    def gpt2(cls) -> "BytePairTokenizer":
        """Return GPT-2's own tokenizer, with its 50,257 ids."""
        merges = vocabulary.read_gpt2_merges()
        return cls(merges, ["<|endoftext|>"], vocabulary.GPT2_BYTES)

    def encode(
        self, text: str, allowed_special: Names = (), disallowed_special: Names = "all"
    ) -> Int[np.ndarray, " N"]:
        """Turn a text into ids.

        A special token in it is one id if it is in `allowed_special`, plain text if it
        is in neither set, else a ValueError. "all" disallows all that are not allowed.
        """
        # 1. Special tokens: cut the text at those that are allowed.
        parts = cut_at_special_tokens(
            check_text(text), self.special_tokens, allowed_special, disallowed_special
        )

        # 2. Pre-tokenize: no merge reaches across two pre-tokens.
        pre_tokens = [pretokenize(plain) for plain, _ in parts]

        # 3. Encode: every distinct pre-token once; a cache remembers its ids.
        ids_of = self.cache
        new = [p for p in dict.fromkeys(chain(*pre_tokens)) if p not in ids_of]
        ids_of.update((p, self.encode_pre_token(p)) for p in new)
        if len(ids_of) > CACHE_SIZE or max(map(len, new), default=0) > CACHED_LENGTH:
            self.cache = {}

        # 4. Concatenate: the ids of all pre-tokens and special tokens.
        ids: list[int] = []
        for row, (_, special_id) in zip(pre_tokens, parts, strict=True):
            ids += chain(*map(ids_of.__getitem__, row), special_id)
        return np.array(ids, np.int64)

    def encode_pre_token(self, pre_token: str) -> list[int]:
        """Replay the merges on one pre-token, in the order in which they were learned.

        >>> BytePairTokenizer([(97, 98), (256, 256)]).encode_pre_token("ababab")
        [257, 256]
        """
        # 1. Start: every byte is a token.
        tokens = [self.id_of_byte[byte] for byte in pre_token.encode()]

        while True:
            # 2. Lowest rank: find the pair that was learned first; without one, stop.
            ranks = [self.rank_of[p] for p in pairwise(tokens) if p in self.rank_of]
            if not ranks:
                return tokens

            # 3. Merge: the pair is one token from now on.
            lowest = min(ranks)
            tokens = merge(tokens, self.merges[lowest], 256 + lowest)

    def decode_bytes(self, ids: Int[np.ndarray, " N"] | Sequence[int]) -> bytes:
        """Join the bytes of every id."""
        return b"".join(self.token_bytes[i] for i in check_ids(ids, self.vocab_size))

    def decode(self, ids: Int[np.ndarray, " N"] | Sequence[int]) -> str:
        """Turn ids into a text; bytes that are not UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode(errors="replace")

    def to_dict(self) -> dict[str, Any]:
        """Return the name of the class, and what its constructor takes."""
        return {
            "tokenizer": type(self).__name__,
            "merges": [list(pair) for pair in self.merges],
            "special_tokens": list(self.special_tokens),
            "base_bytes": self.base_bytes,
        }


def merge(tokens: list[int], pair: vocabulary.Pair, new_id: int) -> list[int]:
    """Replace a pair of adjacent tokens by one token, from left to right.

    >>> merge([1, 2, 3, 1, 2, 2], pair=(1, 2), new_id=9)
    [9, 3, 9, 2]
    >>> merge([1, 1, 1], pair=(1, 1), new_id=9)
    [9, 1]
    """
    merged, n = [], 0
    while n < len(tokens):
        if tuple(tokens[n : n + 2]) == pair:
            merged.append(new_id)
            n += 2
        else:
            merged.append(tokens[n])
            n += 1
    return merged
