"""Which of the known words is each word of a text? Exact, and all words at once.

Source: Knuth, The Art of Computer Programming, volume 3, section 6.4: hashing
        finds candidates, a comparison decides.
Twin:   torch_impl/tokenizers/lexicon.py
"""

import numpy as np
from jaxtyping import Int64

from reference.tokenizers.spelling import BEYOND, HASH_BITS, Spelling, same_words


def distinct(
    words: Spelling,
) -> tuple[Int64[np.ndarray, " U"], Int64[np.ndarray, " W"]]:
    """Find each different word once: where it first stands, and which each word is.

    Two different words of one hash are told apart, though the second may then be
    listed more than once.

    >>> from reference.tokenizers.spelling import spell
    >>> data, starts = np.array([7, 7, 8, 7, 7], np.uint8), np.array([0, 2, 3])
    >>> distinct(spell(data, starts, np.array([2, 1, 2])))
    (array([0, 1]), array([0, 1, 0]))
    """
    # 1. Bring equal hashes together, the first word of each leading.
    order = np.argsort(words.hashes, kind="stable")
    arranged = words.hashes[order]
    leads = np.ones(len(order), bool)
    leads[1:] = arranged[1:] != arranged[:-1]
    leader = np.empty_like(order)
    leader[order] = order[np.flatnonzero(leads)[np.cumsum(leads) - 1]]

    # 2. Let a word that only shares the hash of its leader stand for itself.
    itself = np.arange(len(order))
    same = same_words(words, itself, words, leader)
    leader = np.where(same, leader, itself)

    # 3. Number the different words in the order in which they come.
    is_first = leader == itself
    firsts = np.flatnonzero(is_first)
    which = (np.cumsum(is_first) - 1)[leader]
    return firsts, which


class Lexicon:
    """Known words, found by hash and then compared, so that the answer is exact.

    >>> from reference.tokenizers.spelling import spell
    >>> data = np.array([7, 7, 8], np.uint8)
    >>> known = spell(data, np.array([0, 2]), np.array([2, 1]))
    >>> asked = spell(data, np.array([2, 1, 0]), np.array([1, 2, 2]))
    >>> Lexicon(known)(asked)
    array([ 1, -1,  0])
    """

    def __init__(self, words: Spelling):
        self.words = words
        self.order = np.argsort(words.hashes, kind="stable")
        self.hashes = np.append(words.hashes[self.order], BEYOND)
        self.bits = len(self.order).bit_length() + 1
        half = 2 ** (self.bits - 1)
        lowest = np.arange(-half, half) << HASH_BITS - self.bits
        self.bucket_start = np.searchsorted(self.hashes, lowest)

    def __call__(self, asked: Spelling) -> Int64[np.ndarray, " W"]:
        """Number every word as it is known, -1 where it is not.

        Of equal known words the first is found.
        """
        # 1. Let the highest bits of the hash say where to begin.
        found = np.full(len(asked.hashes), -1)
        waiting = np.arange(len(asked.hashes))
        bucket = (asked.hashes >> HASH_BITS - self.bits) + 2 ** (self.bits - 1)
        places = self.bucket_start[bucket]

        while len(waiting) > 0:
            # 2. Compare with the known word there, where the hash is the same.
            hashes = asked.hashes[waiting]
            met = self.hashes[places]
            alike = np.flatnonzero(met == hashes)
            candidates = self.order[places[alike]]
            same = same_words(asked, waiting[alike], self.words, candidates)
            found[waiting[alike[same]]] = candidates[same]

            # 3. Go on to the next where the hash may still come.
            onward = met <= hashes
            onward[alike[same]] = False
            waiting, places = waiting[onward], places[onward] + 1
        return found
