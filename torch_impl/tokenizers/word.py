"""Words and punctuation as tokens: the first tokenizer of a book on language models.

Source: Raschka, Build a Large Language Model (From Scratch), sections 2.2 to 2.4,
        https://github.com/rasbt/LLMs-from-scratch, ch02/01_main-chapter-code,
        SimpleTokenizerV2.
Twin:   reference/tokenizers/word.py
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Int, Integer
from torch import Tensor

from torch_impl.tokenizers.ids import token_ids
from torch_impl.tokenizers.lexicon import Lexicon
from torch_impl.tokenizers.text import refuse_text
from torch_impl.tokenizers.tokenizer import Tokenizer
from torch_impl.tokenizers.vocabulary import (
    END_OF_TEXT,
    UNKNOWN,
    read_words,
    shown,
    spell_words,
    words_by_id,
    write_words,
)

SEPARATOR = re.compile(r"""([,.:;?_!"()']|--|\s)""")
# Looking back keeps a long run of white space from being tried at each of its places.
SPACE_BEFORE_MARK = re.compile(r"""(?<!\s)\s+([,.:;?!"()'])""")
ABSENT = -1  # the id of a word that has none


class WordTokenizer(Tokenizer):
    """`vocabulary` gives ids 0..V-1 by word; `<|unk|>` may be one of them.

    With `<|unk|>` every word that is not in the vocabulary becomes it (the book's
    second version); without, such a word is refused (its first).

    Decoding does not give the text back, only its words. Lost are: which white space
    there was, and how much (`a   b` comes back as `a b`); white space before one of
    `,.:;?!"()'`, and its absence behind one (`"a" b` comes back as `" a" b`); the
    absence of a space around `_` and `--` (`a--b` comes back as `a -- b`); and every
    unknown word. `<|endoftext|>` and `<|unk|>` in a text become their ids.

    >>> tokenizer = WordTokenizer.train("the cat, the dog")  # , cat dog the
    >>> tokenizer.encode("the dog, the bird")
    tensor([3, 2, 0, 3, 5])
    >>> tokenizer.decode([3, 2, 0, 3, 5])
    'the dog, the <|unk|>'
    """

    spelling: Tensor
    ends: Tensor

    def __init__(self, vocabulary: Mapping[str, int] | None = None):
        super().__init__()
        words = words_by_id({} if vocabulary is None else vocabulary)
        spelling, ends = write_words(words)
        self.register_buffer("spelling", spelling)
        self.register_buffer("ends", ends)
        self._index()

    @classmethod
    def train(cls, text: str) -> "WordTokenizer":  # type: ignore[override]
        """Give ids to the words of a text in order, then to the two special words.

        Raises:
            TypeError: `text` is not a string.
            ValueError: `text` holds a lone surrogate.
        """
        # 1. Split the text into words.
        words = split_words(text)

        # 2. Keep each different one once, in order of code points.
        distinct = sorted({*words} - {END_OF_TEXT, UNKNOWN})

        # 3. Number them, and the special words behind them.
        numbered = [*distinct, END_OF_TEXT, UNKNOWN]
        return cls({word: place for place, word in enumerate(numbered)})

    @property
    def vocab_size(self) -> int:
        """How many ids there are; they are 0..vocab_size - 1."""
        return len(self.ends)

    @property
    def vocabulary(self) -> dict[str, int]:
        """The id of every word, as the constructor takes it."""
        return {word: place for place, word in enumerate(self._words)}

    def encode(self, text: str) -> Int[Tensor, " N"]:
        """Turn every word into its id.

        Raises:
            TypeError: `text` is not a string.
            ValueError: `text` holds a lone surrogate.
            KeyError: a word is unknown, and there is no `<|unk|>`.
        """
        # 1. Split the text into words.
        words = split_words(text)

        # 2. Write them as UTF-8, end to end.
        data, ends = write_words(words, self.device)  # (bytes,), (N,)

        # 3. Look every word up.
        found = self._lexicon(spell_words(data, ends))  # (N,)

        # 4. Give the id of `<|unk|>` to those that are not there.
        ids = torch.where(found == ABSENT, self._unknown, found)  # (N,)
        refuse_absent(words, ids)
        return ids

    def decode(self, ids: Integer[Tensor, " N"] | Sequence[int]) -> str:
        """Turn ids into words with a space between them, but none before punctuation.

        Raises:
            TypeError: an id is not a whole number.
            ValueError: an id is not in the vocabulary.
        """
        # 1. Take the word of every id.
        row = token_ids(ids, self.vocab_size, self.device)  # (N,)
        words = [self._words[number] for number in row.tolist()]

        # 2. Join them by spaces.
        joined = " ".join(words)

        # 3. Remove the white space before punctuation.
        text = SPACE_BEFORE_MARK.sub(r"\1", joined)
        return text

    def _index(self) -> None:
        self._words = read_words(self.spelling, self.ends)
        self._unknown = self._words.index(UNKNOWN) if UNKNOWN in self._words else ABSENT
        self._lexicon = Lexicon(spell_words(self.spelling, self.ends))

    def _describe(self) -> dict[str, Any]:
        return {"vocabulary": self.vocabulary}

    @classmethod
    def _from_description(cls, description: dict[str, Any]) -> "WordTokenizer":
        return cls(description["vocabulary"])


def split_words(text: str) -> list[str]:
    """Split at punctuation, `--` and white space, and keep all but the white space.

    >>> split_words("Hello, world. Is this-- a test?")
    ['Hello', ',', 'world', '.', 'Is', 'this', '--', 'a', 'test', '?']

    Raises:
        TypeError: `text` is not a string.
        ValueError: `text` holds a lone surrogate.
    """
    refuse_text(text)
    pieces = [piece.strip() for piece in SEPARATOR.split(text)]
    return [piece for piece in pieces if piece]


def refuse_absent(words: Sequence[str], ids: Int[Tensor, " N"]) -> None:
    """Refuse a text with a word that has no id.

    >>> refuse_absent(["a", "cat"], torch.tensor([0, ABSENT]))
    Traceback (most recent call last):
    KeyError: "no id for 'cat', word 2 of the text"

    Raises:
        KeyError: a word has no id.
    """
    absent = (ids == ABSENT).nonzero()
    if len(absent) > 0:
        place = int(absent[0])
        raise KeyError(f"no id for {shown(words[place])}, word {place + 1} of the text")
