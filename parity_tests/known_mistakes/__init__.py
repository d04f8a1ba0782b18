"""The museum of known mistakes: what goes wrong when people write these parts.

Each mistake was shipped by a real project, or is made by newcomers every week. It is
kept for three purposes: the suite must reject it, which proves that the suite can
fail; a reader can look at it; and an implementation that departs is told which known
mistake it looks like.
"""

from parity_tests.known_mistakes.build import mistaken_class
from parity_tests.known_mistakes.diagnosis import looks_like, looks_like_throughout
from parity_tests.known_mistakes.gallery import MISTAKES, WAITING, mistakes_of
from parity_tests.known_mistakes.mistake import Mistake
from parity_tests.known_mistakes.patch import Change, changes

__all__ = [
    "MISTAKES",
    "WAITING",
    "Change",
    "Mistake",
    "changes",
    "looks_like",
    "looks_like_throughout",
    "mistaken_class",
    "mistakes_of",
]
