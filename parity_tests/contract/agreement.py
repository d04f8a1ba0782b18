"""What "agree" means: the one comparison of the project.

Two values agree when they have the same shape and dtype and the same numbers. Integers,
booleans and text must be equal. Floating-point numbers may differ by rounding: the
*rounding unit* is the expected rounding error of this quantity in this very case, and
the error is counted in such units. An error above `LIMIT` of them fails. A unit of zero
demands equality.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from parity_tests.contract.entries import gaps, in_units, strange

LIMIT = 8.0
SHORT = 40  # how much of a text a message may hold

DTYPE_OF_PYTHON = {bool: "bool", int: "int64", float: "float64"}


@dataclass(frozen=True)
class Agreement:
    """How one quantity compares: where it is worst, and whether that is rounding."""

    error: float
    difference: float
    dtype: str
    reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether the two values agree."""
        return self.error <= LIMIT


def compare(expected: Any, actual: Any, unit: Any = 0.0, dtype: str = "") -> Agreement:
    """Compare a value with the one that is expected.

    Lists and tuples are compared entry by entry, and the worst entry counts. A unit may
    be a number, an array with one for each row, or a list of these for a list. Arrays
    of `dtype`, if it is given, are compared with the truth: `expected` in float64.

    >>> compare(np.ones(2), torch.tensor([1.0, 1.5]).double(), unit=0.1).error
    5.0
    >>> compare(np.ones(2), torch.tensor([1.0, math.nan]).double()).reason
    'at [1]: expected 1.0, got nan'
    >>> compare(np.ones(2), np.ones(2), dtype="float32").reason
    'expected float32, got float64; the values agree'

    Raises:
        ValueError: the unit is negative, infinite or no number.
    """
    kind, other = named_dtype(expected), named_dtype(actual)
    if dtype and kind == "float64" and type(expected) is not float:
        kind = dtype  # but a plain number of Python has one width only
    if kind != other:
        values = besides(expected, actual, unit)
        return differs(kind, f"expected {kind}, got {other}{values}")
    if kind == "list":
        return compare_lists(expected, actual, unit, dtype)
    if not is_numeric(expected):  # text: NumPy would drop the NULs at its end
        if expected == actual:
            return same(kind)
        return differs(kind, first_difference(expected, actual))
    left, right = as_array(expected), as_array(actual)
    if left.shape != right.shape:
        return differs(kind, f"expected shape {left.shape}, got {right.shape}")
    if left.dtype.kind in "fc":
        return compare_floats(left, right, checked(unit), kind)
    wrong = np.asarray(left != right)
    return differs(kind, first_wrong(left, right, wrong)) if wrong.any() else same(kind)


def compare_floats(left: Any, right: Any, unit: Any, kind: str) -> Agreement:
    """Compare floating-point arrays of one shape; NaN equals NaN, inf equals inf."""
    wrong = strange(left, right)
    if wrong.any():
        return differs(kind, first_wrong(left, right, wrong))
    gap = gaps(left, right)
    if not gap.any():
        return same(kind)
    errors = in_units(gap, unit)
    where = first_wrong(left, right, errors == errors.max())
    return Agreement(float(errors.max()), float(gap.max()), kind, where)


def wrong_entries(expected: Any, actual: Any, unit: Any = 0.0) -> Any:
    """Mark the entries in which two arrays of one shape differ.

    >>> wrong_entries(np.array([1.0, np.nan, 2.0]), np.array([1.0, 0.0, 2.5]), unit=0.1)
    array([False,  True, False])
    """
    left, right = as_array(expected), as_array(actual)
    if "f" not in left.dtype.kind + right.dtype.kind:
        return np.asarray(left != right)
    wrong = strange(left, right)
    return wrong | (in_units(gaps(left, np.where(wrong, left, right)), unit) > LIMIT)


def besides(expected: Any, actual: Any, unit: Any) -> str:
    """Say of arrays whose dtypes differ whether their values differ as well."""
    if not all(
        isinstance(each, np.ndarray | torch.Tensor) for each in (expected, actual)
    ):
        return ""
    left, right = as_array(expected), as_array(actual)
    if left.shape != right.shape or {left.dtype.kind, right.dtype.kind} - {*"fiu"}:
        return ""
    values = compare(left.astype(float), right.astype(float), unit)
    if values.holds:
        return "; the values agree"
    return f"; the values differ as well: {values.reason}"


def checked(unit: Any) -> Any:
    """Check that a rounding unit is finite and not negative."""
    if not (np.isfinite(unit) & (np.asarray(unit) >= 0)).all():
        raise ValueError(f"a rounding unit must be finite, 0 or more, got {unit}")
    return unit


def compare_lists(expected: Any, actual: Any, unit: Any, dtype: str = "") -> Agreement:
    """Compare two lists or tuples, whose entries may be lists again."""
    if len(expected) != len(actual):
        return differs("list", f"expected {len(expected)} entries, got {len(actual)}")
    worst = same("list")
    if plain_and_equal(expected, actual):
        return worst
    units = unit if isinstance(unit, list) else [unit] * len(expected)
    entries = zip(expected, actual, units, strict=True)
    for index, (right, other, of_entry) in enumerate(entries):
        agreement = compare(right, other, of_entry, dtype)
        if agreement.error > worst.error:
            reason = f"entry {index}: {agreement.reason}"
            difference = agreement.difference
            worst = Agreement(agreement.error, difference, agreement.dtype, reason)
            if math.isinf(worst.error):
                break
    return worst


def plain_and_equal(expected: Any, actual: Any) -> bool:
    """Whether two lists hold equal text and integers only: a fast check."""
    types = [type(entry) for entry in expected]
    if not {str, bytes, int}.issuperset(types):
        return False
    return types == [type(entry) for entry in actual] and [*expected] == [*actual]


def as_array(value: Any) -> np.ndarray[Any, Any]:
    """Convert a number or an array of either backend to NumPy, with its dtype."""
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu()
        if value.dtype == torch.bfloat16:  # which NumPy does not know
            value = value.float()
        return value.numpy()
    return np.asarray(value)


def is_numeric(value: Any) -> bool:
    """Whether a value is a number or an array of either backend."""
    known = bool | int | float | np.generic | np.ndarray | torch.Tensor
    return isinstance(value, known) and not isinstance(value, str | bytes)


def named_dtype(value: Any) -> str:
    """Name the dtype the same way for both backends.

    A plain Python number counts as 64 bits wide; a list or a tuple is a list.

    >>> named_dtype(np.zeros(1)), named_dtype(torch.zeros(1)), named_dtype(3)
    ('float64', 'float32', 'int64')
    """
    if isinstance(value, torch.Tensor | np.ndarray | np.generic):
        return str(value.dtype).removeprefix("torch.")
    if isinstance(value, list | tuple):
        return "list"
    return DTYPE_OF_PYTHON.get(type(value), type(value).__name__)


def same(kind: str) -> Agreement:
    """Report that nothing differs."""
    return Agreement(0.0, 0.0, kind)


def differs(kind: str, reason: str) -> Agreement:
    """Report a difference that no rounding explains."""
    return Agreement(math.inf, math.inf, kind, reason)


def first_wrong(left: Any, right: Any, wrong: Any) -> str:
    """Say where the first wrong number is, and both values."""
    at = tuple(int(i) for i in np.argwhere(wrong)[0])
    where = f"at {list(at)}: " if at else ""
    return f"{where}expected {left[at].item()!r}, got {right[at].item()!r}"


def first_difference(left: Any, right: Any) -> str:
    """Give both texts, or of long ones what follows from where they differ.

    >>> first_difference("low", "lot")
    "expected 'low', got 'lot'"
    >>> first_difference("a" * 50 + "low", "a" * 50 + "lot")
    "at [52]: expected 'w', got 't'"
    """
    if not isinstance(left, str | bytes) or max(len(left), len(right)) <= SHORT:
        return f"expected {left!r}, got {right!r}"
    pairs = zip(left, right, strict=False)
    end = min(len(left), len(right))
    at = next((i for i, (a, b) in enumerate(pairs) if a != b), end)
    until = at + SHORT
    return f"at [{at}]: expected {left[at:until]!r}, got {right[at:until]!r}"
