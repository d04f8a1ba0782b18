"""Characters as tokens: every code point has an id.

Source: Karpathy, char-rnn and minGPT's CharDataset,
        https://github.com/karpathy/minGPT/blob/master/projects/chargpt/chargpt.py;
        `<|unk|>` as in Raschka, Build a Large Language Model (From Scratch), 2.4.
Twin:   torch_impl/tokenizers/character.py
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Int, Integer

from reference.tokenizers.ids import token_ids
from reference.tokenizers.text import (
    N_CODE_POINTS,
    code_points,
    refuse_characters,
    text_of,
)
from reference.tokenizers.tokenizer import Tokenizer
from reference.tokenizers.vocabulary import UNKNOWN, shown, words_by_id

ABSENT = -1  # stands for <|unk|> among the characters, and for no id among the ids


class CharacterTokenizer(Tokenizer):
    """`vocabulary` gives ids 0..V-1 by character; `<|unk|>` may be one of them.

    With `<|unk|>` every character that is not in the vocabulary becomes it; without,
    such a character is refused.

    >>> tokenizer = CharacterTokenizer.train("hello")  # e h l o
    >>> tokenizer.encode("hole")
    array([1, 3, 2, 0])
    >>> tokenizer.decode([1, 3, 2, 0])
    'hole'
    """

    def __init__(self, vocabulary: Mapping[str, int] | None = None):
        words = words_by_id({} if vocabulary is None else vocabulary)
        for word in words:
            if len(word) != 1 and word != UNKNOWN:
                raise ValueError(f"a character is one code point, got {shown(word)}")
        points = [ABSENT if word == UNKNOWN else ord(word) for word in words]
        self.characters = np.array(points, np.int64)
        self._index()

    @classmethod
    def train(  # type: ignore[override]
        cls, text: str, unknown: bool = False
    ) -> "CharacterTokenizer":
        """Give ids to the characters of a text by code point, then to `<|unk|>`.

        Raises:
            TypeError: `text` is not a string.
            ValueError: `text` holds a lone surrogate.
        """
        # 1. Read the text as code points.
        points = code_points(text)  # (N,)

        # 2. Keep each different one once, the lowest first.
        distinct = np.unique(points)  # (V,)

        # 3. Number them, and `<|unk|>` behind them if it is wanted.
        words = [*text_of(distinct), *([UNKNOWN] if unknown else [])]
        return cls({word: place for place, word in enumerate(words)})

    @property
    def vocab_size(self) -> int:
        """How many ids there are; they are 0..vocab_size - 1."""
        return len(self.characters)

    @property
    def vocabulary(self) -> dict[str, int]:
        """The id of every character, as the constructor takes it."""
        words = [UNKNOWN if p == ABSENT else chr(p) for p in self.characters.tolist()]
        return {word: place for place, word in enumerate(words)}

    def encode(self, text: str) -> Int[np.ndarray, " N"]:
        """Turn every character into its id.

        Raises:
            TypeError: `text` is not a string.
            ValueError: `text` holds a lone surrogate.
            KeyError: a character is unknown, and there is no `<|unk|>`.
        """
        # 1. Read the text as code points.
        points = code_points(text)  # (N,)

        # 2. Search each among the sorted characters.
        places = np.searchsorted(self._sorted, points)  # (N,)
        known = self._sorted[places] == points  # (N,)

        # 3. Take its id; where it is not there, the last, which is that of `<|unk|>`.
        ids = self._ids[np.where(known, places, self.vocab_size)]  # (N,)
        refuse_absent(text, ids)
        return ids

    def decode(self, ids: Integer[np.ndarray, " N"] | Sequence[int]) -> str:
        """Turn every id into its character; that of `<|unk|>` is spelled out.

        Raises:
            TypeError: an id is not a whole number.
            ValueError: an id is not in the vocabulary.
        """
        # 1. Take the character of every id.
        row = token_ids(ids, self.vocab_size)  # (N,)
        points = self.characters[row]  # (N,)

        # 2. Spell `<|unk|>` out.
        lengths = np.where(points == ABSENT, len(UNKNOWN), 1)  # (N,)
        spelled = np.repeat(points, lengths)
        absent = spelled == ABSENT
        spelled[absent] = np.resize(code_points(UNKNOWN), absent.sum())
        return text_of(spelled)

    def _index(self) -> None:
        refuse_characters(self.characters, besides=ABSENT)
        order = np.argsort(self.characters)
        self._sorted = np.append(self.characters[order], N_CODE_POINTS)
        # The last id answers for what is not found: that of <|unk|>, if there is one.
        absent = self.characters == ABSENT
        unknown = absent.argmax() if absent.any() else ABSENT
        self._ids = np.append(order, unknown)

    def _describe(self) -> dict[str, Any]:
        return {"vocabulary": self.vocabulary}

    @classmethod
    def _from_description(cls, description: dict[str, Any]) -> "CharacterTokenizer":
        return cls(description["vocabulary"])


def refuse_absent(text: str, ids: Int[np.ndarray, " N"]) -> None:
    """Refuse a text with a character that has no id.

    >>> refuse_absent("né", np.array([0, ABSENT]))
    Traceback (most recent call last):
    KeyError: "no id for the character 'é' (U+00E9) at position 1"

    Raises:
        KeyError: a character has no id.
    """
    absent = np.flatnonzero(ids == ABSENT)
    if len(absent) > 0:
        place = absent[0]
        raise KeyError(
            f"no id for the character {text[place]!r} "
            f"(U+{ord(text[place]):04X}) at position {place}"
        )
