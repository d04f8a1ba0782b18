"""Words and punctuation as tokens: the first tokenizer of a book on language models.

Source: Raschka, *Build a Large Language Model (From Scratch)*, sections 2.2 to 2.4,
        https://github.com/rasbt/LLMs-from-scratch, ch02/01_main-chapter-code,
        SimpleTokenizerV1 and SimpleTokenizerV2.
Twin:   reference/tokenizers/word.py
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor, nn

from torch_impl.tokenizers.tokenizer import Tokenizer, check_ids, check_list, check_text
from torch_impl.tokenizers.vocabulary import (
    END_OF_TEXT,
    UNKNOWN,
    list_tokens,
    number,
    shorten,
)

SEPARATOR = re.compile(r"""([,.:;?_!"()']|--|\s)""")
# Looking back keeps a long run of white space from being tried at every position.
SPACE_BEFORE_PUNCTUATION = re.compile(r"""(?<!\s)\s+([,.:;?!"()'])""")


class WordTokenizer(Tokenizer):
    """`vocabulary` gives ids 0..V-1 by word; `<|unk|>` may be one of them.

    With `<|unk|>` every word that is not in the vocabulary becomes it (the book's
    second version); without, such a word is a KeyError (its first).

    Decoding does not give the text back, only its words. Lost are: which white space
    there was, and how much (`a   b` becomes `a b`); white space before one of
    `,.:;?!"()'`, and its absence behind one (`"a" b` becomes `" a" b`); the absence
    of a space around `_` and `--` (`a--b` becomes `a -- b`); and every unknown word.
    `<|endoftext|>` and `<|unk|>` in a text become their ids.

    >>> tokenizer = WordTokenizer.from_text("the cat, the dog")  # , cat dog the
    >>> tokenizer.encode("the dog, the bird")
    tensor([3, 2, 0, 3, 5])
    >>> tokenizer.decode([3, 2, 0, 3, 5])
    'the dog, the <|unk|>'
    """

    def __init__(self, vocabulary: Mapping[str, int]):
        super().__init__()
        self.tokens = list_tokens(vocabulary)
        self.vocabulary = number(self.tokens)
        self.vocab_size = len(self.tokens)
        self.ids = nn.Buffer(torch.arange(self.vocab_size), persistent=False)

    @classmethod
    def from_texts(cls, texts: Iterable[str]) -> "WordTokenizer":
        """Give ids to the words of the texts in order, then to two special words."""
        # 1. Split: at punctuation and white space.
        words = {word for text in check_list("texts", texts) for word in split(text)}

        # 2. Sort: every distinct word once, in the order of code points.
        distinct = sorted(words - {END_OF_TEXT, UNKNOWN})

        # 3. Number: the words, and the two special words behind them.
        return cls(number([*distinct, END_OF_TEXT, UNKNOWN]))

    def encode(self, text: str) -> Int[Tensor, " N"]:
        """Turn every word into its id; KeyError if it has none, nor `<|unk|>`."""
        # 1. Split: at punctuation and white space.
        words = split(text)

        # 2. Look up: the id of every word, or that of `<|unk|>`.
        unknown = self.vocabulary.get(UNKNOWN)
        ids = [self.vocabulary.get(word, unknown) for word in words]
        if None in ids:
            n = ids.index(None)
            raise KeyError(f"no id for {shorten(words[n])}, word {n + 1} of the text")
        return torch.tensor(ids, dtype=torch.int64, device=self.device)

    def decode(self, ids: Int[Tensor, " N"] | Sequence[int]) -> str:
        """Join the words of ids by spaces, but with none before punctuation."""
        # 1. Look up: the word of every id.
        words = [self.tokens[i] for i in check_ids(ids, self.vocab_size)]

        # 2. Join: with a space between two words.
        joined = " ".join(words)

        # 3. Remove: the white space before punctuation.
        text = SPACE_BEFORE_PUNCTUATION.sub(r"\1", joined)
        return text

    def to_dict(self) -> dict[str, Any]:
        """Return the name of the class, and what its constructor takes."""
        return {"tokenizer": type(self).__name__, "vocabulary": self.vocabulary}


def split(text: str) -> list[str]:
    """Split a text at punctuation, `--` and white space, which goes.

    >>> split("Hello, world. Is this-- a test?")
    ['Hello', ',', 'world', '.', 'Is', 'this', '--', 'a', 'test', '?']
    """
    parts = [part.strip() for part in SEPARATOR.split(check_text(text))]
    return [part for part in parts if part]
