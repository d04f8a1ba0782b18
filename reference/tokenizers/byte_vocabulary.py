"""The tokens that bytes and merges make, and the ids of any words of bytes.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, section 3.2.
Twin:   torch_impl/tokenizers/byte_vocabulary.py
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, UInt8

from reference.tokenizers.byte_words import byte_words
from reference.tokenizers.lexicon import Lexicon, distinct
from reference.tokenizers.merge_pairs import MergePairs
from reference.tokenizers.spans import span_places
from reference.tokenizers.spelling import spell
from reference.tokenizers.split import chunks


class ByteVocabulary:
    """256 bytes, then one token for each merge, then those that no merge makes.

    >>> a, b = 97, 98
    >>> vocabulary = ByteVocabulary(np.arange(256), np.array([[a, b], [256, a]]))
    >>> vocabulary.bytes_of(np.array([257, b]))
    b'abab'
    >>> vocabulary.merge_words(np.array([a, b, b, a], np.uint8), np.array([3, 1]))
    (array([256,  98,  97]), array([2, 1]))
    """

    def __init__(
        self,
        base_bytes: Int[np.ndarray, "256"],
        merges: Int[np.ndarray, "R 2"],
        special_tokens: Sequence[str] = (),
    ):
        refuse_base_bytes(base_bytes)
        self.merge = MergePairs(merges, n_base=256)
        self.id_of_byte = np.argsort(base_bytes)

        # 1. Spell every token: the bytes, then each merge from its two parts.
        spelled = [bytes([byte]) for byte in base_bytes.tolist()]
        for left, right in merges.tolist():
            spelled.append(spelled[left] + spelled[right])
        spelled += [token.encode("utf-8") for token in special_tokens]
        data = np.frombuffer(b"".join(spelled), np.uint8)
        lengths = np.array([len(token) for token in spelled])
        starts = np.cumsum(lengths) - lengths
        self.data, self.lengths, self.starts = data, lengths, starts

        # 2. Find the tokens that their own bytes merge to; no others may be found
        #    as whole words.
        ids, counts = self.merge_words(data, lengths)
        firsts = ids[np.cumsum(counts) - counts]
        itself = np.arange(len(counts))
        whole = (counts == 1) & (firsts == itself)
        self.whole_ids = itself[whole]
        self.whole_words = Lexicon(spell(data, starts[whole], lengths[whole]))

    def encode(
        self, points: Int[np.ndarray, " N"], end_ids: Int[np.ndarray, " E"]
    ) -> Int[np.ndarray, " M"]:
        """Turn code points into ids; the n-th `END` becomes `end_ids[n]`."""
        # 1. Cut the text into words, and find those that are one token.
        found = [self.find_words(chunk) for chunk in chunks(points)]
        ids, lengths, data = (np.concatenate(part) for part in zip(*found, strict=True))
        ids[lengths == 0] = end_ids

        # 2. List each different one of the other words.
        others = np.flatnonzero(ids < 0)
        begins = np.cumsum(lengths[others]) - lengths[others]
        firsts, which = distinct(spell(data, begins, lengths[others]))
        begins, lengths = begins[firsts], lengths[others][firsts]

        # 3. Merge them.
        merged, counts = self.merge_words(data[span_places(begins, lengths)], lengths)

        # 4. Lay the ids of every word behind each other.
        every_id = np.concatenate([np.arange(len(self.lengths)), merged])
        starts, n_ids = ids.copy(), np.ones_like(ids)
        starts[others] = (len(self.lengths) + np.cumsum(counts) - counts)[which]
        n_ids[others] = counts[which]
        return every_id[span_places(starts, n_ids)]

    def find_words(
        self, points: Int[np.ndarray, " N"]
    ) -> tuple[
        Int[np.ndarray, " W"], Int[np.ndarray, " W"], UInt8[np.ndarray, " bytes"]
    ]:
        """Cut a text into words; give ids, lengths, and the bytes of those without id.

        A word that is not one token has id -1, and so has the end of a text.
        """
        # 1. Cut the text into words of bytes.
        data, begins, lengths = byte_words(points)

        # 2. Find those that are one token.
        words = self.whole_words(spell(data, begins, lengths))
        ids = np.append(self.whole_ids, -1)[words]

        # 3. Keep the bytes of the others.
        others = ids < 0
        rest = data[span_places(begins[others], lengths[others])]
        return ids, lengths, rest

    def merge_words(
        self, data: UInt8[np.ndarray, " bytes"], lengths: Int[np.ndarray, " W"]
    ) -> tuple[Int[np.ndarray, " N"], Int[np.ndarray, " W"]]:
        """Merge words that stand end to end in `data`: their ids, and how many each."""
        word_of = np.repeat(np.arange(len(lengths)), lengths)
        ids, word_of = self.merge(self.id_of_byte[data], word_of)
        return ids, np.bincount(word_of, minlength=len(lengths))

    def bytes_of(self, ids: Int[np.ndarray, " N"]) -> bytes:
        """Join the bytes of tokens."""
        return self.data[span_places(self.starts[ids], self.lengths[ids])].tobytes()


def refuse_base_bytes(base_bytes: Int[np.ndarray, " 256"]) -> None:
    """Refuse what does not hold every byte once.

    Raises:
        ValueError: a byte is missing or stands twice.
    """
    missing = sorted(set(range(256)) - set(base_bytes.ravel().tolist()))
    if missing or base_bytes.shape != (256,):
        raise ValueError(
            f"base_bytes must hold every byte once, got {base_bytes.size} of them "
            f"without {missing}"
        )
