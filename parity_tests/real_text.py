"""Real text for the pairs: tokenized, cut into windows, embedded, attended to."""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

import reference
from parity_tests.attention.cases import accepted, with_mask
from parity_tests.concept import Case

Described = list[tuple[str, Case]]

N_WINDOWS, N_TOKENS = 64, 64
SIZES = {
    "d_in": 48,
    "d_out": 32,
    "context_length": N_TOKENS,
    "dropout": 0.1,
    "num_heads": 4,
    "qkv_bias": True,
}


@cache
def gpt2_ids(text: str) -> np.ndarray[Any, Any]:
    """Tokenize a text as GPT-2 does."""
    ids: np.ndarray[Any, Any] = reference.BytePairTokenizer.gpt2().encode(text)
    return ids


def windows(text: str) -> np.ndarray[Any, Any]:
    """Cut the tokens of a text into windows and pick some, spread over all of it."""
    ids = gpt2_ids(text)
    n_tokens = min(N_TOKENS, len(ids) - 1)
    inputs = reference.SlidingWindows(ids, n_tokens, stride=1).inputs
    picked = np.linspace(0, len(inputs) - 1, min(N_WINDOWS, len(inputs)))
    return inputs[picked.astype(int)]


def embedded(text: str, seed: int) -> np.ndarray[Any, Any]:
    """Embed those windows, small enough that no score is extreme."""
    rng = np.random.default_rng(seed)
    embedding = reference.TokenAndPositionEmbedding(
        reference.BytePairTokenizer.gpt2().vocab_size, SIZES["d_in"], N_TOKENS, rng=rng
    )
    return np.asarray(embedding(windows(text)))


def attention_on_text(class_name: str) -> Callable[[str, int], Described]:
    """Send the embedded windows through a variant of attention, in both precisions."""

    def on_text(text: str, seed: int) -> Described:
        variant = getattr(reference, class_name)
        config = accepted(variant, SIZES)
        x = embedded(text, seed)
        rng = np.random.default_rng(seed)
        drawn = variant(**config, **({"rng": rng} if config else {})).state_dict()
        what = f"{x.shape[0]} windows of {x.shape[1]} tokens"
        return [
            (
                what,
                with_mask(
                    Case(
                        config,
                        {"x": x.astype(dtype)},
                        {name: array.astype(dtype) for name, array in drawn.items()},
                        training=True,
                        seed=seed,
                    )
                ),
            )
            for dtype in (np.float64, np.float32)
        ]

    return on_text
