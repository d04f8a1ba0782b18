"""Known mistakes: what goes wrong when people write these parts.

Each was seen in code that people use, or is constructed, and says which. It is kept for
three purposes: the tests must reject it, which proves that they can fail; a reader can
look at it; and an implementation that differs is told which mistake it looks like.
"""

from parity_tests.known_mistakes.build import mistaken_part
from parity_tests.known_mistakes.catalogue import all_mistakes, mistakes_of
from parity_tests.known_mistakes.diagnosis import looks_like
from parity_tests.known_mistakes.effect import GRADIENTS, OUTPUT, Effect, effect_of
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.known_mistakes.patch import changes
from parity_tests.known_mistakes.reasons import why_rejected
from parity_tests.known_mistakes.trial import same_effect_as

__all__ = [
    "GRADIENTS",
    "OUTPUT",
    "Effect",
    "Mistake",
    "all_mistakes",
    "changes",
    "effect_of",
    "looks_like",
    "mistaken_part",
    "mistakes_of",
    "same_effect_as",
    "why_rejected",
]
