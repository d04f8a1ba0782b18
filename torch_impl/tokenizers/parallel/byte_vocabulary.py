"""The tokens that bytes and merges make, and the ids of any words of bytes.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2.
Twin:   reference/tokenizers/byte_vocabulary.py
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from jaxtyping import Int, UInt8
from torch import Tensor, nn

from torch_impl.tokenizers.byte_words import byte_words
from torch_impl.tokenizers.lexicon import Lexicon, distinct
from torch_impl.tokenizers.merge_pairs import MergePairs
from torch_impl.tokenizers.spans import span_places
from torch_impl.tokenizers.spelling import spell
from torch_impl.tokenizers.split import chunks


class ByteVocabulary(nn.Module):
    """256 bytes, then one token for each merge, then those that no merge makes.

    >>> a, b = 97, 98
    >>> merges = torch.tensor([[a, b], [256, a]])
    >>> vocabulary = ByteVocabulary(torch.arange(256), merges)
    >>> vocabulary.bytes_of(torch.tensor([257, b]))
    b'abab'
    >>> data = torch.tensor([a, b, b, a], dtype=torch.uint8)
    >>> vocabulary.merge_words(data, torch.tensor([3, 1]))
    (tensor([256,  98,  97]), tensor([2, 1]))
    """

    id_of_byte: Tensor
    data: Tensor
    lengths: Tensor
    starts: Tensor
    whole_ids: Tensor

    def __init__(
        self,
        base_bytes: Int[Tensor, "256"],
        merges: Int[Tensor, "R 2"],
        special_tokens: Sequence[str] = (),
    ):
        super().__init__()
        refuse_base_bytes(base_bytes)
        self.merge = MergePairs(merges, n_base=256)
        self.register_buffer("id_of_byte", base_bytes.argsort(), persistent=False)

        # 1. Spell every token: the bytes, then each merge from its two parts.
        spelled = [bytes([byte]) for byte in base_bytes.tolist()]
        for left, right in merges.tolist():
            spelled.append(spelled[left] + spelled[right])
        spelled += [token.encode("utf-8") for token in special_tokens]
        data = torch.frombuffer(bytearray(b"".join(spelled)), dtype=torch.uint8)
        data = data.to(merges.device)
        lengths = merges.new_tensor([len(token) for token in spelled])
        starts = lengths.cumsum(0) - lengths
        self.register_buffer("data", data, persistent=False)
        self.register_buffer("lengths", lengths, persistent=False)
        self.register_buffer("starts", starts, persistent=False)

        # 2. Find the tokens that their own bytes merge to; no others may be found
        #    as whole words.
        ids, counts = self.merge_words(data, lengths)
        firsts = ids[counts.cumsum(0) - counts]
        itself = torch.arange(len(counts), device=counts.device)
        whole = (counts == 1) & (firsts == itself)
        self.register_buffer("whole_ids", itself[whole], persistent=False)
        self.whole_words = Lexicon(spell(data, starts[whole], lengths[whole]))

    def encode(
        self, points: Int[Tensor, " N"], end_ids: Int[Tensor, " E"]
    ) -> Int[Tensor, " M"]:
        """Turn code points into ids; the n-th `END` becomes `end_ids[n]`."""
        # 1. Cut the text into words, and find those that are one token.
        found = [self.find_words(chunk) for chunk in chunks(points)]
        ids, lengths, data = (torch.cat(part) for part in zip(*found, strict=True))
        ids[lengths == 0] = end_ids

        # 2. List each different one of the other words.
        others = (ids < 0).nonzero().flatten()
        begins = lengths[others].cumsum(0) - lengths[others]
        firsts, which = distinct(spell(data, begins, lengths[others]))
        begins, lengths = begins[firsts], lengths[others][firsts]

        # 3. Merge them.
        merged, counts = self.merge_words(data[span_places(begins, lengths)], lengths)

        # 4. Lay the ids of every word behind each other.
        n_tokens = len(self.lengths)
        every_id = torch.cat([torch.arange(n_tokens, device=ids.device), merged])
        starts, n_ids = ids.clone(), torch.ones_like(ids)
        starts[others] = (n_tokens + counts.cumsum(0) - counts)[which]
        n_ids[others] = counts[which]
        return every_id[span_places(starts, n_ids)]

    def find_words(
        self, points: Int[Tensor, " N"]
    ) -> tuple[Int[Tensor, " W"], Int[Tensor, " W"], UInt8[Tensor, " bytes"]]:
        """Cut a text into words; give ids, lengths, and the bytes of those without id.

        A word that is not one token has id -1, and so has the end of a text.
        """
        # 1. Cut the text into words of bytes.
        data, begins, lengths = byte_words(points)

        # 2. Find those that are one token.
        words = self.whole_words(spell(data, begins, lengths))
        ids = F.pad(self.whole_ids, (0, 1), value=-1)[words]

        # 3. Keep the bytes of the others.
        others = ids < 0
        rest = data[span_places(begins[others], lengths[others])]
        return ids, lengths, rest

    def merge_words(
        self, data: UInt8[Tensor, " bytes"], lengths: Int[Tensor, " W"]
    ) -> tuple[Int[Tensor, " N"], Int[Tensor, " W"]]:
        """Merge words that stand end to end in `data`: their ids, and how many each."""
        itself = torch.arange(len(lengths), device=lengths.device)
        word_of = itself.repeat_interleave(lengths)
        ids, word_of = self.merge(self.id_of_byte[data.to(torch.int64)], word_of)
        return ids, word_of.bincount(minlength=len(lengths))

    def bytes_of(self, ids: Int[Tensor, " N"]) -> bytes:
        """Join the bytes of tokens."""
        joined = self.data[span_places(self.starts[ids], self.lengths[ids])]
        return bytes(joined.tolist())


def refuse_base_bytes(base_bytes: Int[Tensor, " 256"]) -> None:
    """Refuse what does not hold every byte once.

    Raises:
        ValueError: a byte is missing or stands twice.
    """
    missing = sorted(set(range(256)) - set(base_bytes.flatten().tolist()))
    if missing or base_bytes.shape != (256,):
        raise ValueError(
            f"base_bytes must hold every byte once, got {base_bytes.numel()} of them "
            f"without {missing}"
        )
