"""Numeric defects of attention: what no shape, no mask and no name gives away.

Each is a patch of the reference, as the known mistakes are, and small: the result is
right to a few digits, and so passes where only a few digits are compared.
"""

from parity_tests.known_mistakes.mistake import Mistake, Place, known

WHERE = {"attention/multi_head": "attention/multi_head.py"}
HIDDEN = "np.where(visible, scores, -np.inf)"
SCALED = "-1) * scale"
SUMMED = "raised.sum(axis=-1, keepdims=True)"
WEIGHTS = "raised / raised.sum(axis=-1, keepdims=True)"


def defect(id: str, title: str, right: str, wrong: str) -> Mistake:
    """Record one numeric defect of multi-head attention."""
    return known(id, title, title, Place(WHERE, right, wrong))[0]


def weights_in(dtype: str) -> str:
    """Write weights that are rounded to another dtype and come back."""
    return f"({WEIGHTS}).astype({dtype}).astype(scores.dtype)"


def filled_with(number: str) -> str:
    """Write scores that are hidden by a finite number."""
    return HIDDEN.replace("np.inf", number)


DEFECTS = (
    defect("float32", "weights rounded to float32", WEIGHTS, weights_in("np.float32")),
    defect("float16", "weights rounded to float16", WEIGHTS, weights_in("np.float16")),
    defect(
        "bfloat16",
        "weights rounded to bfloat16",
        WEIGHTS,
        f"((({WEIGHTS}).astype(np.float32).view(np.uint32) + 0x8000)"
        " & 0xFFFF0000).view(np.float32).astype(scores.dtype)",
    ),
    defect("scale-1e-6", "scale × (1 + 10⁻⁶)", SCALED, f"{SCALED} * (1 + 1e-6)"),
    defect("scale-1e-5", "scale × (1 + 10⁻⁵)", SCALED, f"{SCALED} * (1 + 1e-5)"),
    defect("sum-1e-8", "denominator + 10⁻⁸", SUMMED, f"({SUMMED} + 1e-8)"),
    defect("sum-1e-4", "denominator + 10⁻⁴", SUMMED, f"({SUMMED} + 1e-4)"),
    defect("fill-10", "hidden scores set to −10", HIDDEN, filled_with("10.0")),
    defect("fill-100", "hidden scores set to −100", HIDDEN, filled_with("100.0")),
    defect("fill-1e4", "hidden scores set to −10⁴", HIDDEN, filled_with("1e4")),
    defect("no-shift", "no maximum subtracted", "masked - highest", "masked"),
    defect(
        "scale-d-out",
        "divided by √d_out for √head_dim",
        "math.sqrt(self.head_dim)",
        "math.sqrt(self.head_dim * self.num_heads)",
    ),
)
