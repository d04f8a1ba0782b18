"""Characters as tokens: every code point has an id.

Source: Karpathy, char-rnn and minGPT's CharDataset,
        https://github.com/karpathy/minGPT/blob/master/projects/chargpt/chargpt.py;
        `<|unk|>` as in Raschka, *Build a Large Language Model (From Scratch)*, 2.4.
Twin:   reference/tokenizers/character.py
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Int
from torch import Tensor, nn

from torch_impl.tokenizers.tokenizer import Tokenizer, check_ids, check_list, check_text
from torch_impl.tokenizers.vocabulary import UNKNOWN, list_tokens, number, shorten

NOT_FOUND = -1  # the id of a character that has none


class CharacterTokenizer(Tokenizer):
    """`vocabulary` gives ids 0..V-1 by character; `<|unk|>` may be one of them.

    With `<|unk|>` every character that is not in the vocabulary becomes it; without,
    such a character is a KeyError.

    >>> tokenizer = CharacterTokenizer.from_text("hello")  # e h l o
    >>> tokenizer.encode("hole")
    tensor([1, 3, 2, 0])
    >>> tokenizer.decode([1, 3, 2, 0])
    'hole'
    """

    def __init__(self, vocabulary: Mapping[str, int]):
        super().__init__()
        self.tokens = list_tokens(vocabulary)
        for token in self.tokens:
            if len(token) != 1 and token != UNKNOWN:
                raise ValueError(f"a character is one code point, got {shorten(token)}")
        self.vocabulary = number(self.tokens)
        self.vocab_size = len(self.tokens)

        # Sorted code points and their ids; one entry more for what is not found.
        points = [ord(token) if len(token) == 1 else NOT_FOUND for token in self.tokens]
        code_points, ids = torch.tensor(points, dtype=torch.int64).sort()
        unknown = self.vocabulary.get(UNKNOWN, NOT_FOUND)
        self.code_points = nn.Buffer(F.pad(code_points, (0, 1)), persistent=False)
        self.ids = nn.Buffer(F.pad(ids, (0, 1), value=unknown), persistent=False)

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

    def encode(self, text: str) -> Int[Tensor, " N"]:
        """Turn every character into its id; KeyError if it has none, nor `<|unk|>`."""
        # 1. Look up: the id of every character, or that of `<|unk|>`.
        characters = [*map(ord, check_text(text))]
        points = torch.tensor(characters, dtype=torch.int64, device=self.device)
        position = torch.searchsorted(self.code_points[:-1], points)  # (N,)
        found = self.code_points[position] == points
        ids = self.ids[position.masked_fill(~found, self.vocab_size)]  # (N,)
        if (ids == NOT_FOUND).any():
            raise missing(text, int((ids == NOT_FOUND).nonzero()[0]))
        return ids

    def decode(self, ids: Int[Tensor, " N"] | Sequence[int]) -> str:
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
