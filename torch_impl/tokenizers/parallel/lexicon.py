"""Which of the known words is each word of a text? Exact, and all words at once.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4: hashing
        finds candidates, a comparison decides.
Twin:   reference/tokenizers/lexicon.py
"""

import torch
import torch.nn.functional as F
from jaxtyping import Int64
from torch import Tensor, nn

from torch_impl.tokenizers.spelling import BEYOND, HASH_BITS, Spelling, same_words


def distinct(words: Spelling) -> tuple[Int64[Tensor, " U"], Int64[Tensor, " W"]]:
    """Find each different word once: where it first stands, and which each word is.

    Two different words of one hash are told apart, though the second may then be
    listed more than once.

    >>> from torch_impl.tokenizers.spelling import spell
    >>> data = torch.tensor([7, 7, 8, 7, 7], dtype=torch.uint8)
    >>> distinct(spell(data, torch.tensor([0, 2, 3]), torch.tensor([2, 1, 2])))
    (tensor([0, 1]), tensor([0, 1, 0]))
    """
    # 1. Bring equal hashes together, the first word of each leading.
    arranged, order = words.hashes.sort(stable=True)
    leads = torch.ones_like(order, dtype=torch.bool)
    leads[1:] = arranged[1:] != arranged[:-1]
    leader = torch.empty_like(order)
    leader[order] = order[leads][leads.cumsum(0) - 1]

    # 2. Let a word that only shares the hash of its leader stand for itself.
    itself = torch.arange(len(order), device=order.device)
    same = same_words(words, itself, words, leader)
    leader = torch.where(same, leader, itself)

    # 3. Number the different words in the order in which they come.
    is_first = leader == itself
    firsts = is_first.nonzero().flatten()
    which = (is_first.cumsum(0) - 1)[leader]
    return firsts, which


class Lexicon(nn.Module):
    """Known words, found by hash and then compared, so that the answer is exact.

    >>> from torch_impl.tokenizers.spelling import spell
    >>> data = torch.tensor([7, 7, 8], dtype=torch.uint8)
    >>> known = spell(data, torch.tensor([0, 2]), torch.tensor([2, 1]))
    >>> asked = spell(data, torch.tensor([2, 1, 0]), torch.tensor([1, 2, 2]))
    >>> Lexicon(known)(asked)
    tensor([ 1, -1,  0])
    """

    lengths: Tensor
    first: Tensor
    blocks: Tensor
    order: Tensor
    hashes: Tensor
    bucket_start: Tensor

    def __init__(self, words: Spelling):
        super().__init__()
        hashes, order = words.hashes.sort(stable=True)
        hashes = F.pad(hashes, (0, 1), value=BEYOND)
        self.bits = len(order).bit_length() + 1
        half = 2 ** (self.bits - 1)
        lowest = torch.arange(-half, half, device=order.device) << HASH_BITS - self.bits
        self.register_buffer("lengths", words.lengths, persistent=False)
        self.register_buffer("first", words.first, persistent=False)
        self.register_buffer("blocks", words.blocks, persistent=False)
        self.register_buffer("order", order, persistent=False)
        self.register_buffer("hashes", hashes, persistent=False)
        starts = torch.searchsorted(hashes, lowest)
        self.register_buffer("bucket_start", starts, persistent=False)

    def forward(self, asked: Spelling) -> Int64[Tensor, " W"]:
        """Number every word as it is known, -1 where it is not.

        Of equal known words the first is found.
        """
        known = Spelling(self.lengths, self.first, self.blocks, self.hashes)

        # 1. Let the highest bits of the hash say where to begin.
        found = torch.full_like(asked.hashes, -1)
        waiting = torch.arange(len(asked.hashes), device=found.device)
        bucket = (asked.hashes >> HASH_BITS - self.bits) + 2 ** (self.bits - 1)
        places = self.bucket_start[bucket]

        while len(waiting) > 0:
            # 2. Compare with the known word there, where the hash is the same.
            hashes = asked.hashes[waiting]
            met = self.hashes[places]
            alike = (met == hashes).nonzero().flatten()
            candidates = self.order[places[alike]]
            same = same_words(asked, waiting[alike], known, candidates)
            found[waiting[alike[same]]] = candidates[same]

            # 3. Go on to the next where the hash may still come.
            onward = met <= hashes
            onward[alike[same]] = False
            waiting, places = waiting[onward], places[onward] + 1
        return found
