"""Which known mistake explains a difference? The one that gives the same."""

from collections.abc import Sequence
from typing import Any

from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.known_mistakes.build import mistaken_part
from parity_tests.known_mistakes.catalogue import mistakes_of
from parity_tests.known_mistakes.effect import OUTPUT, Effect, effect_of


def looks_like(
    pair: Pair, observed: Sequence[tuple[Case, Any]], effect: Effect = OUTPUT
) -> list[str]:
    """Name the known mistakes that give each of these outputs for its case.

    `observed` has what an implementation returned, in the form of `pair.answer`, or the
    exception that it raised; with `GRADIENTS` it has the gradients by name. Several
    cases distinguish what one cannot: with two tokens, a causal mask that is off by one
    is no mask. A mistake that makes no difference for any of the cases is not named.
    """
    rights = [effect.outcome(pair, case) for case, _ in observed]

    def explains(part: Any) -> bool:
        """Whether it gives all that was observed, and once not the right."""
        differs = False
        for (case, seen), right in zip(observed, rights, strict=True):
            mistaken = effect.outcome(pair, case, part)
            if not effect.same(pair, case, mistaken, seen):
                return False
            differs = differs or not effect.same(pair, case, right, mistaken)
        return differs

    own = [each for each in mistakes_of(pair) if effect_of(each).name == effect.name]
    return [mistake.id for mistake in own if explains(mistaken_part(mistake))]
