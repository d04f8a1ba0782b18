"""A small program on either backend: swap the import, keep the code."""

from collections.abc import Callable
from typing import Any

import reference as backend

SIZES = {"d_in": 12, "d_out": 8}
CAUSAL = SIZES | {"context_length": 6, "dropout": 0.1}
VARIANTS: dict[str, dict[str, Any]] = {
    "SimpleSelfAttention": {},
    "SelfAttentionV1": SIZES,
    "SelfAttentionV2": SIZES | {"qkv_bias": True},
    "CausalAttention": CAUSAL,
    "MultiHeadAttentionWrapper": CAUSAL | {"num_heads": 2, "qkv_bias": True},
    "MultiHeadAttention": CAUSAL | {"num_heads": 2},
}


def run(text: str, weighted: Callable[[str, Any], Any]) -> dict[str, Any]:
    """Send a text through every part; `weighted(name, module)` may give it weights."""
    tokenizer = backend.BytePairTokenizer.gpt2()
    ids = tokenizer.encode(text)
    windows = backend.SlidingWindows(ids, max_length=6, stride=5)
    inputs = windows.inputs

    embedding = backend.TokenAndPositionEmbedding(
        tokenizer.vocab_size, output_dim=12, context_length=6
    )
    embedded = weighted("embedding", embedding.double().eval())(inputs)
    outputs = {"ids": ids, "inputs": inputs, "embedded": embedded}
    for name, config in VARIANTS.items():
        attention = getattr(backend, name)(**config).double().eval()
        outputs[name] = weighted(name, attention)(embedded)
    return outputs | {"text": tokenizer.decode(ids)}
