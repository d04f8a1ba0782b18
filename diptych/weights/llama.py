"""Llama in files: GGUF and Hugging Face's, with the names that parameters have there.

Source: llama.cpp's names, https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/
        gguf/constants.py; Hugging Face's are those of `LlamaForCausalLM`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from diptych.weights.checkpoint import Checkpoint, ids_in
from diptych.weights.gguf import GGUFFile
from diptych.weights.sizes import check_shapes, number_of, size_of
from diptych.weights.tokenizer import ByteLevelTokenizer

Array = np.ndarray[Any, Any]

# The name of a parameter on both backends, in a GGUF file and in Hugging Face's, and
# its shape: V ids, C channels, K of all key heads, F hidden ones.
OUTSIDE = (
    ("embedding", "token_embd", "model.embed_tokens", "VC"),
    ("norm", "output_norm", "model.norm", "C"),
)
IN_BLOCK = (
    ("norm1", "attn_norm", "input_layernorm", "C"),
    ("attention.W_query", "attn_q", "self_attn.q_proj", "CC"),
    ("attention.W_key", "attn_k", "self_attn.k_proj", "KC"),
    ("attention.W_value", "attn_v", "self_attn.v_proj", "KC"),
    ("attention.out_proj", "attn_output", "self_attn.o_proj", "CC"),
    ("norm2", "ffn_norm", "post_attention_layernorm", "C"),
    ("feed_forward.gate_proj", "ffn_gate", "mlp.gate_proj", "FC"),
    ("feed_forward.up_proj", "ffn_up", "mlp.up_proj", "FC"),
    ("feed_forward.down_proj", "ffn_down", "mlp.down_proj", "CF"),
)
SIZES = {  # arguments of the model, by the key of a GGUF file and of config.json
    "emb_dim": ("embedding_length", "hidden_size"),
    "hidden_dim": ("feed_forward_length", "intermediate_size"),
    "n_layers": ("block_count", "num_hidden_layers"),
    "num_heads": ("attention.head_count", "num_attention_heads"),
    "num_kv_heads": ("attention.head_count_kv", "num_key_value_heads"),
}
EPS = ("attention.layer_norm_rms_epsilon", "rms_norm_eps")
GGUF, HUGGING_FACE = 1, 2


def names(n_layers: int, layout: int) -> Iterator[tuple[str, str, str]]:
    """Yield every parameter's name, that in a file, and the letters of its shape."""
    above = {GGUF: "blk", HUGGING_FACE: "model.layers"}[layout]
    for row in OUTSIDE:
        yield f"{row[0]}.weight", f"{row[layout]}.weight", row[3]
    for i in range(n_layers):
        for row in IN_BLOCK:
            theirs = f"{above}.{i}.{row[layout]}.weight"
            yield f"blocks.{i}.{row[0]}.weight", theirs, row[3]


def llama_from_gguf(file: GGUFFile) -> Checkpoint:
    """Read a Llama model; its queries and keys are stored for neighbouring pairs.

    Raises:
        ValueError: it is another model, or has something that is not supported.
    """
    said = file.metadata
    if (kind := said.get("general.architecture")) != "llama":
        raise ValueError(f"general.architecture must be 'llama', got {kind!r}")
    if scaling := said.get("llama.rope.scaling.type", "none") != "none":
        raise ValueError(f"rope scaling is not supported, got {scaling!r}")
    tokenizer = ByteLevelTokenizer.from_metadata(said)
    config: dict[str, Any] = {
        name: size_of(said, f"llama.{key}") for name, (key, _) in SIZES.items()
    }
    config["eps"] = number_of(said, f"llama.{EPS[0]}")
    config["theta"] = number_of(said, "llama.rope.freq_base", 10_000.0)
    config |= {"vocab_size": len(tokenizer.tokens), "pairing": "neighbours"}
    check_heads(config, said.get("llama.rope.dimension_count"))
    shapes = {name: info.shape for name, info in file.tensors.items()}
    check_shapes(shapes_of(config, GGUF), shapes)

    def read(dtype: Any) -> dict[str, Array]:
        known = names(config["n_layers"], GGUF)
        return {own: file.read(theirs, dtype) for own, theirs, _ in known}

    return Checkpoint(
        "Llama",
        config,
        read,
        tokenizer,
        ids_in(said.get("tokenizer.ggml.eos_token_id")),
        said.get("tokenizer.chat_template"),
    )


def llama_from_huggingface(
    said: Mapping[str, Any], tensors: Mapping[str, Array]
) -> Checkpoint:
    """Read a Llama model from `config.json` and tensors by name.

    Raises:
        ValueError: it is another model, or has something that is not supported.
    """
    if (kind := said.get("model_type")) != "llama":
        raise ValueError(f"model_type must be 'llama', got {kind!r}")
    for key, right in (("attention_bias", False), ("mlp_bias", False)):
        if said.get(key, right) != right:
            raise ValueError(f"{key} must be {right}, got {said[key]!r}")
    if (activation := said.get("hidden_act", "silu")) != "silu":
        raise ValueError(f"hidden_act must be 'silu', got {activation!r}")
    config: dict[str, Any] = {
        name: size_of(said, key) for name, (_, key) in SIZES.items()
    }
    config["eps"] = number_of(said, EPS[1])
    config |= {"vocab_size": size_of(said, "vocab_size"), "pairing": "halves"}
    config["theta"] = theta_of(said)
    check_heads(config, said.get("head_dim"))
    shapes = {n: a.shape for n, a in tensors.items() if n != "lm_head.weight"}
    check_shapes(shapes_of(config, HUGGING_FACE), shapes)
    table = tensors["model.embed_tokens.weight"]
    if not np.array_equal(tensors.get("lm_head.weight", table), table):
        raise ValueError("the head must be tied to the embedding, got one of its own")

    def read(dtype: Any) -> dict[str, Array]:
        known = names(config["n_layers"], HUGGING_FACE)
        return {own: tensors[theirs].astype(dtype) for own, theirs, _ in known}

    return Checkpoint("Llama", config, read, stop_ids=ids_in(said.get("eos_token_id")))


def llama_to_huggingface(
    config: Mapping[str, Any], parameters: Mapping[str, Array]
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return what `config.json` holds, and the tensors by Hugging Face's names."""
    said = {key: config[name] for name, (_, key) in SIZES.items()}
    said |= {EPS[1]: config["eps"], "tie_word_embeddings": True}
    said |= {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    said |= {"vocab_size": config["vocab_size"]}
    said |= {"hidden_act": "silu", "attention_bias": False}
    said["rope_parameters"] = {"rope_type": "default", "rope_theta": config["theta"]}
    known = names(config["n_layers"], HUGGING_FACE)
    tensors = {theirs: parameters[own] for own, theirs, _ in known}
    if config["pairing"] == "neighbours":
        for name in (
            n for n in tensors if n.endswith(("q_proj.weight", "k_proj.weight"))
        ):
            tensors[name] = halves_from_neighbours(tensors[name], head_dim(config))
    return said, tensors


def halves_from_neighbours(weight: Array, dim: int) -> Array:
    """Reorder the rows of every head: channels 2i and 2i + 1 become i and i + D/2.

    >>> halves_from_neighbours(np.array([[0], [1], [2], [3]]), 4).ravel()
    array([0, 2, 1, 3])
    """
    by_head = weight.reshape(-1, dim // 2, 2, weight.shape[-1])
    return by_head.swapaxes(1, 2).reshape(weight.shape)


def head_dim(config: Mapping[str, Any]) -> int:
    """Return how many channels a head has."""
    width: int = config["emb_dim"] // config["num_heads"]
    return width


def theta_of(said: Mapping[str, Any]) -> float:
    """Read the base of the frequencies, which stands in one of two places."""
    rope = said.get("rope_parameters") or said.get("rope_scaling") or {}
    if not isinstance(rope, Mapping):
        raise ValueError(f"rope_parameters must be an object, got {rope!r:.40}")
    if (kind := rope.get("rope_type", rope.get("type", "default"))) != "default":
        raise ValueError(f"rope scaling is not supported, got {kind!r}")
    return number_of(rope if "rope_theta" in rope else said, "rope_theta", 10_000.0)


def shapes_of(
    config: Mapping[str, Any], layout: int
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield the name in a file and the shape of every tensor."""
    letters = {
        "V": config["vocab_size"],
        "C": config["emb_dim"],
        "K": config["num_kv_heads"] * head_dim(config),
        "F": config["hidden_dim"],
    }
    for _, theirs, shape in names(config["n_layers"], layout):
        yield theirs, tuple(letters[letter] for letter in shape)


def check_heads(config: Mapping[str, Any], dim: Any) -> None:
    """Check that heads divide the channels among them, and groups the heads."""
    for size, part in (("emb_dim", "num_heads"), ("num_heads", "num_kv_heads")):
        if config[size] % config[part]:
            rule = f"{size} must be a multiple of {part}"
            raise ValueError(f"{rule}, got {config[size]} and {config[part]}")
    if dim is not None and dim != head_dim(config):
        rule = f"heads must have {config['emb_dim']} / {config['num_heads']} channels"
        raise ValueError(f"{rule}, got {dim!r:.40}")
    if head_dim(config) % 2:
        raise ValueError(f"heads must have an even width, got {head_dim(config)}")
