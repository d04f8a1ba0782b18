"""The smallest case that shows a mistake, among those that a pair has by name."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from parity_tests.contract.backend import unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.pair import Pair
from parity_tests.known_mistakes.build import mistaken_part
from parity_tests.known_mistakes.effect import Effect
from parity_tests.known_mistakes.mistake import Mistake

LARGE = 700  # numbers and characters


def small_examples(pair: Pair, seed: int) -> list[Example]:
    """List the small ones of the named cases, the smallest first, then of the probes.

    A probe has its rule for a name.
    """
    probes = (
        Example(each.rule, each.case, f"{each.rule[:1].upper()}{each.rule[1:]}.")
        for each in pair.probes(seed)
    )
    with unchecked():
        return [*by_size(pair.examples(seed)), *by_size(probes)]


def by_size(examples: Iterable[Example]) -> list[Example]:
    """Sort examples by their size, and leave out the large ones."""
    sized = [(size_of(each.case), n, each) for n, each in enumerate(examples)]
    return [each for size, _, each in sorted(sized) if size <= LARGE]


def size_of(case: Case) -> int:
    """Count the numbers and the characters in a case; GPT-2's vocabulary is large."""
    values = [*case.inputs.values(), *case.parameters.values(), *case.config.values()]
    if "text" in case.inputs and "corpus" not in case.inputs and not case.config:
        return LARGE + 1
    return sum(map(size, values))


def size(value: Any) -> int:
    """Count the numbers and the characters of a value."""
    return value.size if isinstance(value, np.ndarray) else len(str(value))


def showing(
    pair: Pair, mistake: Mistake, effect: Effect, examples: Iterable[Example]
) -> Iterator[tuple[Example, Any]]:
    """Yield the examples in which a mistake has an effect, and what it gives there."""
    part = mistaken_part(mistake)
    for example in examples:
        mistaken = effect.outcome(pair, example.case, part)
        right = effect.outcome(pair, example.case)
        if not effect.same(pair, example.case, right, mistaken):
            yield example, mistaken


def in_evaluation(example: Example) -> Example:
    """Return the same example without dropout."""
    return replace(example, case=replace(example.case, training=False, masks=None))
