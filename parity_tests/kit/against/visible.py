"""Which known mistakes of a pair can tests of someone's code see at all?"""

from functools import cache

from parity_tests.catalogue import load
from parity_tests.contract.example import Example
from parity_tests.contract.pair import Pair
from parity_tests.kit.arrays import adapter_of
from parity_tests.known_mistakes.catalogue import mistakes_of
from parity_tests.known_mistakes.effect import Effect, same_output
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.known_mistakes.smallest import in_evaluation, showing, small_examples

INSIDE = "only a step of it is wrong, what comes out is right"
ELSEWHERE = "it does not show in what is called here"


def chosen(pair: Pair, ids: tuple[str, ...]) -> list[Mistake]:
    """List the mistakes of a pair, or those with the given ids.

    Raises:
        ValueError: the pair has no such mistake.
    """
    known = {each.id: each for each in mistakes_of(pair)}
    if unknown := [name for name in ids if name not in known]:
        raise ValueError(f"{pair} has no known mistake {', '.join(unknown)}")
    return [known[name] for name in ids or known]


def why_invisible(mistake: Mistake) -> str:
    """Say why nobody sees a mistake from outside; nothing, if it can be seen.

    An implementation is asked as the kit asks: a tokenizer is given its vocabulary, so
    what is wrong with learning one does not show.
    """
    pair = load(mistake.pair)
    if mistake.caught_by == "steps":
        return INSIDE
    if mistake.caught_by in ("agreement", "gradients") and pair.adapter is None:
        return ""
    asked = Effect("answer", adapter_of(pair).answer, same_output)
    seen = showing(pair, mistake, asked, examples_of(mistake.pair))
    return "" if next(seen, None) else ELSEWHERE


@cache
def examples_of(path: str) -> list[Example]:
    """List small cases of a pair, and those with dropout in evaluation as well."""
    examples = small_examples(load(path), 0)
    training = [each for each in examples if each.case.training]
    return [*examples, *map(in_evaluation, training)]
