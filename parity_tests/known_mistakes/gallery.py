"""All known mistakes in reading order, and those that wait for their concept."""

from parity_tests.concept import Concept
from parity_tests.known_mistakes.attention import ATTENTION
from parity_tests.known_mistakes.byte_pairs import BYTE_PAIRS
from parity_tests.known_mistakes.data import DATA
from parity_tests.known_mistakes.gradients import GRADIENTS
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.known_mistakes.tokenizers import TOKENIZERS
from parity_tests.known_mistakes.waiting import WAITING

__all__ = ["MISTAKES", "WAITING", "mistakes_of"]

MISTAKES: tuple[Mistake, ...] = (
    *TOKENIZERS,
    *BYTE_PAIRS,
    *DATA,
    *ATTENTION,
    *GRADIENTS,
)


def mistakes_of(concept: Concept | str) -> tuple[Mistake, ...]:
    """Return the known mistakes of one concept, given as itself or as its path."""
    path = concept if isinstance(concept, str) else concept.path
    return tuple(mistake for mistake in MISTAKES if mistake.concept == path)
