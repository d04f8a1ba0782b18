"""Negative vectors: what known mistakes give, which every test suite must reject.

Each belongs to one case of its pair, the smallest in which the mistake shows, and holds
only what is wrong there: an output, or some of the gradients.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np

from parity_tests.contract.agreement import compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.pair import Pair
from parity_tests.known_mistakes import effect_of, mistaken_part, mistakes_of
from parity_tests.known_mistakes.effect import GRADIENTS, quiet
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.known_mistakes.smallest import showing, small_examples
from parity_tests.rounding.expected import expected_gradients
from parity_tests.vectors.comparing import differences
from parity_tests.vectors.contents import Tree, tree_of

FOLDER = "negative"
FLAG = "KnownMistake"
ABOUT = ("name", "title", "case")


def negatives_of(pair: Pair, seed: int) -> tuple[list[Example], list[Tree]]:
    """Return what the known mistakes of a pair give, and cases that this needs.

    These are the cases that show a mistake which no example of the pair shows. What
    raises an error gives no output, and what no small case shows has no vector.
    """
    known = small_examples(pair, seed)
    own = {example.name for example in pair.examples(seed)}
    needed: dict[str, Example] = {}
    negatives = []
    for mistake in mistakes_of(pair):
        for example, wrong in wrong_in(pair, mistake, known):
            name = example.name
            if name not in own:
                shows = f"shows {mistake.id}"
                named = replace(example, name=shows, flags=(FLAG,), with_steps=False)
                name = needed.setdefault(name, named).name
            about = dict(zip(ABOUT, (mistake.id, mistake.title, name), strict=True))
            negatives.append(about | wrong)
            break
    return [*needed.values()], negatives


def wrong_in(
    pair: Pair, mistake: Mistake, examples: Sequence[Example]
) -> Iterator[tuple[Example, Tree]]:
    """Yield the examples that show a mistake, and all that is wrong in them."""
    effect = effect_of(mistake)
    for example, mistaken in showing(pair, mistake, effect, examples):
        if isinstance(mistaken, Exception):
            continue
        if effect is GRADIENTS:
            wrong = wrong_gradients(pair, example.case, mistaken)
            yield example, {"gradients": {"of": wrong}}
        else:
            yield example, {"output": output_of(pair, mistake, example.case)}


def output_of(pair: Pair, mistake: Mistake, case: Case) -> Any:
    """Run a mistake, which may draw in evaluation: then the case's seed is the seed."""
    draw = np.random.default_rng

    def seeded(seed: Any = None) -> np.random.Generator:
        """Take no seed from the clock."""
        return draw(case.seed if seed is None else seed)

    with quiet(), patch("numpy.random.default_rng", seeded):
        return tree_of(pair.call(REFERENCE, case, mistaken_part(mistake)))


def wrong_gradients(pair: Pair, case: Case, mistaken: Mapping[str, Any]) -> Tree:
    """Return those of the gradients that are wrong."""
    right, units = GRADIENTS.outcome(pair, case), expected_gradients(pair, case).units
    return {
        name: gradient
        for name, gradient in mistaken.items()
        if not compare(right[name], gradient, units.get(name, 0.0)).holds
    }


def not_wrong(negatives: list[Tree], cases: list[Tree]) -> Iterator[str]:
    """Name the negative vectors that agree with the case that they are for."""
    by_name = {case["name"]: case for case in cases}
    for negative in negatives:
        if negative["case"] not in by_name:
            yield f"{negative['name']}: there is no case {negative['case']}"
        elif not is_wrong(negative, by_name[negative["case"]]):
            yield f"{negative['name']}: is no mistake in {negative['case']}"


def is_wrong(negative: Tree, right: Tree) -> bool:
    """Whether all that a negative vector holds differs by more than rounding."""
    if "rejected" in right:
        return "output" in negative
    units = right["rounding_units"]
    if "output" in negative:
        return any(differences(negative["output"], right["output"], units, ("output",)))
    right_ones, wrong = (each["gradients"]["of"] for each in (right, negative))
    return bool(wrong) and all(
        any(differences(gradient, right_ones[name], units, ("gradients", "of", name)))
        for name, gradient in wrong.items()
    )
