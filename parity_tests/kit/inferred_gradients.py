"""What gradients that differ are equal to, in every case that was seen.

A gradient may be a multiple of the right one, as where a factor is forgotten, or zero,
or that of another parameter.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from parity_tests.contract.agreement import compare
from parity_tests.contract.pair import Pair
from parity_tests.kit.differing import Observed, fits
from parity_tests.kit.inferred import ratio
from parity_tests.rounding.expected import expected_gradients

Gradients = Mapping[str, Any]


def inferred_of_gradients(pair: Pair, observed: Observed) -> list[str]:
    """Say of each gradient what it is in every case in which it is wrong."""
    common: dict[str, set[str]] = {}
    for case, seen in observed:
        expected = expected_gradients(pair, case)
        rights, units = expected.backward.gradients, expected.fine
        for name, agreement in expected.judge(seen).items():
            if agreement.holds or not fits(rights[name], seen[name]):
                continue
            found = {*equal_to(name, rights, seen[name], units[name])}
            common[name] = common.get(name, found) & found
    return [
        f"the gradient of {name} is {words}"
        for name, every in common.items()
        for words in sorted(every)
    ]


def equal_to(name: str, rights: Gradients, seen: Any, unit: Any) -> Iterator[str]:
    """Name what one gradient is equal to."""
    if not seen.any():
        yield "zero"
        return
    factor = ratio(rights[name], seen)
    if factor is not None:
        larger = unit * max(1.0, abs(factor))
        if compare(rights[name] * factor, seen.astype(float), larger).holds:
            yield f"the right one times {factor:.6g}"
    for other, right in rights.items():
        same_form = other != name and np.shape(right) == seen.shape
        if same_form and compare(right, seen.astype(float), unit).holds:
            yield f"that of {other}"
