"""Attention as PyTorch itself has it, with which ours is compared."""

import math
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

from parity_tests.attention.cases import attention_cases
from parity_tests.attention.changes import in_evaluation, with_biases
from parity_tests.contract.case import Case
from parity_tests.contract.oracle import Oracle


def without_projections(case: Case) -> torch.Tensor:
    """Attend without projections, at scale one."""
    x = torch.from_numpy(case.inputs["x"])
    return F.scaled_dot_product_attention(x, x, x, scale=1.0)


def of_bare_parameters(case: Case) -> torch.Tensor:
    """Project by parameters that are laid out (in, out)."""
    queries, keys, values = (
        torch.from_numpy(case.inputs["x"] @ case.parameters[f"W_{name}"])
        for name in ("query", "key", "value")
    )
    return F.scaled_dot_product_attention(queries, keys, values)


def of_each_head(case: Case) -> torch.Tensor:
    """Attend in every head, and put their channels side by side."""
    heads = [f"heads.{h}." for h in range(case.config["num_heads"])]
    return torch.cat([attend(case, head, is_causal=True) for head in heads], dim=-1)


def attend(case: Case, head: str = "", is_causal: bool = False) -> torch.Tensor:
    """Project by linear layers, and let PyTorch attend."""
    x = torch.from_numpy(case.inputs["x"])
    names = [f"{head}W_{name}" for name in ("query", "key", "value")]
    state = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    queries, keys, values = (
        F.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))
        for name in names
    )
    return F.scaled_dot_product_attention(queries, keys, values, is_causal=is_causal)


def multi_head_of_pytorch(case: Case) -> torch.Tensor:
    """Run `nn.MultiheadAttention`: stacked projections, and True masks."""
    x, heads = torch.from_numpy(case.inputs["x"]), case.config["num_heads"]
    n_tokens, d_out = x.shape[-2:]
    theirs = nn.MultiheadAttention(d_out, heads, batch_first=True, dtype=x.dtype)
    state = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    for kind in ("weight", "bias"):
        parts = [state.pop(f"W_{name}.{kind}") for name in ("query", "key", "value")]
        state[f"in_proj_{kind}"] = torch.cat(parts)
    theirs.load_state_dict(state)
    flat = x.reshape(math.prod(x.shape[:-2]), n_tokens, d_out)
    masked = torch.ones(n_tokens, n_tokens, dtype=torch.bool).triu(1)
    output: torch.Tensor = theirs(flat, flat, flat, attn_mask=masked)[0]
    return output.reshape(x.shape)


FUSED = "F.scaled_dot_product_attention"
SIMPLE = Oracle(f"{FUSED} at scale one", without_projections)
V1 = Oracle(FUSED, of_bare_parameters)
V2 = Oracle(FUSED, attend)
CAUSAL = Oracle(
    FUSED,
    partial(attend, is_causal=True),
    attention_cases("attention/causal").map(in_evaluation),
)
WRAPPER = Oracle(
    f"{FUSED} in each head",
    of_each_head,
    attention_cases("attention/multi_head_wrapper").map(in_evaluation),
)
MULTI_HEAD = Oracle(
    "nn.MultiheadAttention",
    multi_head_of_pytorch,
    attention_cases("attention/multi_head", square=True)
    .map(in_evaluation)
    .map(with_biases),
)
