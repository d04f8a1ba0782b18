"""Llama in files: GGUF and Hugging Face's, with the names that parameters have there.

Source: llama.cpp's names, https://github.com/ggml-org/llama.cpp/blob/master/gguf-py/
        gguf/constants.py; Hugging Face's are those of `LlamaForCausalLM`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from diptych.weights.checkpoint import Checkpoint
from diptych.weights.gguf import GGUFFile
from diptych.weights.tokenizer import ByteLevelTokenizer

Array = np.ndarray[Any, Any]

# The name of a parameter on both backends, in a GGUF file, and in Hugging Face's.
OUTSIDE = (
    ("embedding", "token_embd", "model.embed_tokens"),
    ("norm", "output_norm", "model.norm"),
)
IN_BLOCK = (
    ("attention_norm", "attn_norm", "input_layernorm"),
    ("attention.W_query", "attn_q", "self_attn.q_proj"),
    ("attention.W_key", "attn_k", "self_attn.k_proj"),
    ("attention.W_value", "attn_v", "self_attn.v_proj"),
    ("attention.out_proj", "attn_output", "self_attn.o_proj"),
    ("feed_forward_norm", "ffn_norm", "post_attention_layernorm"),
    ("feed_forward.gate_proj", "ffn_gate", "mlp.gate_proj"),
    ("feed_forward.up_proj", "ffn_up", "mlp.up_proj"),
    ("feed_forward.down_proj", "ffn_down", "mlp.down_proj"),
)
SIZES = {  # arguments of the model, by the key of a GGUF file and of config.json
    "emb_dim": ("embedding_length", "hidden_size"),
    "hidden_dim": ("feed_forward_length", "intermediate_size"),
    "n_layers": ("block_count", "num_hidden_layers"),
    "num_heads": ("attention.head_count", "num_attention_heads"),
    "num_kv_heads": ("attention.head_count_kv", "num_key_value_heads"),
    "eps": ("attention.layer_norm_rms_epsilon", "rms_norm_eps"),
}


def names(n_layers: int) -> Iterator[tuple[str, str, str]]:
    """Yield every parameter's three names."""
    for own, gguf, theirs in OUTSIDE:
        yield f"{own}.weight", f"{gguf}.weight", f"{theirs}.weight"
    for i in range(n_layers):
        for own, gguf, theirs in IN_BLOCK:
            yield (
                f"blocks.{i}.{own}.weight",
                f"blk.{i}.{gguf}.weight",
                f"model.layers.{i}.{theirs}.weight",
            )


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
    config = {name: value_of(said, f"llama.{key}") for name, (key, _) in SIZES.items()}
    config["theta"] = said.get("llama.rope.freq_base", 10_000.0)
    config["vocab_size"] = len(said.get("tokenizer.ggml.tokens", ()))
    config["pairing"] = "neighbours"
    check_head_dim(config, said.get("llama.rope.dimension_count"))
    known = {gguf: own for own, gguf, _ in names(config["n_layers"])}
    check_names(known, file.tensors)

    def read(dtype: Any) -> dict[str, Array]:
        return {own: file.read(gguf, dtype) for gguf, own in known.items()}

    return Checkpoint(
        "Llama",
        config,
        read,
        ByteLevelTokenizer.from_metadata(said),
        said.get("tokenizer.ggml.eos_token_id"),
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
    config = {name: value_of(said, key) for name, (_, key) in SIZES.items()}
    config |= {"vocab_size": value_of(said, "vocab_size"), "pairing": "halves"}
    config["theta"] = theta_of(said)
    check_head_dim(config, said.get("head_dim"))
    known = {theirs: own for own, _, theirs in names(config["n_layers"])}
    head = tensors.get("lm_head.weight")
    if head is not None and not np.array_equal(
        head, tensors["model.embed_tokens.weight"]
    ):
        raise ValueError("the head must be tied to the embedding, got one of its own")
    check_names(known, tensors.keys() - {"lm_head.weight"})

    def read(dtype: Any) -> dict[str, Array]:
        return {own: tensors[theirs].astype(dtype) for theirs, own in known.items()}

    return Checkpoint("Llama", config, read, stop_id=said.get("eos_token_id"))


def llama_to_huggingface(
    config: Mapping[str, Any], parameters: Mapping[str, Array]
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return what `config.json` holds, and the tensors by Hugging Face's names."""
    said = {key: config[name] for name, (_, key) in SIZES.items()}
    said |= {"architectures": ["LlamaForCausalLM"], "model_type": "llama"}
    said |= {"vocab_size": config["vocab_size"], "tie_word_embeddings": True}
    said |= {"hidden_act": "silu", "attention_bias": False}
    said["rope_parameters"] = {"rope_type": "default", "rope_theta": config["theta"]}
    tensors = {theirs: parameters[own] for own, _, theirs in names(config["n_layers"])}
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


def value_of(said: Mapping[str, Any], key: str) -> Any:
    """Look a key up; ValueError if the file does not have it."""
    if key not in said:
        raise ValueError(f"the file does not say {key}")
    return said[key]


def theta_of(said: Mapping[str, Any]) -> float:
    """Read the base of the frequencies, which stands in one of two places."""
    rope = said.get("rope_parameters") or said.get("rope_scaling") or {}
    if (kind := rope.get("rope_type", rope.get("type", "default"))) != "default":
        raise ValueError(f"rope scaling is not supported, got {kind!r}")
    return float(rope.get("rope_theta", said.get("rope_theta", 10_000.0)))


def check_head_dim(config: Mapping[str, Any], said: int | None) -> None:
    """Check that heads divide the channels of the model among them."""
    if said is not None and said * config["num_heads"] != config["emb_dim"]:
        rule = f"heads must have {config['emb_dim']} / {config['num_heads']} channels"
        raise ValueError(f"{rule}, got {said}")


def check_names(known: Mapping[str, str], found: Any) -> None:
    """Check that a file has the tensors of the model and no others."""
    if missing := sorted(known.keys() - found):
        raise ValueError(
            f"the file lacks {len(missing)} tensors, such as {missing[0]!r}"
        )
    if unknown := sorted(set(found) - known.keys()):
        raise ValueError(f"a Llama of this form has no {unknown[0]!r}")
