"""GPT-2 in Hugging Face's files: matrices are (in, out), and three of them are one.

Source: the names are those of `GPT2LMHeadModel`; its `Conv1D` computes x @ weight.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from diptych.weights.checkpoint import Checkpoint
from reference.tokenizers.byte_pair import BytePairTokenizer

Array = np.ndarray[Any, Any]

# The name of a part on both backends, and in the file; norms and biases as well.
OUTSIDE = (
    ("embedding.token_embedding.weight", "wte.weight"),
    ("embedding.position_embedding.weight", "wpe.weight"),
    ("norm.weight", "ln_f.weight"),
    ("norm.bias", "ln_f.bias"),
)
IN_BLOCK = (
    ("norm1", "ln_1"),
    ("attention.out_proj", "attn.c_proj"),
    ("norm2", "ln_2"),
    ("feed_forward.up_proj", "mlp.c_fc"),
    ("feed_forward.down_proj", "mlp.c_proj"),
)
PACKED = ("attention.W_query", "attention.W_key", "attention.W_value")
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
    if missing := [key for key in SIZES.values() if key not in said]:
        raise ValueError(f"config.json beside the file must say {missing[0]}")
    if (eps := said.get("layer_norm_epsilon", 1e-5)) != 1e-5:
        raise ValueError(f"layer_norm_epsilon must be 1e-05, got {eps}")
    config = {name: said[key] for name, key in SIZES.items()}
    own = {n.removeprefix("transformer."): a for n, a in tensors.items()}
    own = {n: a for n, a in own.items() if not BUFFERS.fullmatch(n)}
    head = own.pop("lm_head.weight", None)
    check_names({theirs for theirs, _ in parts(config["n_layers"])}, own)
    if head is not None and not np.array_equal(head, own["wte.weight"]):
        raise ValueError("the head must be tied to the embedding, got one of its own")

    def read(dtype: Any) -> dict[str, Array]:
        return dict(unpacked(own, config["n_layers"], dtype))

    tokenizer = BytePairTokenizer.gpt2()
    own_tokenizer = tokenizer if config["vocab_size"] == tokenizer.vocab_size else None
    built = {**config, "drop_rate": said.get("embd_pdrop", 0.1), "qkv_bias": True}
    return Checkpoint("GPT", built, read, own_tokenizer, said.get("eos_token_id"))


def parts(n_layers: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every tensor of the file, and the parameters that are in it."""
    for own, theirs in OUTSIDE:
        yield theirs, (own,)
    for i in range(n_layers):
        for kind in ("weight", "bias"):
            packed = tuple(f"blocks.{i}.{name}.{kind}" for name in PACKED)
            yield f"h.{i}.attn.c_attn.{kind}", packed
            for own, theirs in IN_BLOCK:
                yield f"h.{i}.{theirs}.{kind}", (f"blocks.{i}.{own}.{kind}",)


def unpacked(
    tensors: Mapping[str, Array], n_layers: int, dtype: Any
) -> Iterator[tuple[str, Array]]:
    """Yield every parameter: matrices (out, in), queries, keys and values apart."""
    for theirs, own in parts(n_layers):
        is_table = theirs in ("wte.weight", "wpe.weight")
        array = tensors[theirs] if is_table else tensors[theirs].T
        for name, each in zip(own, np.split(array, len(own)), strict=True):
            yield name, np.ascontiguousarray(each, dtype)


def check_names(known: set[str], found: Mapping[str, Array]) -> None:
    """Check that a file has the tensors of the model and no others."""
    if missing := sorted(known - found.keys()):
        some = f"{len(missing)} tensors, such as {missing[0]!r}"
        raise ValueError(f"the file lacks {some}")
    if unknown := sorted(found.keys() - known):
        raise ValueError(f"GPT-2 has no {unknown[0]!r}")
