"""Implementations of other kinds of pairs, right and wrong, to try the kit on.

Two are made of the reference, since here it is the kit that is tried.
"""

import math
from typing import Any

import numpy as np

import reference

Named = dict[str, Any]
Array = np.ndarray[Any, Any]


# Data


def embedding(inputs: Named, parameters: Named, config: Named) -> Array:
    """Add the vector of each token to that of its position."""
    ids = inputs["ids"]
    positions = parameters["position_embedding.weight"][: ids.shape[-1]]
    return parameters["token_embedding.weight"][ids] + positions


def embedding_without_positions(
    inputs: Named, parameters: Named, config: Named
) -> Array:
    """Forget the positions."""
    return parameters["token_embedding.weight"][inputs["ids"]]


def windows(inputs: Named, parameters: Named, config: Named) -> Array:
    """Stack inputs and targets."""
    ids, size = inputs["ids"], config["max_length"]
    starts = np.arange(0, max(len(ids) - size, 0), config["stride"])
    positions = starts[:, None] + np.arange(size)
    return np.stack([ids[positions], ids[positions + 1]])


def windows_without_targets(inputs: Named, parameters: Named, config: Named) -> Array:
    """Give the inputs as targets too."""
    both = windows(inputs, parameters, config)
    return both[[0, 0]]


# Attention


def causal(inputs: Named, parameters: Named, config: Named) -> Array:
    """Attend to the past, with dropout."""
    masked_scores, values = scores_and_values(inputs, parameters)
    row_max = masked_scores.max(axis=-1, keepdims=True, initial=-np.inf)
    exps = np.exp(masked_scores - row_max)
    attn_weights = exps / exps.sum(axis=-1, keepdims=True)
    if "keep" in inputs:
        p = config["dropout"]
        attn_weights = attn_weights * inputs["keep"] * (1 / (1 - p) if p < 1 else 0.0)
    context: Array = attn_weights @ values
    return context


def causal_by_log_sum_exp(inputs: Named, parameters: Named, config: Named) -> Array:
    """Take softmax as FlashAttention's backward does: exp(s - lse)."""
    masked_scores, values = scores_and_values(inputs, parameters)
    row_max = masked_scores.max(axis=-1, keepdims=True, initial=-np.inf)
    exps = np.exp(masked_scores - row_max)
    lse = row_max + np.log(exps.sum(axis=-1, keepdims=True))
    context: Array = np.exp(masked_scores - lse) @ values
    return context


def scores_and_values(inputs: Named, parameters: Named) -> tuple[Array, Array]:
    """Return the scores, masked, and the values."""
    queries, keys, values = (
        inputs["x"] @ parameters[f"{name}.weight"].T + parameters.get(f"{name}.bias", 0)
        for name in ("W_query", "W_key", "W_value")
    )
    attn_scores = queries @ keys.swapaxes(-2, -1) / math.sqrt(keys.shape[-1])
    causal_mask = np.tri(attn_scores.shape[-1], dtype=bool)
    minus_infinity = attn_scores.dtype.type(-np.inf)
    return np.where(causal_mask, attn_scores, minus_infinity), values


def causal_of_drops(inputs: Named, parameters: Named, config: Named) -> Array:
    """Take the dropout mask the other way round."""
    given = {"x": inputs["x"]}
    if "drop" in inputs:
        given["keep"] = ~inputs["drop"]
    return causal(given, parameters, config)


def causal_in_out(inputs: Named, parameters: Named, config: Named) -> Array:
    """Take projections laid out (in, out)."""
    weights = {k: v.T if k.endswith("weight") else v for k, v in parameters.items()}
    return causal(inputs, weights, config)


def causal_packed(inputs: Named, parameters: Named, config: Named) -> Array:
    """Take the three projections as one."""
    apart: dict[str, Array] = {}
    for kind in ("weight", "bias"):
        if f"in_proj_{kind}" in parameters:
            query, key, value = np.split(parameters[f"in_proj_{kind}"], 3)
            apart |= {f"W_query.{kind}": query, f"W_key.{kind}": key}
            apart |= {f"W_value.{kind}": value}
    return causal(inputs, apart, config)


# Tokenizers


class Characters:
    """Look characters up in a vocabulary."""

    def __init__(self, vocabulary: dict[str, int]):
        self.vocabulary = vocabulary
        self.characters = {number: token for token, number in vocabulary.items()}

    def encode(self, text: str) -> list[int]:
        """Look every character up."""
        unknown = self.vocabulary.get("<|unk|>", -1)
        return [self.vocabulary.get(character, unknown) for character in text]

    def decode(self, ids: list[int]) -> str:
        """Join the characters of the ids."""
        return "".join(self.characters[number] for number in ids)


class Stripped(Characters):
    """Take the white space off both ends first."""

    def encode(self, text: str) -> list[int]:
        """Strip, then look up."""
        return super().encode(text.strip())


class Strings(Characters):
    """Give text in the place of ids."""

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


class BytePairs:
    """Take vocabulary and merges as bytes, as the kit gives them."""

    def __init__(
        self,
        vocabulary: dict[bytes, int],
        merges: list[tuple[bytes, bytes]],
        special_tokens: dict[str, int],
    ):
        pairs = [(vocabulary[left], vocabulary[right]) for left, right in merges]
        base = sorted(vocabulary, key=vocabulary.__getitem__)[:256]
        base_bytes = [token[0] for token in base]
        names = [*special_tokens]
        self.tokenizer = reference.BytePairTokenizer(pairs, names, base_bytes)
        self.decode = self.tokenizer.decode

    def encode(self, text: str) -> Any:
        """Encode with all special tokens."""
        return self.tokenizer.encode(text, allowed_special="all")


class OverMerges(BytePairs):
    """Number the special tokens from 256 on, where the merges are."""

    def encode(self, text: str) -> Any:
        """Encode, and give special tokens such ids."""
        ids, n_merges = super().encode(text), len(self.tokenizer.merges)
        return np.where(ids < 256 + n_merges, ids, ids - n_merges)


class WithoutSpecial(BytePairs):
    """Find no special token in a text."""

    def encode(self, text: str) -> Any:
        """Encode as plain text."""
        return self.tokenizer.encode(text, disallowed_special=())


def by_position(v: Any, m: Any, s: Any) -> BytePairs:
    """Name the arguments otherwise."""
    return BytePairs(v, m, s)
