"""transformers' Llama as an oracle: its configuration, names and angles in float64."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from transformers import LlamaConfig
from transformers.models.llama import modeling_llama

Array = np.ndarray[Any, Any]

# What each part of a name is called there.
NAMES = {
    "embedding": "model.embed_tokens",
    "blocks": "model.layers",
    "norm": "model.norm",
    "norm1": "input_layernorm",
    "attention": "self_attn",
    "norm2": "post_attention_layernorm",
    "feed_forward": "mlp",
    "W_query": "q_proj",
    "W_key": "k_proj",
    "W_value": "v_proj",
    "out_proj": "o_proj",
}


def llama_config(config: Mapping[str, Any]) -> LlamaConfig:
    """Write the arguments of a block or of a model as theirs."""
    theta = config.get("theta", 10_000.0)
    theirs = LlamaConfig(
        vocab_size=config.get("vocab_size", 1),
        hidden_size=config["emb_dim"],
        intermediate_size=config.get("hidden_dim", 1),
        num_hidden_layers=config.get("n_layers", 1),
        num_attention_heads=config["num_heads"],
        num_key_value_heads=config["num_kv_heads"],
        rms_norm_eps=config.get("eps", 1e-5),
        rope_parameters={"rope_type": "default", "rope_theta": theta},
        tie_word_embeddings=True,
    )
    theirs._attn_implementation = "eager"
    return theirs


def to_llama(parameters: Mapping[str, Array]) -> dict[str, torch.Tensor]:
    """Convert parameters by name.

    >>> [*to_llama({"blocks.0.attention.W_key.weight": np.zeros(1)})]
    ['model.layers.0.self_attn.k_proj.weight']
    """
    state = {}
    for name, array in parameters.items():
        theirs = ".".join(NAMES.get(part, part) for part in name.split("."))
        state[theirs] = torch.from_numpy(array)
    return state


def in_huggingface_layout(
    config: LlamaConfig, x: torch.Tensor, positions: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Compute their cosines and sines, from frequencies in float64."""
    rotary = modeling_llama.LlamaRotaryEmbedding(config)
    set_frequencies(rotary, config)
    tables: tuple[torch.Tensor, torch.Tensor] = rotary(x, positions)
    return tables


def set_frequencies(rotary: Any, config: LlamaConfig) -> None:
    """Give the rotation its frequencies in float64; it makes them in float32."""
    width = config.hidden_size // config.num_attention_heads
    theta: Any = (config.rope_parameters or {})["rope_theta"]
    powers = [theta ** (-2 * i / width) for i in range(width // 2)]
    rotary.inv_freq = torch.tensor(powers, dtype=torch.float64)
