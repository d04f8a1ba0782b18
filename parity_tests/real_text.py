"""Real text for the pairs: tokenized, cut into windows, embedded, attended to."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import reference
from parity_tests.attention.cases import accepted, with_mask
from parity_tests.concept import Case

Described = list[tuple[str, Case]]
Weights = dict[str, np.ndarray[Any, Any]]

PRECISIONS = (np.float64, np.float32)
N_WINDOWS, N_TOKENS = 64, 64
SIZES: dict[str, Any] = {
    "d_in": 48,
    "d_out": 32,
    "context_length": N_TOKENS,
    "dropout": 0.1,
    "num_heads": 4,
    "qkv_bias": True,
}


@cache
def gpt2_ids(text: str) -> np.ndarray[Any, Any]:
    """Tokenize a text as GPT-2 does.

    Raises:
        ValueError: there are less than two tokens, so no token has a next one.
    """
    ids = reference.BytePairTokenizer.gpt2().encode(text, disallowed_special=())
    if len(ids) < 2:
        raise ValueError(f"a text must have two tokens or more, got {len(ids)}")
    return ids


def windows(text: str) -> np.ndarray[Any, Any]:
    """Cut the tokens of a text into windows and pick some, spread over all of it."""
    ids = gpt2_ids(text)
    n_tokens = min(N_TOKENS, len(ids) - 1)
    inputs = reference.SlidingWindows(ids, n_tokens, stride=1).inputs
    picked = np.linspace(0, len(inputs) - 1, min(N_WINDOWS, len(inputs)))
    return inputs[picked.astype(int)]


def embedding(seed: int) -> reference.TokenAndPositionEmbedding:
    """Draw an embedding of GPT-2's vocabulary."""
    vocab_size = reference.BytePairTokenizer.gpt2().vocab_size
    rng = np.random.default_rng(seed)
    return reference.TokenAndPositionEmbedding(
        vocab_size, SIZES["d_in"], N_TOKENS, rng=rng
    )


def windows_on_text(text: str, seed: int) -> Described:
    """Cut all the tokens of a text into windows."""
    ids = gpt2_ids(text)
    n_tokens = min(N_TOKENS, len(ids) - 1)
    config = {"max_length": n_tokens, "stride": n_tokens}
    return [(f"{len(ids):,} tokens", Case(config, {"ids": ids}))]


def embedding_on_text(text: str, seed: int) -> Described:
    """Embed windows of a text, in both precisions."""
    ids, drawn = windows(text), embedding(seed).state_dict()
    n_ids = len(drawn["token_embedding.weight"])
    config = {
        "vocab_size": n_ids,
        "output_dim": SIZES["d_in"],
        "context_length": N_TOKENS,
    }
    return [
        (described(ids), Case(config, {"ids": ids}, in_precision(drawn, dtype)))
        for dtype in PRECISIONS
    ]


def described(ids: np.ndarray[Any, Any]) -> str:
    """Say what goes in."""
    return f"{ids.shape[0]} × {ids.shape[1]} tokens"


def in_precision(weights: Weights, dtype: type) -> Weights:
    """Give weights another dtype."""
    return {name: array.astype(dtype) for name, array in weights.items()}


def attention_on_text(class_name: str) -> Callable[[str, int], Described]:
    """Send the embedded windows through a variant of attention, in both precisions."""

    def on_text(text: str, seed: int) -> Described:
        variant = getattr(reference, class_name)
        config = accepted(variant, SIZES)
        ids = windows(text)
        x = embedding(seed)(ids)
        rng = {"rng": np.random.default_rng(seed)} if config else {}
        drawn = variant(**config, **rng).state_dict()
        cases = [
            Case(config, {"x": x.astype(dtype)}, in_precision(drawn, dtype), True, seed)
            for dtype in PRECISIONS
        ]
        return [(described(ids), with_mask(case)) for case in cases]

    return on_text
