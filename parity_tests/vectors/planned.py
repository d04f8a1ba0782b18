"""One case that is planned for the vectors: what it is, and why it is there."""

import zlib
from dataclasses import dataclass

from parity_tests.case import Case


@dataclass(frozen=True)
class Planned:
    """A case with a name, a sentence on why it is there, and flags to choose by.

    Long texts go without steps, which would be too many to write down.
    """

    name: str
    case: Case
    comment: str
    flags: tuple[str, ...] = ()
    with_steps: bool = True


def seed_of(seed: int, *names: str) -> int:
    """Give every case a seed of its own that follows from the seed of all.

    >>> seed_of(0, "causal", "small") == seed_of(0, "causal", "small")
    True
    >>> seed_of(0, "causal", "small") == seed_of(1, "causal", "small")
    False
    """
    return zlib.crc32("/".join([str(seed), *names]).encode())
