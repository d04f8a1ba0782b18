"""Real text for the pairs: tokenized as GPT-2 does, cut into windows, embedded."""

from functools import cache
from typing import Any

import numpy as np

import reference

PRECISIONS = (np.float64, np.float32)
N_WINDOWS, N_TOKENS = 16, 64
N_BYTES = 48  # in a window of bytes
SIZES: dict[str, Any] = {
    "d_in": 48,
    "d_out": 32,
    "context_length": N_TOKENS,
    "dropout": 0.1,
    "num_heads": 4,
    "qkv_bias": True,
}
"""Arguments of attention on real text."""


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


def byte_windows(text: str) -> np.ndarray[Any, Any]:
    """Cut a text into windows of bytes and pick a few: ids of a small vocabulary."""
    ids = np.frombuffer(text.encode(), np.uint8).astype(np.int64)
    n_tokens = min(N_BYTES, len(ids))
    starts = np.linspace(0, len(ids) - n_tokens, 3).astype(int)
    return np.stack([ids[start : start + n_tokens] for start in starts])


def embedding(seed: int) -> Any:
    """Draw an embedding of GPT-2's vocabulary."""
    vocab_size = reference.BytePairTokenizer.gpt2().vocab_size
    rng = np.random.default_rng(seed)
    return reference.TokenAndPositionEmbedding(
        vocab_size, SIZES["d_in"], N_TOKENS, rng=rng
    )


def described(ids: np.ndarray[Any, Any]) -> str:
    """Say what goes in."""
    return f"{ids.shape[0]} × {ids.shape[1]} tokens"
