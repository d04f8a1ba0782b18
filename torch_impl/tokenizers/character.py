"""Characters as tokens: every code point has an id.

Source: Karpathy, char-rnn and minGPT's CharDataset,
        https://github.com/karpathy/minGPT/blob/master/projects/chargpt/chargpt.py;
        `<|unk|>` as in Raschka, Build a Large Language Model (From Scratch), 2.4.
Twin:   reference/tokenizers/character.py
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Int, Integer
from torch import Tensor

from torch_impl.tokenizers.ids import token_ids
from torch_impl.tokenizers.text import (
    N_CODE_POINTS,
    code_points,
    refuse_characters,
    text_of,
)
from torch_impl.tokenizers.tokenizer import Tokenizer
from torch_impl.tokenizers.vocabulary import UNKNOWN, shown, words_by_id

ABSENT = -1  # stands for <|unk|> among the characters, and for no id among the ids


class CharacterTokenizer(Tokenizer):
    """`vocabulary` gives ids 0..V-1 by character; `<|unk|>` may be one of them.

    With `<|unk|>` every character that is not in the vocabulary becomes it; without,
    such a character is refused.

    >>> tokenizer = CharacterTokenizer.train("hello")  # e h l o
    >>> tokenizer.encode("hole")
    tensor([1, 3, 2, 0])
    >>> tokenizer.decode([1, 3, 2, 0])
    'hole'
    """

    characters: Tensor
    _ids: Tensor
    _sorted: Tensor

    def __init__(self, vocabulary: Mapping[str, int] | None = None):
        super().__init__()
        words = words_by_id({} if vocabulary is None else vocabulary)
        for word in words:
            if len(word) != 1 and word != UNKNOWN:
                raise ValueError(f"a character is one code point, got {shown(word)}")
        points = [ABSENT if word == UNKNOWN else ord(word) for word in words]
        self.register_buffer("characters", torch.tensor(points, dtype=torch.int64))
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
        distinct = points.unique()  # (V,)

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

    def encode(self, text: str) -> Int[Tensor, " N"]:
        """Turn every character into its id.

        Raises:
            TypeError: `text` is not a string.
            ValueError: `text` holds a lone surrogate.
            KeyError: a character is unknown, and there is no `<|unk|>`.
        """
        # 1. Read the text as code points.
        points = code_points(text, self.device)  # (N,)

        # 2. Search each among the sorted characters.
        places = torch.searchsorted(self._sorted, points)  # (N,)
        known = self._sorted[places] == points  # (N,)

        # 3. Take its id; where it is not there, the last, which is that of `<|unk|>`.
        ids = self._ids[places.masked_fill(~known, self.vocab_size)]  # (N,)
        refuse_absent(text, ids)
        return ids

    def decode(self, ids: Integer[Tensor, " N"] | Sequence[int]) -> str:
        """Turn every id into its character; that of `<|unk|>` is spelled out.

        Raises:
            TypeError: an id is not a whole number.
            ValueError: an id is not in the vocabulary.
        """
        # 1. Take the character of every id.
        row = token_ids(ids, self.vocab_size, self.device)  # (N,)
        points = self.characters[row]  # (N,)

        # 2. Spell `<|unk|>` out.
        lengths = torch.where(points == ABSENT, len(UNKNOWN), 1)  # (N,)
        spelled = points.repeat_interleave(lengths)
        absent = spelled == ABSENT
        unknown = points.new_tensor([ord(letter) for letter in UNKNOWN])
        spelled[absent] = unknown.repeat(int((points == ABSENT).sum()))
        return text_of(spelled)

    def _index(self) -> None:
        refuse_characters(self.characters, besides=ABSENT)
        in_order, order = self.characters.sort()
        in_order = torch.cat([in_order, order.new_tensor([N_CODE_POINTS])])
        self.register_buffer("_sorted", in_order, persistent=False)
        # The last id answers for what is not found: that of <|unk|>, if there is one.
        absent = self.characters == ABSENT
        unknown = int(absent.to(torch.uint8).argmax()) if absent.any() else ABSENT
        ids = torch.cat([order, order.new_tensor([unknown])])
        self.register_buffer("_ids", ids, persistent=False)

    def _describe(self) -> dict[str, Any]:
        return {"vocabulary": self.vocabulary}

    @classmethod
    def _from_description(cls, description: dict[str, Any]) -> "CharacterTokenizer":
        return cls(description["vocabulary"])


def refuse_absent(text: str, ids: Int[Tensor, " N"]) -> None:
    """Refuse a text with a character that has no id.

    >>> refuse_absent("né", torch.tensor([0, ABSENT]))
    Traceback (most recent call last):
    KeyError: "no id for the character 'é' (U+00E9) at position 1"

    Raises:
        KeyError: a character has no id.
    """
    absent = (ids == ABSENT).nonzero()
    if len(absent) > 0:
        place = int(absent[0])
        raise KeyError(
            f"no id for the character {text[place]!r} "
            f"(U+{ord(text[place]):04X}) at position {place}"
        )
