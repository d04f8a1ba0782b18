"""Which known mistake explains a departure? The one that gives the same outputs."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from parity_tests.agreement import compare
from parity_tests.concept import Case, Concept
from parity_tests.known_mistakes.build import mistaken_class
from parity_tests.known_mistakes.gallery import mistakes_of

Run = Callable[[Any, Case], Any]


def looks_like(concept: Concept, case: Case, output: Any) -> list[str]:
    """Name the known mistakes that give this output for this case.

    `output` is what an implementation returned, in the form in which the reference
    gives it, or the exception that it raised. A mistake that makes no difference for
    this case is not named.
    """
    return looks_like_throughout(concept, [(case, output)])


def looks_like_throughout(
    concept: Concept,
    observed: Sequence[tuple[Case, Any]],
    run: Run | None = None,
) -> list[str]:
    """Name the known mistakes that give each of these outputs for its case.

    Several cases tell apart what one cannot: with two tokens, a causal mask that is
    off by one is no mask. A mistake that makes no difference for any of the cases is
    not named. `run` takes a class and a case, and gives what can be compared with the
    outputs; by default it is the concept's own.
    """
    run = run or concept.run_reference
    rights = [outcome(run, concept.reference, case) for case, _ in observed]
    return [
        mistake.id
        for mistake in mistakes_of(concept)
        if explains(concept, run, mistaken_class(mistake), observed, rights)
    ]


def explains(
    concept: Concept,
    run: Run,
    variant: type,
    observed: Sequence[tuple[Case, Any]],
    rights: Sequence[Any],
) -> bool:
    """Whether a mistaken class gives all that was observed, and once not the right."""
    departs = False
    for (case, output), right in zip(observed, rights, strict=True):
        mistaken = outcome(run, variant, case)
        if not same_outcome(concept, case, mistaken, output):
            return False
        departs = departs or not same_outcome(concept, case, right, mistaken)
    return departs


def outcome(run: Run, variant: type, case: Case) -> Any:
    """Run a class in the reference's form: what it gave, or the error it raised."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return run(variant, case)
        except Exception as error:
            return error


def same_outcome(concept: Concept, case: Case, expected: Any, actual: Any) -> bool:
    """Whether two outcomes agree; errors do when they are of the same type."""
    if isinstance(expected, Exception) or isinstance(actual, Exception):
        return type(expected) is type(actual)
    yardstick = concept.yardsticks(case).get("result", 0.0)
    return compare(expected, actual, yardstick).holds
