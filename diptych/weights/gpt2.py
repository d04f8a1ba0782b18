"""GPT-2 in Hugging Face's files: matrices are (in, out), and three of them are one.

Source: the names are those of `GPT2LMHeadModel`; its `Conv1D` computes x @ weight.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import numpy as np

from diptych.weights.checkpoint import Checkpoint, ids_in
from diptych.weights.sizes import check_shapes, number_of, size_of
from reference.tokenizers.byte_pair import BytePairTokenizer

Array = np.ndarray[Any, Any]

# The name of a part on both backends, and in the file, and its shape there: V ids, T
# positions, C channels, Q = 3C, F = 4C. All but tables have a bias of their last axis.
OUTSIDE = (
    ("embedding.token_embedding", "wte", "VC"),
    ("embedding.position_embedding", "wpe", "TC"),
    ("norm", "ln_f", "C"),
)
IN_BLOCK = (
    ("norm1", "ln_1", "C"),
    ("attention", "attn.c_attn", "CQ"),
    ("attention.out_proj", "attn.c_proj", "CC"),
    ("norm2", "ln_2", "C"),
    ("feed_forward.up_proj", "mlp.c_fc", "CF"),
    ("feed_forward.down_proj", "mlp.c_proj", "FC"),
)
PACKED = ("W_query", "W_key", "W_value")
BUFFERS = re.compile(r"h\.\d+\.attn\.(bias|masked_bias)")  # masks, in older files
SIZES = {
    "vocab_size": "vocab_size",
    "context_length": "n_positions",
    "emb_dim": "n_embd",
    "n_heads": "n_head",
    "n_layers": "n_layer",
}
ACTIVATION = "gelu_new"  # the name that the tanh form has there


def gpt2_from_huggingface(
    said: Mapping[str, Any], tensors: Mapping[str, Array]
) -> Checkpoint:
    """Read a GPT-2 from tensors by name, and its sizes from `config.json`.

    Raises:
        ValueError: tensors are missing or unknown, or something is not supported.
    """
    if (kind := said.get("activation_function", ACTIVATION)) != ACTIVATION:
        raise ValueError(f"activation_function must be {ACTIVATION!r}, got {kind!r}")
    if (eps := said.get("layer_norm_epsilon", 1e-5)) != 1e-5:
        raise ValueError(f"layer_norm_epsilon must be 1e-05, got {eps}")
    config = {name: size_of(said, key) for name, key in SIZES.items()}
    if config["emb_dim"] % config["n_heads"]:
        sizes = f"{config['emb_dim']} and {config['n_heads']}"
        raise ValueError(f"emb_dim must be a multiple of n_heads, got {sizes}")
    own = {n.removeprefix("transformer."): a for n, a in tensors.items()}
    own = {n: a for n, a in own.items() if not BUFFERS.fullmatch(n)}
    head = own.pop("lm_head.weight", None)
    wanted = ((theirs, shape) for _, theirs, shape in parts(config))
    check_shapes(wanted, {name: array.shape for name, array in own.items()})
    if head is not None and not np.array_equal(head, own["wte.weight"]):
        raise ValueError("the head must be tied to the embedding, got one of its own")

    def read(dtype: Any) -> dict[str, Array]:
        return dict(unpacked(own, config, dtype))

    tokenizer = BytePairTokenizer.gpt2()
    own_tokenizer = tokenizer if config["vocab_size"] == tokenizer.vocab_size else None
    built = {
        **config,
        "drop_rate": number_of(said, "embd_pdrop", 0.1),
        "qkv_bias": True,
    }
    stop_ids = ids_in(said.get("eos_token_id"))
    return Checkpoint("GPT", built, read, own_tokenizer, stop_ids)


def parts(
    config: Mapping[str, int],
) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """Yield each tensor: the part of a model that it is in, its name and its shape."""
    width = config["emb_dim"]
    letters = {"V": config["vocab_size"], "T": config["context_length"], "C": width}
    letters |= {"Q": 3 * width, "F": 4 * width}
    rows = [("", "", row) for row in OUTSIDE]
    blocks = (
        (f"blocks.{i}.", f"h.{i}.", row)
        for i in range(config["n_layers"])
        for row in IN_BLOCK
    )
    for own, theirs, (part, name, shape) in chain(rows, blocks):
        sizes = tuple(letters[letter] for letter in shape)
        yield f"{own}{part}.weight", f"{theirs}{name}.weight", sizes
        if "embedding" not in part:
            yield f"{own}{part}.bias", f"{theirs}{name}.bias", sizes[-1:]


def unpacked(
    tensors: Mapping[str, Array], config: Mapping[str, int], dtype: Any
) -> Iterator[tuple[str, Array]]:
    """Yield every parameter: matrices (out, in), queries, keys and values apart."""
    for own, theirs, _ in parts(config):
        array = tensors[theirs] if "embedding" in own else tensors[theirs].T
        path, _, kind = own.rpartition(".")
        is_packed = path.endswith("attention")
        inner = PACKED if is_packed else ("",)
        for name, each in zip(inner, np.split(array, len(inner)), strict=True):
            named = f"{path}.{name}.{kind}" if is_packed else own
            yield named, np.ascontiguousarray(each, dtype)
