"""Byte-pair encoding on tensors: every pre-token at once, one merge each per round.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, on the
        bytes of pre-tokens as in Radford et al. 2019, "Language Models are
        Unsupervised Multitask Learners", section 2.2.
Twin:   reference/tokenizers/byte_pair.py
Fast:   torch_impl/tokenizers/parallel/byte_pair.py gives the same ids.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Int
from torch import Tensor, nn

from torch_impl.tokenizers import byte_vocabulary, tokenizer
from torch_impl.tokenizers.pretokenize import pretokenize
from torch_impl.tokenizers.special_tokens import Choice, cut_at_special_tokens

CACHE_SIZE = 65_536  # pre-tokens whose ids a tokenizer remembers
CACHED_LENGTH = 1_000  # characters of the longest of them


class BytePairTokenizer(tokenizer.Tokenizer):
    """Ids 0..255 are the bytes, 256 + r is merge r, then come the special tokens.

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
        base_bytes: Int[Tensor, "256"] | Sequence[int] = range(256),  # of ids 0..255
    ):
        super().__init__()
        rows, order = tokenizer.as_list(merges), tokenizer.as_list(base_bytes)
        self.token_bytes = byte_vocabulary.join_bytes(rows, special_tokens, order)
        self.vocab_size = len(self.token_bytes)
        special_ids = range(256 + len(rows), self.vocab_size)
        self.special_tokens = dict(zip(special_tokens, special_ids, strict=True))
        self.cache: dict[str, list[int]] = {}

        pairs = torch.tensor(rows, dtype=torch.int64).reshape(-1, 2)  # (R, 2)
        codes, ranks = (pairs[:, 0] * self.vocab_size + pairs[:, 1]).sort()  # (R,)
        self.merges = nn.Buffer(pairs, persistent=False)
        self.base_bytes = nn.Buffer(torch.tensor(order), persistent=False)
        self.id_of_byte = nn.Buffer(self.base_bytes.argsort(), persistent=False)
        # One more of each, for the pairs that no merge joins.
        self.codes = nn.Buffer(F.pad(codes, (0, 1), value=-1), persistent=False)
        self.ranks = nn.Buffer(F.pad(ranks, (0, 1), value=len(rows)), persistent=False)

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
        n_merges = byte_vocabulary.check_vocab_size(vocab_size, special_tokens)
        merges: list[byte_vocabulary.Pair] = []
        token_bytes = [bytes([byte]) for byte in range(256)]
        order = byte_vocabulary.tie_order(tie_break, token_bytes)

        # 1. Pre-tokenize: count the distinct pre-tokens, and write each as its bytes.
        checked = tokenizer.check_texts(texts)
        counts = Counter(chain.from_iterable(map(pretokenize, checked)))
        tokens, owners = join_pre_tokens(list(counts))  # (N,), (N,)
        weights = torch.tensor(list(counts.values()), dtype=torch.int64)

        while len(merges) < n_merges:
            # 2. Count: every pair of adjacent tokens, within pre-tokens only.
            begins = begins_pair(owners)  # (N,)
            codes = (tokens * vocab_size + tokens.roll(-1))[begins]  # (P,)
            if len(codes) == 0:
                break
            distinct, which = codes.unique(return_inverse=True)
            pair_counts = torch.zeros_like(distinct)
            pair_counts.index_add_(0, which, weights[owners[begins]])

            # 3. Choose: the most frequent pair; of equals, the first by `tie_break`.
            most = pair_counts[which] == pair_counts.max()  # (P,)
            ties = dict.fromkeys(codes[most].tolist())  # in the order of the texts
            best = min((divmod(code, vocab_size) for code in ties), key=order)

            # 4. Merge: the pair is one token from now on.
            chosen = begins & (tokens == best[0]) & (tokens.roll(-1) == best[1])
            new_ids = torch.full_like(tokens, 256 + len(merges))
            tokens, owners = merge(tokens, owners, chosen, new_ids)
            merges.append(best)
            token_bytes.append(token_bytes[best[0]] + token_bytes[best[1]])
        return cls(merges, special_tokens)

    @classmethod
    def gpt2(cls) -> "BytePairTokenizer":
        """Return GPT-2's own tokenizer, with its 50,257 ids."""
        merges = byte_vocabulary.read_gpt2_merges()
        return cls(merges, ["<|endoftext|>"], byte_vocabulary.GPT2_BYTES)

    def encode(
        self,
        text: str,
        allowed_special: Choice = (),
        disallowed_special: Choice = "all",
    ) -> Int[Tensor, " N"]:
        """Turn a text into ids.

        A special token in it is one id if `allowed_special` (a set, or "all") holds it,
        plain text if it is neither allowed nor disallowed, else a ValueError.
        """
        # 1. Special tokens: cut the text at those that are allowed.
        tokenizer.check_text(text)
        parts = cut_at_special_tokens(
            text, self.special_tokens, allowed_special, disallowed_special
        )

        # 2. Pre-tokenize: no merge reaches across two pre-tokens.
        pre_tokens = [pretokenize(plain) for plain, _ in parts]

        # 3. Encode: every distinct pre-token once; a cache remembers its ids.
        ids_of = self.cache
        new = [p for p in dict.fromkeys(chain(*pre_tokens)) if p not in ids_of]
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

        >>> tokenizer = BytePairTokenizer([(97, 98), (256, 256)])
        >>> tokenizer.encode_pre_tokens(["ababab", "b"])
        [[257, 256], [98]]
        """
        # 1. Start: every byte is a token.
        tokens, owners = join_pre_tokens(pre_tokens, self.device)  # (N,), (N,)
        tokens = self.id_of_byte[tokens]
        finished = [torch.stack([owners, tokens])[:, :0]]

        while len(tokens) > 0:
            # 2. Lowest rank: find the pair of each pre-token that was learned first.
            codes = tokens * self.vocab_size + tokens.roll(-1)  # (N,)
            position = torch.searchsorted(self.codes[:-1], codes)
            found = (self.codes[position] == codes) & begins_pair(owners)
            ranks = self.ranks[position.masked_fill(~found, len(self.merges))]
            _, row = owners.unique_consecutive(return_inverse=True)
            lowest = ranks.scatter_reduce(0, row, ranks, "amin")[row]  # (N,)

            # 3. Leave: a pre-token without such a pair is finished.
            stays = lowest < len(self.merges)
            finished.append(torch.stack([owners, tokens])[:, ~stays])
            lowest, ranks = lowest[stays], ranks[stays]

            # 4. Merge: the pair is one token from now on.
            tokens, owners = merge(
                tokens[stays], owners[stays], ranks == lowest, 256 + lowest
            )
        owners, tokens = torch.cat(finished, dim=1)
        ids = iter(tokens[owners.argsort(stable=True)].tolist())
        lengths = owners.bincount(minlength=len(pre_tokens)).tolist()
        return [list(islice(ids, length)) for length in lengths]

    def decode_bytes(self, ids: Int[Tensor, " N"] | Sequence[int]) -> bytes:
        """Join the bytes of every id."""
        numbers = tokenizer.check_ids(ids, self.vocab_size)
        return b"".join(self.token_bytes[number] for number in numbers)

    def decode(self, ids: Int[Tensor, " N"] | Sequence[int]) -> str:
        """Turn ids into a text; bytes that are not UTF-8 become U+FFFD."""
        return self.decode_bytes(ids).decode(errors="replace")

    def to_dict(self) -> dict[str, Any]:
        """Return the name of the class, and what its constructor takes."""
        return {
            "tokenizer": type(self).__name__,
            "merges": self.merges.tolist(),
            "special_tokens": list(self.special_tokens),
            "base_bytes": self.base_bytes.tolist(),
        }


def join_pre_tokens(
    pre_tokens: Sequence[str], device: torch.device | None = None
) -> tuple[Int[Tensor, " N"], Int[Tensor, " N"]]:
    """Join the bytes of pre-tokens, and number the pre-token that owns each byte.

    >>> join_pre_tokens(["a", "bc"])
    (tensor([97, 98, 99]), tensor([0, 1, 1]))
    """
    data = [pre_token.encode() for pre_token in pre_tokens]
    lengths = torch.tensor([*map(len, data)], dtype=torch.int64, device=device)
    tokens = torch.tensor([*b"".join(data)], dtype=torch.int64, device=device)
    numbers = torch.arange(len(data), device=device)
    return tokens, numbers.repeat_interleave(lengths)


def begins_pair(owners: Int[Tensor, " N"]) -> Bool[Tensor, " N"]:
    """Say of every token whether the next one has the same owner."""
    return owners.diff(append=owners.new_full((1,), -1)) == 0


def merge(
    tokens: Int[Tensor, " N"],
    owners: Int[Tensor, " N"],
    chosen: Bool[Tensor, " N"],
    new_ids: Int[Tensor, " N"],
) -> tuple[Int[Tensor, " M"], Int[Tensor, " M"]]:
    """Replace the pairs that begin at `chosen`, from left to right, by one token each.

    Where they overlap, as in a run a a a, the 1st, the 3rd, … pair of it is merged.

    >>> tokens, owners = torch.tensor([7, 7, 7, 7, 7]), torch.tensor([0, 0, 0, 1, 1])
    >>> merge(tokens, owners, begins_pair(owners), new_ids=torch.full((5,), 9))
    (tensor([9, 7, 9]), tensor([0, 0, 1]))
    """
    position = torch.arange(len(chosen), device=chosen.device)
    run_start = position.masked_fill(chosen.roll(1), 0).cummax(0).values
    chosen = chosen & ((position - run_start) % 2 == 0)
    stays = ~chosen.roll(1)  # the right token of a merged pair goes
    return torch.where(chosen, new_ids, tokens)[stays], owners[stays]
