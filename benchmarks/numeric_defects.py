"""Numeric defects of attention.

A defect is a small change of the reference's source: the result is right to a few
digits, and so passes where only a few digits are compared.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

from parity_tests.sources.panels import root

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
