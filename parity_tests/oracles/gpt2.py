"""transformers' GPT-2 as an oracle: its configuration, and the names of parameters."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from transformers import GPT2Config

Array = np.ndarray[Any, Any]

# What each part of a name is called there.
NAMES = {
    "embedding": "transformer",
    "token_embedding": "wte",
    "position_embedding": "wpe",
    "blocks": "transformer.h",
    "norm": "transformer.ln_f",
    "norm1": "ln_1",
    "norm2": "ln_2",
    "attention": "attn",
    "W_query": "c_attn",
    "out_proj": "c_proj",
    "feed_forward": "mlp",
    "up_proj": "c_fc",
    "down_proj": "c_proj",
}
PACKED = ("W_query", "W_key", "W_value")  # one matrix there, in this order


def gpt2_config(config: Mapping[str, Any]) -> GPT2Config:
    """Write the arguments of a model as theirs."""
    theirs = GPT2Config(
        vocab_size=config["vocab_size"],
        n_positions=config["context_length"],
        n_embd=config["emb_dim"],
        n_head=config["n_heads"],
        n_layer=config["n_layers"],
    )
    theirs._attn_implementation = "eager"
    return theirs


def to_gpt2(parameters: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    """Convert parameters of a model or of a block: matrices are (in, out) there.

    Queries, keys and values are packed; where they have no bias, it is zero there.

    >>> names = [f"attention.{each}.weight" for each in PACKED]
    >>> state = to_gpt2({name: np.ones((4, 5)) for name in names})
    >>> {name: tuple(tensor.shape) for name, tensor in state.items()}
    {'attn.c_attn.weight': (5, 12), 'attn.c_attn.bias': (12,)}
    """
    state = {}
    for name, array in packed(parameters):
        is_table = "embedding" in name
        theirs = ".".join(NAMES.get(part, part) for part in name.split("."))
        state[theirs] = torch.from_numpy(array if is_table else array.T)
    return state


def packed(parameters: Mapping[str, Array]) -> Iterator[tuple[str, Array]]:
    """Stack queries, keys and values under the name of the first."""
    for name, array in parameters.items():
        if "W_query" in name:
            rows = [parameters[name.replace("W_query", each)] for each in PACKED]
            yield name, np.concatenate(rows)
            bias = name.replace("weight", "bias")
            if bias not in parameters:
                yield bias, np.zeros(3 * len(array), array.dtype)
        elif not any(each in name for each in PACKED):
            yield name, array
