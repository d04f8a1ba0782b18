"""Byte-pair encoding on tensors: every pre-token at once, one merge each per round.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, on bytes
        as in Radford et al. 2019, "Language Models are Unsupervised Multitask
        Learners", section 2.2.
Twin:   reference/tokenizers/byte_pair.py
Fast:   torch_impl/tokenizers/parallel/byte_pair.py gives the same ids.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, count
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int
from torch import Tensor, nn

from torch_impl.tokenizers import byte_vocabulary as vocabulary
from torch_impl.tokenizers.pretokenize import Names, cut_at_special_tokens, pretokenize
from torch_impl.tokenizers.tokenizer import Tokenizer, check_ids, check_list, check_text

CACHE_SIZE, CACHED_LENGTH = 65_536, 1_000  # pre-tokens, characters of the longest


class BytePairTokenizer(Tokenizer):
    """Ids 0..255 are `base_bytes`, 256 + r is merge r, then come the special tokens.

    >>> tokenizer = BytePairTokenizer.from_text("low lower lowest", vocab_size=258)
    >>> tokenizer.merges.tolist()  # "l" "o" -> 256, then "lo" "w" -> 257
    [[108, 111], [256, 119]]
    >>> tokenizer.encode("slow")
    tensor([115, 257])
    >>> tokenizer.decode([115, 257])
    'slow'
    """

    def __init__(
        self,
        merges: Int[Tensor, "R 2"] | Sequence[Sequence[int]],
        special_tokens: Sequence[str] = (),
        base_bytes: Int[Tensor, "256"] | Sequence[int] = range(256),
    ):
        super().__init__()
        pairs = [*check_list("merges", merges)]
        names = [*check_list("special_tokens", special_tokens)]
        self.base_bytes = [*check_list("base_bytes", base_bytes)]
        self.token_bytes = vocabulary.join_bytes(pairs, names, self.base_bytes)
        self.vocab_size = len(self.token_bytes)
        self.special_tokens = dict(zip(names, count(256 + len(pairs)), strict=False))
        self.id_of_byte = {byte: i for i, byte in enumerate(self.base_bytes)}
        self.cache: dict[str, list[int]] = {}

        rows = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2)  # (R, 2)
        codes, ranks = (rows[:, 0] * self.vocab_size + rows[:, 1]).sort()
        # One entry more, for every pair that no merge joins.
        self.merges = nn.Buffer(rows, persistent=False)
        self.codes = nn.Buffer(F.pad(codes, (0, 1), value=-1), persistent=False)
        self.ranks = nn.Buffer(F.pad(ranks, (0, 1), value=len(pairs)), persistent=False)

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
        joined, owners = join(
            [pre_token.encode() for pre_token in counts]
        )  # (N,), (N,)
        weights = torch.tensor([*counts.values()], dtype=torch.int64)  # (W,)

        while len(merges) < n_merges:
            # 2. Count: every pair of adjacent tokens, within pre-tokens only.
            begins = owners == F.pad(owners[1:], (0, len(owners) > 0), value=-1)
            codes = (joined * vocab_size + joined.roll(-1))[begins]
            _, which = codes.unique(return_inverse=True)
            frequencies = which.bincount(weights[owners[begins]]).long()
            most = max(frequencies.tolist(), default=0)
            if most == 0:
                break

            # 3. Choose: the most frequent pair; `tie_break` says which of equals.
            frequent = (frequencies == most)[which]
            in_order = dict.fromkeys(codes[frequent].tolist())  # that of the texts
            ties = [divmod(code, vocab_size) for code in in_order]
            best = min(ties, key=lambda pair: order(pair, token_bytes))

            # 4. Merge: the pair is one token from now on.
            chosen = begins & (joined == best[0]) & (joined.roll(-1) == best[1])
            joined, owners = merge(joined, owners, chosen, 256 + len(merges))
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
    ) -> Int[Tensor, " N"]:
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
        if new:
            ids_of.update(zip(new, self.encode_pre_tokens(new), strict=True))
        if len(ids_of) > CACHE_SIZE or max(map(len, new), default=0) > CACHED_LENGTH:
            self.cache = {}

        # 4. Concatenate: the ids of all pre-tokens and special tokens.
        ids: list[int] = []
        for row, (_, special_id) in zip(pre_tokens, parts, strict=True):
            ids += chain(*map(ids_of.__getitem__, row), special_id)
        return torch.tensor(ids, dtype=torch.int64, device=self.device)

    def encode_pre_tokens(self, pre_tokens: Sequence[str]) -> list[list[int]]:
        """Replay the merges on many pre-tokens at once, one merge each per round.

        >>> BytePairTokenizer([(97, 98), (256, 256)]).encode_pre_tokens(["ababab", "b"])
        [[257, 256], [98]]
        """
        # 1. Start: every byte is a token.
        data = [[self.id_of_byte[byte] for byte in p.encode()] for p in pre_tokens]
        tokens, owners = join(data, self.device)  # (N,), (N,)
        ids: list[list[int]] = [[] for _ in pre_tokens]

        while len(tokens) > 0:
            # 2. Lowest rank: find the pair of each pre-token that was learned first.
            codes = tokens * self.vocab_size + tokens.roll(-1)
            position = torch.searchsorted(self.codes[:-1], codes)
            known = F.pad(owners[:-1] == owners[1:], (0, 1))
            known &= self.codes[position] == codes
            ranks = self.ranks[position.masked_fill(~known, len(self.merges))]
            _, row = owners.unique_consecutive(return_inverse=True)
            lowest = ranks.scatter_reduce(0, row, ranks, "amin")[row]

            # 3. Leave: a pre-token without such a pair is finished.
            stays = lowest < len(self.merges)
            for owner, token in torch.stack([owners, tokens], 1)[~stays].tolist():
                ids[owner].append(token)
            tokens, owners = tokens[stays], owners[stays]
            ranks, lowest = ranks[stays], lowest[stays]

            # 4. Merge: the pair is one token from now on.
            tokens, owners = merge(tokens, owners, ranks == lowest, 256 + lowest)
        return ids

    def decode_bytes(self, ids: Int[Tensor, " N"] | Sequence[int]) -> bytes:
        """Join the bytes of every id."""
        return b"".join(self.token_bytes[i] for i in check_ids(ids, self.vocab_size))

    def decode(self, ids: Int[Tensor, " N"] | Sequence[int]) -> str:
        """Turn ids into a text; bytes that are not UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode(errors="replace")

    def to_dict(self) -> dict[str, Any]:
        """Return the name of the class, and what its constructor takes."""
        return {
            "tokenizer": type(self).__name__,
            "merges": self.merges.tolist(),
            "special_tokens": list(self.special_tokens),
            "base_bytes": self.base_bytes,
        }


def join(
    rows: Sequence[Sequence[int]], device: torch.device | None = None
) -> tuple[Int[Tensor, " N"], Int[Tensor, " N"]]:
    """Join rows of tokens, and number the row that owns each token."""
    lengths = torch.tensor([*map(len, rows)], dtype=torch.int64, device=device)
    tokens = torch.tensor([*chain(*rows)], dtype=torch.int64, device=device)
    return tokens, torch.arange(len(rows), device=device).repeat_interleave(lengths)


def merge(
    tokens: Int[Tensor, " N"],
    owners: Int[Tensor, " N"],
    chosen: Bool[Tensor, " N"],
    new_id: Int[Tensor, " N"] | int,
) -> tuple[Int[Tensor, " M"], Int[Tensor, " M"]]:
    """Replace the pairs that begin where `chosen`, from left to right, by a new token.

    >>> tokens, chosen = torch.tensor([1, 1, 1]), torch.tensor([True, True, False])
    >>> merge(tokens, torch.zeros_like(tokens), chosen, new_id=9)[0]
    tensor([9, 1])
    """
    # Pairs of a run a a a overlap: the 1st, the 3rd, … pair of it is merged.
    position = torch.arange(len(chosen), device=chosen.device)
    run_start = position.masked_fill(chosen.roll(1), 0).cummax(0).values
    chosen = chosen & ((position - run_start) % 2 == 0)
    stays = ~chosen.roll(1)  # the right token of a merged pair goes
    return torch.where(chosen, new_id, tokens)[stays], owners[stays]
