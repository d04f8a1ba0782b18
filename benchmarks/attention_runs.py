"""What the benchmark of attention runs: modules, their inputs, and peers.

A variant is added to `FAMILIES` with a function that makes its module and what goes in.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import reference
import torch_impl

BATCH, HEADS, DIM = 4, 8, 64
WIDTH = HEADS * DIM
Run = Callable[[], Any]
causal_sdpa = partial(F.scaled_dot_product_attention, is_causal=True)


class Projected(nn.Module):
    """Four linear layers around attention on heads, as most people write it."""

    def __init__(self, attend: Callable[[Tensor, Tensor, Tensor], Tensor]):
        super().__init__()
        names = ("W_query", "W_key", "W_value", "out_proj")
        self.layers = nn.ModuleDict({name: nn.Linear(WIDTH, WIDTH) for name in names})
        self.attend = attend

    def forward(self, x: Tensor) -> Tensor:
        """Project, split into heads, attend, join them, and project."""
        layers = [self.layers[name] for name in ("W_query", "W_key", "W_value")]
        heads = [
            layer(x).unflatten(-1, (HEADS, DIM)).transpose(1, 2) for layer in layers
        ]
        context = self.attend(*heads).transpose(1, 2).flatten(-2)
        return self.layers["out_proj"](context)


class Peer(nn.Module):
    """`nn.MultiheadAttention` as its documentation has it at its fastest."""

    def __init__(self, n_tokens: int):
        super().__init__()
        self.theirs = nn.MultiheadAttention(WIDTH, HEADS, batch_first=True)
        self.mask = nn.Transformer.generate_square_subsequent_mask(n_tokens)

    def forward(self, x: Tensor) -> Tensor:
        """Attend without asking for attention weights; the mask is only a hint."""
        options = {"attn_mask": self.mask, "is_causal": True, "need_weights": False}
        found = self.theirs(x, x, x, **options)
        return found[0]


def modules(n_tokens: int) -> dict[str, nn.Module]:
    """Make what takes `x` (B, T, C); all have as many parameters."""
    return {
        "four nn.Linear + SDPA": Projected(causal_sdpa),
        "four nn.Linear + BlockedAttention": Projected(
            torch_impl.BlockedAttention(is_causal=True)
        ),
        "GroupedQueryAttention": torch_impl.GroupedQueryAttention(
            WIDTH, WIDTH, HEADS, HEADS, qkv_bias=True
        ),
        "nn.MultiheadAttention": Peer(n_tokens),
    }


def forward(module: nn.Module, *inputs: Tensor) -> None:
    """Run without gradients."""
    with torch.no_grad():
        module(*inputs)


def both_ways(module: Callable[..., Any], grad: Tensor, *inputs: Tensor) -> None:
    """Run forward and backward; gradients are thrown away."""
    parameters = module.parameters() if isinstance(module, nn.Module) else ()
    wanted = [*inputs, *parameters]
    for each in wanted:
        each.grad = None
    module(*inputs).backward(grad)


def on_x(n_tokens: int, backward: bool) -> dict[str, Run]:
    """Make the runs of all modules on the same `x`; of peers the faster mode counts."""
    x, grad = (torch.randn(BATCH, n_tokens, WIDTH) for _ in range(2))
    runs: dict[str, Run] = {}
    for name, module in modules(n_tokens).items():
        if backward:
            own = x.clone().requires_grad_()
            runs[name] = partial(both_ways, module, grad, own)
        else:
            runs[name] = partial(forward, module, x)
    if not backward:  # nn.MultiheadAttention has another way to compute in evaluation
        runs["nn.MultiheadAttention, eval()"] = partial(
            forward, Peer(n_tokens).eval(), x
        )
    return runs


def arrays(shape: tuple[int, ...], n: int = 4) -> list[np.ndarray[Any, Any]]:
    """Draw arrays in float32."""
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(np.float32) for _ in range(n)]


def of_reference(name: str, shape: tuple[int, ...], backward: bool) -> Run:
    """Make a run of the reference on heads (…, T, D)."""
    queries, keys, values, grad = arrays(shape)
    mask = np.tri(shape[-2], dtype=bool) if name == "scaled_dot_product" else None
    makers: dict[str, Callable[[], Any]] = {
        "blocked": partial(reference.BlockedAttention, is_causal=True),
        "scaled_dot_product": reference.ScaledDotProductAttention,
    }
    module = makers[name]()

    def run() -> None:
        if backward:
            tape = reference.Tape()
            module(queries, keys, values, mask, tape)
            module.backward(grad, tape)
        else:
            module(queries, keys, values, mask)

    return run


def of_torch(attend: Any, shape: tuple[int, ...], backward: bool) -> Run:
    """Make a run of PyTorch on heads (…, T, D)."""
    queries, keys, values, grad = map(torch.from_numpy, arrays(shape))
    if not backward:
        return partial(forward, attend, queries, keys, values)
    leaves = [each.requires_grad_() for each in (queries, keys, values)]
    return partial(both_ways, attend, grad, *leaves)


def gates(shape: tuple[int, ...], n_channels: int | None = None) -> Tensor:
    """Draw numbers from 0.5 to 1, for each token or for each of its channels."""
    width = () if n_channels is None else (n_channels,)
    return 0.5 + torch.rand(*shape[:-1], *width) / 2


def unit_keys(shape: tuple[int, ...]) -> list[Tensor]:
    """Draw queries, keys and values; keys of length one, as the delta rule has them."""
    queries, keys, values = map(torch.from_numpy, arrays(shape, 3))
    return [queries, F.normalize(keys, dim=-1), values]


FAMILIES: dict[str, Callable[[tuple[int, ...]], tuple[nn.Module, list[Tensor]]]] = {
    "linear": lambda shape: (torch_impl.LinearAttention(), unit_keys(shape)),
    "decayed_linear": lambda shape: (
        torch_impl.DecayedLinearAttention(),
        [*unit_keys(shape), gates(shape).log()],
    ),
    "delta": lambda shape: (
        torch_impl.DeltaRuleAttention(),
        [*unit_keys(shape), gates(shape)],
    ),
    "gated_delta": lambda shape: (
        torch_impl.GatedDeltaAttention(),
        [*unit_keys(shape), gates(shape).log(), gates(shape)],
    ),
    "kimi_delta": lambda shape: (
        torch_impl.KimiDeltaAttention(),
        [*unit_keys(shape), gates(shape, shape[-1]).log(), gates(shape)],
    ),
    "scaled_dot_product, for comparison": lambda shape: (
        torch_impl.BlockedAttention(is_causal=True),
        unit_keys(shape),
    ),
}
