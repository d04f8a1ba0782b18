"""Which known mistake explains a departure? The one that gives the same."""

from collections.abc import Sequence
from typing import Any

from parity_tests.concept import Case, Concept
from parity_tests.known_mistakes.build import mistaken_class
from parity_tests.known_mistakes.gallery import mistakes_of
from parity_tests.known_mistakes.observable import OUTPUT, Observable


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
    where: Observable = OUTPUT,
) -> list[str]:
    """Name the known mistakes that give each of these outputs for its case.

    Several cases tell apart what one cannot: with two tokens, a causal mask that is
    off by one is no mask. A mistake that makes no difference for any of the cases is
    not named. `where` tells what was observed, if it is not what the concept gives.
    """
    rights = [where.outcome(concept, concept.reference, case) for case, _ in observed]
    return [
        mistake.id
        for mistake in mistakes_of(concept)
        if mistake.on_the_way_back == where.on_the_way_back
        and explains(concept, where, mistaken_class(mistake), observed, rights)
    ]


def explains(
    concept: Concept,
    where: Observable,
    variant: type,
    observed: Sequence[tuple[Case, Any]],
    rights: Sequence[Any],
) -> bool:
    """Whether a mistaken class gives all that was observed, and once not the right."""
    departs = False
    for (case, seen), right in zip(observed, rights, strict=True):
        mistaken = where.outcome(concept, variant, case)
        if not where.alike(concept, case, mistaken, seen):
            return False
        departs = departs or not where.alike(concept, case, right, mistaken)
    return departs
