"""Characters as tokens: every code point has an id.

Source: Karpathy, char-rnn and minGPT's CharDataset,
        https://github.com/karpathy/minGPT/blob/master/projects/chargpt/chargpt.py;
        `<|unk|>` as in Raschka, *Build a Large Language Model (From Scratch)*, 2.4.
Twin:   torch_impl/tokenizers/character.py
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from reference.tokenizers.tokenizer import Tokenizer, check_ids, check_list, check_text
from reference.tokenizers.vocabulary import UNKNOWN, list_tokens, number, shorten


class CharacterTokenizer(Tokenizer):
    """`vocabulary` gives ids 0..V-1 by character; `<|unk|>` may be one of them.

    With `<|unk|>` every character that is not in the vocabulary becomes it; without,
    such a character is a KeyError.

    >>> tokenizer = CharacterTokenizer.from_text("hello")  # e h l o
    >>> tokenizer.encode("hole")
    array([1, 3, 2, 0])
    >>> tokenizer.decode([1, 3, 2, 0])
    'hole'
    """

    def __init__(self, vocabulary: Mapping[str, int]):
        self.tokens = list_tokens(vocabulary)
        for token in self.tokens:
            if len(token) != 1 and token != UNKNOWN:
                raise ValueError(f"a character is one code point, got {shorten(token)}")
        self.vocabulary = number(self.tokens)
        self.vocab_size = len(self.tokens)

    @classmethod
    def from_texts(
        cls, texts: Iterable[str], unknown: bool = False
    ) -> "CharacterTokenizer":
        """Give ids to the characters of the texts, then to `<|unk|>` if wanted."""
        # 1. Sort: every distinct character once, in the order of code points.
        texts = map(check_text, check_list("texts", texts))
        distinct = sorted({character for text in texts for character in text})

        # 2. Number: the characters, and `<|unk|>` behind them if it is wanted.
        return cls(number([*distinct, *[UNKNOWN] * unknown]))

    def encode(self, text: str) -> Int[np.ndarray, " N"]:
        """Turn every character into its id; KeyError if it has none, nor `<|unk|>`."""
        # 1. Look up: the id of every character, or that of `<|unk|>`.
        id_of, unknown = self.vocabulary, self.vocabulary.get(UNKNOWN)
        row = [id_of.get(character, unknown) for character in check_text(text)]
        if None in row:
            raise missing(text, row.index(None))
        ids = np.array(row, np.int64)
        return ids

    def decode(self, ids: Int[np.ndarray, " N"] | Sequence[int]) -> str:
        """Turn every id into its character, or `<|unk|>`."""
        return "".join(self.tokens[i] for i in check_ids(ids, self.vocab_size))

    def to_dict(self) -> dict[str, Any]:
        """Return the name of the class, and what its constructor takes."""
        return {"tokenizer": type(self).__name__, "vocabulary": self.vocabulary}


def missing(text: str, position: int) -> KeyError:
    """Name a character that has no id.

    >>> missing("né", position=1)
    KeyError("no id for the character 'é' (U+00E9) at position 1")
    """
    character = f"{text[position]!r} (U+{ord(text[position]):04X})"
    return KeyError(f"no id for the character {character} at position {position}")
