"""Numeric defects of attention, and right ways to compute it that round differently.

A defect is a small change of the reference's source: the result is right to a few
digits, and so passes where only a few digits are compared.
"""

import math
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from parity_tests.sources.panels import root
from torch_impl.attention.multi_head import MultiHeadAttention

SOURCE = root("reference") / "attention" / "multi_head.py"
MASKED = "np.where(causal_mask, attn_scores, -np.inf)"
SCALED = "head_keys.mT * scale  #"
SUMMED = "exps.sum(axis=-1, keepdims=True)"
WEIGHTS = "exps / exps.sum(axis=-1, keepdims=True)"


@dataclass(frozen=True)
class Defect:
    """What it is, and which part of the source is replaced by which."""

    title: str
    right: str
    wrong: str

    @cache  # noqa: B019
    def build(self) -> Any:
        """Return the class with the defect in it.

        Raises:
            ValueError: the right part is not in the source exactly once.
        """
        source = SOURCE.read_text(encoding="utf-8")
        if source.count(self.right) != 1:
            raise ValueError(f"{self.right!r} must be in the source once")
        names: dict[str, Any] = {"__name__": "defective"}
        exec(source.replace(self.right, self.wrong), names)
        return names["MultiHeadAttention"]


def weights_in(dtype: str) -> str:
    """Write attention weights that are rounded to another dtype and come back."""
    return f"({WEIGHTS}).astype({dtype}).astype(attn_scores.dtype)"


def filled_with(number: str) -> str:
    """Write scores that are masked by a finite number."""
    return MASKED.replace("np.inf", number)


DEFECTS = (
    Defect("weights rounded to float32", WEIGHTS, weights_in("np.float32")),
    Defect("weights rounded to float16", WEIGHTS, weights_in("np.float16")),
    Defect(
        "weights rounded to bfloat16",
        WEIGHTS,
        f"((({WEIGHTS}).astype(np.float32).view(np.uint32) + 0x8000)"
        " & 0xFFFF0000).view(np.float32).astype(attn_scores.dtype)",
    ),
    Defect("scale × (1 + 10⁻⁶)", SCALED, SCALED.replace("scale", "scale * (1 + 1e-6)")),
    Defect("scale × (1 + 10⁻⁵)", SCALED, SCALED.replace("scale", "scale * (1 + 1e-5)")),
    Defect("denominator + 10⁻⁸", SUMMED, f"({SUMMED} + 1e-8)"),
    Defect("denominator + 10⁻⁴", SUMMED, f"({SUMMED} + 1e-4)"),
    Defect("masked scores set to −10", MASKED, filled_with("10.0")),
    Defect("masked scores set to −100", MASKED, filled_with("100.0")),
    Defect("masked scores set to −10⁴", MASKED, filled_with("1e4")),
    Defect("no maximum subtracted", "masked_scores - row_max", "masked_scores"),
    Defect(
        "divided by √d_out for √head_dim",
        "math.sqrt(self.head_dim)",
        "math.sqrt(self.head_dim * self.num_heads)",
    ),
)


class LogSumExp(MultiHeadAttention):
    """Softmax as exp(s - lse), as in the backward pass of FlashAttention."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Compute the context vectors."""
        scores = masked_scores(queries, keys)
        return (scores - scores.logsumexp(-1, keepdim=True)).exp() @ values

    def forward(self, x: Tensor) -> Tensor:
        """Split the heads, attend, and join them."""
        heads = (self.num_heads, self.head_dim)
        queries, keys, values = (
            project(x).unflatten(-1, heads).transpose(-3, -2)
            for project in (self.W_query, self.W_key, self.W_value)
        )
        context = self.attend(queries, keys, values)
        return self.out_proj(context.transpose(-3, -2).flatten(-2))


class DivideLast(LogSumExp):
    """Values are averaged by exponentials, and the sum divides the average."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Compute the context vectors."""
        scores = masked_scores(queries, keys)
        exps = (scores - scores.amax(-1, keepdim=True)).exp()
        return exps @ values / exps.sum(-1, keepdim=True)


class PowersOfTwo(LogSumExp):
    """Exponentials to base two, of scores times the logarithm of e."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Compute the context vectors."""
        scores = masked_scores(queries, keys) * math.log2(math.e)
        exps = (scores - scores.amax(-1, keepdim=True)).exp2()
        return exps / exps.sum(-1, keepdim=True) @ values


class Online(LogSumExp):
    """One key after another, with a running maximum and a running sum."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Compute the context vectors."""
        scores = masked_scores(queries, keys)
        highest = scores[..., :1]
        total, context = torch.ones_like(highest), 1.0 * values[..., :1, :]
        for s in range(1, keys.shape[-2]):
            score = scores[..., s : s + 1]
            new = torch.maximum(highest, score)
            shrink, weight = (highest - new).exp(), (score - new).exp()
            total = total * shrink + weight
            context = context * shrink + weight * values[..., s : s + 1, :]
            highest = new
        return context / total


class ScaledBoth(LogSumExp):
    """Queries and keys are each divided by the fourth root of the head's size."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Compute the context vectors."""
        root = self.head_dim**0.25
        scores = (queries / root) @ (keys / root).mT
        future = torch.ones_like(scores, dtype=torch.bool).triu(1)
        return scores.masked_fill(future, -math.inf).softmax(-1) @ values


class Fused(LogSumExp):
    """PyTorch's fused call."""

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Compute the context vectors."""
        return F.scaled_dot_product_attention(queries, keys, values, is_causal=True)


RIGHT = {
    "as torch_impl has it": MultiHeadAttention,
    "exp(s − logsumexp)": LogSumExp,
    "divided after the average": DivideLast,
    "exp2": PowersOfTwo,
    "online, key by key": Online,
    "√scale on both": ScaledBoth,
    "F.scaled_dot_product_attention": Fused,
}


def masked_scores(queries: Tensor, keys: Tensor) -> Tensor:
    """Score, and mask what comes later."""
    scores = queries @ keys.mT / math.sqrt(keys.shape[-1])
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -math.inf)
