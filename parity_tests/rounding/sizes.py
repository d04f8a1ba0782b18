"""Of what size the rounding of a result is, by the operation that gives it."""

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

EXACT = {  # they select or change signs: nothing is rounded
    *(np.maximum, np.minimum, np.fmax, np.fmin),
    *(np.negative, np.positive, np.absolute, np.sign),
}


@dataclass(frozen=True)
class Rounding:
    """How far results are moved: half the spacing of floats at 1, and the draws.

    `tiny` is the smallest normal number of the precision; `recomputes` says whether
    scores may be computed twice.
    """

    unit: float
    tiny: float
    rng: np.random.Generator
    recomputes: bool = False

    def noise(self, shape: tuple[int, ...]) -> Array:
        """Draw moves of either sign, of half a rounding, give or take half of that."""
        drawn = self.rng.uniform(-self.unit, self.unit, shape)
        return drawn + np.copysign(self.unit / 2, drawn)


def sizes_of(
    ufunc: np.ufunc, method: str, inputs: list[Any], kwargs: Any, result: Array
) -> Array | None:
    """Say of what size the rounding of a result is; None if nothing is rounded."""
    if ufunc in EXACT:
        return None
    operands = [plain(each) for each in inputs]
    with np.errstate(all="ignore"):
        if ufunc is np.matmul:
            return finite(np.abs(finite(operands[0])) @ np.abs(finite(operands[1])))
        if ufunc is np.add and method == "reduce":
            absolute = np.abs(finite(operands[0]))
            if (terms := terms_in(inputs[0])) is not None:
                absolute = np.maximum(absolute, terms)
            return np.asarray(np.add.reduce(absolute, **kwargs))
        if ufunc in (np.add, np.subtract) and method == "__call__":
            return finite(np.abs(operands[0])) + finite(np.abs(operands[1]))
    return finite(np.abs(result))


def terms_of_product(left: Any, right: Any) -> Array | None:
    """Say of what size the terms are that one factor was a sum of, times the other."""
    for factor, other in [(left, right), (right, left)]:
        if (terms := terms_in(factor)) is not None:
            return np.asarray(terms * np.abs(finite(plain(other))))
    return None


def row_noise(exps: Any, rounding: Rounding, kwargs: Any) -> Array:
    """Draw one move for each sum of exp(a - b): half a rounding of the largest b."""
    subtracted = getattr(exps, "subtracted", None)
    if subtracted is None:
        return np.zeros(())
    exps, axis = plain(exps), along(kwargs)
    counts = np.isfinite(subtracted) & (exps > 0)
    largest = np.max(subtracted, initial=0.0, where=counts, **axis)
    noise = rounding.noise(np.shape(largest)) * largest
    if rounding.recomputes:
        return noise
    largest = np.max(exps, initial=rounding.tiny, **axis)
    log_of_sum = np.log(np.maximum(exps.sum(**axis) / largest, 1.0))
    return np.clip(noise, -log_of_sum, log_of_sum)


def along(kwargs: Any) -> Any:
    """Take from the arguments of a reduction the axis that it is along."""
    return {"axis": kwargs.get("axis", 0), "keepdims": kwargs.get("keepdims", False)}


def terms_in(value: Any) -> Array | None:
    """Say of what size the terms are that a value is a sum of, if it is one."""
    return getattr(value, "terms", None)


def terms_of_maximum(terms: Array | None, kwargs: Any) -> Array | None:
    """Say of what size the terms are of the largest number of each row."""
    return None if terms is None else np.max(terms, initial=0.0, **along(kwargs))


def size_of_subtracted(subtracted: Any, rounding: Rounding) -> Array:
    """Say of what size the rounding of b in exp(a - b) is, if b is a maximum."""
    size, terms = np.abs(plain(subtracted)), terms_in(subtracted)
    if terms is None or not rounding.recomputes:
        return np.asarray(size)
    return np.maximum(size, terms)


def finite(array: Any) -> Array:
    """Replace what is not finite by 0: it is not rounded."""
    is_finite = np.isfinite(array)
    if np.count_nonzero(is_finite) == is_finite.size:  # as it mostly is
        return np.asarray(array)
    return np.where(is_finite, array, 0.0)


def plain(value: Any) -> Any:
    """Take an array as it is, without the moving."""
    return value.view(np.ndarray) if isinstance(value, np.ndarray) else value
