"""Plug-ins for other kinds of parts, right and wrong, to try the kit on.

Two are made of the reference, since here it is the kit that is tried.
"""

from typing import Any

import numpy as np

import reference

Named = dict[str, Any]
Array = np.ndarray[Any, Any]


def embedding(inputs: Named, weights: Named, config: Named) -> Array:
    """Add the vector of each token to that of its place."""
    ids = inputs["ids"]
    places = weights["position_embedding.weight"][: ids.shape[-1]]
    return weights["token_embedding.weight"][ids] + places


def embedding_without_places(inputs: Named, weights: Named, config: Named) -> Array:
    """Forget the places."""
    return weights["token_embedding.weight"][inputs["ids"]]


def windows(inputs: Named, weights: Named, config: Named) -> Array:
    """Stack inputs and targets."""
    ids, size = inputs["ids"], config["max_length"]
    starts = np.arange(0, max(len(ids) - size, 0), config["stride"])
    places = starts[:, None] + np.arange(size)
    return np.stack([ids[places], ids[places + 1]])


def windows_of_one_side(inputs: Named, weights: Named, config: Named) -> Array:
    """Give the inputs as targets too."""
    both = windows(inputs, weights, config)
    return both[[0, 0]]


def causal(inputs: Named, weights: Named, config: Named) -> Array:
    """Run the reference, with dropout."""
    sizes = {name: size for name, size in config.items() if name != "training"}
    layer = reference.CausalAttention(**sizes).to(inputs["x"].dtype.type)
    layer.load_state_dict(weights)
    return layer.train(config["training"])(**inputs)


def causal_of_drops(inputs: Named, weights: Named, config: Named) -> Array:
    """Take the dropout mask the other way round."""
    given = {name: array for name, array in inputs.items() if name == "x"}
    if len(inputs) > 1:
        given["keep"] = ~inputs["drop"]
    return causal(given, weights, config)


def causal_in_out(inputs: Named, weights: Named, config: Named) -> Array:
    """Take projections laid out (in, out)."""
    turned = {k: v.T if k.endswith("weight") else v for k, v in weights.items()}
    return causal(inputs, turned, config)


def causal_packed(inputs: Named, weights: Named, config: Named) -> Array:
    """Take the three projections as one."""
    apart: dict[str, Array] = {}
    for kind in ("weight", "bias"):
        if f"in_proj_{kind}" in weights:
            query, key, value = np.split(weights[f"in_proj_{kind}"], 3)
            apart |= {f"W_query.{kind}": query, f"W_key.{kind}": key}
            apart |= {f"W_value.{kind}": value}
    return causal(inputs, apart, config)


class Words:
    """Look characters up in a vocabulary, which does for the characters' pair."""

    def __init__(self, vocabulary: dict[str, int]):
        self.vocabulary = vocabulary
        self.words = {number: word for word, number in vocabulary.items()}

    def encode(self, text: str) -> list[int]:
        """Look every character up."""
        unknown = self.vocabulary.get("<|unk|>", -1)
        return [self.vocabulary.get(character, unknown) for character in text]

    def decode(self, ids: list[int]) -> str:
        """Spell every id."""
        return "".join(self.words[number] for number in ids)


class Stripped(Words):
    """Take the white space off both ends first."""

    def encode(self, text: str) -> list[int]:
        """Strip, then look up."""
        return super().encode(text.strip())


class Strings(Words):
    """Give text where ids are due."""

    def encode(self, text: str) -> Any:
        """Give every character as it is."""
        return [*text, "end"]

    def decode(self, ids: Any) -> str:
        """Join them."""
        return "".join(ids)


class WordByWord(reference.WordTokenizer):
    """The words of the book."""


class LowerCase(reference.WordTokenizer):
    """Take capitals for small letters."""

    def encode(self, text: str) -> Any:
        """Make letters small, then look up."""
        return super().encode(text.lower())


class PairByPair:
    """Take vocabulary and merges as bytes, as the kit gives them."""

    def __init__(
        self,
        vocabulary: dict[bytes, int],
        merges: list[tuple[bytes, bytes]],
        special_tokens: dict[str, int],
    ):
        pairs = [(vocabulary[left], vocabulary[right]) for left, right in merges]
        self.tokenizer = reference.BytePairTokenizer(pairs, [*special_tokens])
        self.decode = self.tokenizer.decode

    def encode(self, text: str) -> Any:
        """Encode with all special tokens."""
        return self.tokenizer.encode(text, allowed_special="all")


class OverMerges(PairByPair):
    """Number the special tokens behind the bytes, where the merges are."""

    def encode(self, text: str) -> Any:
        """Encode, and give special tokens such ids."""
        ids, n_merges = super().encode(text), len(self.tokenizer.merges)
        return np.where(ids < 256 + n_merges, ids, ids - n_merges)
