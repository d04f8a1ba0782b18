"""Known mistakes that wait for the concept in which they are made.

Each has the paths of the concepts that it waits for, as patterns: when one of them is
in the catalogue, its mistake is due, and a test says so.
"""

from typing import NamedTuple


class Waiting(NamedTuple):
    """What a mistake is, and the concepts, any of which it can be made in."""

    title: str
    concepts: tuple[str, ...]


GIVEN_MASK = ("attention/*cross*", "attention/*mask*", "attention/*padding*")
LATER_QUERIES = ("attention/*cross*", "attention/*cache*", "attention/*grouped*")
WINDOW = ("attention/*window*",)
ROTARY = (
    "attention/*rotary*",
    "attention/*rope*",
    "positions/*rotary*",
    "positions/*rope*",
)
CACHE = ("attention/*cache*",)

WAITING = {
    "empty-row-nan": Waiting("A query that sees nothing gives NaN", GIVEN_MASK),
    "empty-row-mean": Waiting(
        "A query that sees nothing averages all values, the future included",
        GIVEN_MASK,
    ),
    "empty-row-nan-gradient": Waiting(
        "NaN set to zero after softmax: the output is fine, the gradient is NaN",
        GIVEN_MASK,
    ),
    "causal-top-left": Waiting(
        "The first of the queries taken for the first of the keys", LATER_QUERIES
    ),
    "heads-tiled": Waiting(
        "Key/value heads repeated as 0 1 0 1 where 0 0 1 1 is meant",
        ("attention/*grouped*",),
    ),
    "window-plus-one": Waiting("A window of W shows W + 1 tokens", WINDOW),
    "window-both-sides": Waiting("A causal window that looks ahead as well", WINDOW),
    "rope-pairing": Waiting("Halves rotated where neighbours are meant", ROTARY),
    "rope-on-values": Waiting("The values rotated too", ROTARY),
    "rope-after-cache": Waiting("Cached keys rotated again at each step", CACHE),
    "softcap-after-mask": Waiting(
        "Scores capped after masking, which shows what was hidden",
        ("attention/*softcap*", "attention/*soft_cap*"),
    ),
    "qk-norm-after-rope": Waiting(
        "Queries and keys normalised after their rotation, with a learned gain",
        ("attention/*norm*",),
    ),
    "alibi-sign": Waiting("A bias that grows with distance", ("*/*alibi*",)),
    "cache-positions": Waiting(
        "The causal mask of a cached step forgets how much came before", CACHE
    ),
    "cache-stale": Waiting("The state of an earlier text is kept", CACHE),
}
