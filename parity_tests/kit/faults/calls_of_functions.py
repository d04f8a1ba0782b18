"""Functions and tokenizers in which one call leaves something behind for the next."""

import math
from typing import Any, ClassVar

import numpy as np

from parity_tests.kit.faults import right, wrong

CAUSAL = "attention/causal"
CHARACTER = "tokenizers/character"
Named = dict[str, Any]
OUT: dict[Any, Any] = {}


def attention(inputs: Named, parameters: Named) -> Any:
    """Attend to the past, in NumPy."""
    queries, keys, values = (
        inputs["x"] @ parameters[f"W_{name}.weight"].T
        + parameters.get(f"W_{name}.bias", inputs["x"].dtype.type(0))
        for name in ("query", "key", "value")
    )
    scores = queries @ keys.swapaxes(-2, -1) / math.sqrt(keys.shape[-1])
    scores[..., ~np.tri(scores.shape[-1], dtype=bool)] = -np.inf
    exps = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
    return (exps / exps.sum(axis=-1, keepdims=True)) @ values


@wrong(CAUSAL)
def one_array_for_all(inputs: Named, parameters: Named, config: Named) -> Any:
    """A function writes results of one shape to the same array."""
    output = attention(inputs, parameters)
    array = OUT.setdefault((output.shape, output.dtype.str), np.empty_like(output))
    array[...] = output
    return array


N_CALLS: list[int] = []


@wrong(CAUSAL)
def wrong_at_times(inputs: Named, parameters: Named, config: Named) -> Any:
    """Every hundredth call of a function is wrong."""
    N_CALLS.append(1)
    return attention(inputs, parameters) + (len(N_CALLS) % 100 == 0)


class Characters:
    """Look characters up in a vocabulary."""

    def __init__(self, vocabulary: dict[str, int]):
        self.vocabulary = vocabulary
        self.n_calls = 0

    def encode(self, text: str) -> list[int]:
        """Look every character up."""
        self.n_calls += 1
        unknown = self.vocabulary.get("<|unk|>", -1)
        return [self.vocabulary.get(character, unknown) for character in text]

    def decode(self, ids: list[int]) -> str:
        """Join the characters of the ids."""
        characters = {number: token for token, number in self.vocabulary.items()}
        return "".join(characters[number] for number in ids)


@wrong(CHARACTER)
class OneListForAll(Characters):
    """The list of ids is the same one in every call."""

    def encode(self, text: str) -> list[int]:
        """Fill the list anew."""
        if self.n_calls == 0:
            self.ids: list[int] = []
        self.ids[:] = super().encode(text)
        return self.ids


@wrong(CHARACTER)
class CachesByLength(Characters):
    """Texts of one length are taken for the same text."""

    def encode(self, text: str) -> list[int]:
        """Look the length up."""
        if self.n_calls == 0:
            self.known: dict[int, list[int]] = {}
        return self.known.setdefault(len(text), super().encode(text))


@wrong(CHARACTER)
class LastVocabularyForAll(Characters):
    """All objects look characters up in the vocabulary of the last one."""

    last: ClassVar[dict[str, int]] = {}

    def __init__(self, vocabulary: dict[str, int]):
        super().__init__(vocabulary)
        type(self).last = vocabulary

    def encode(self, text: str) -> list[int]:
        """Take the vocabulary of the class."""
        self.vocabulary = self.last
        return super().encode(text)


@right(CAUSAL)
def plain(inputs: Named, parameters: Named, config: Named) -> Any:
    """A function that keeps nothing."""
    return attention(inputs, parameters)


@right(CHARACTER)
class Remembers(Characters):
    """Texts are remembered, each by itself."""

    def encode(self, text: str) -> list[int]:
        """Look the text up."""
        if self.n_calls == 0:
            self.known: dict[str, list[int]] = {}
        return self.known.setdefault(text, super().encode(text))
