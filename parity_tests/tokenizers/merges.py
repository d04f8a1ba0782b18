"""Merges in an order that training could have found, and the textbook's loops."""

from itertools import pairwise

from hypothesis import strategies as st

Merges = list[tuple[int, int]]


@st.composite
def merges(draw: st.DrawFn, n_base: int, max_size: int = 12) -> Merges:
    """Draw merges of symbols that exist by then; deep ones as often as flat ones."""
    found: Merges = []
    for _ in range(draw(st.integers(0, max_size))):
        highest = n_base + len(found) - 1
        latest = st.integers(max(highest - 2, 0), highest)
        any_symbol = st.integers(0, highest) | latest
        pair = draw(st.tuples(any_symbol, any_symbol))
        if pair not in found:
            found.append(pair)
    return found


def merge_word(word: list[int], merges: Merges, n_base: int) -> list[int]:
    """Merge as the textbook does: the lowest rank, leftmost first, one at a time."""
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    while known := [
        (ranks[pair], place)
        for place, pair in enumerate(pairwise(word))
        if pair in ranks
    ]:
        rank, place = min(known)
        word = [*word[:place], n_base + rank, *word[place + 2 :]]
    return word


def train(words: list[tuple[bytes, int]], n_merges: int, tie_break: str) -> Merges:
    """Learn merges as the textbook does: count all pairs anew before each merge."""
    spelled = [bytes([byte]) for byte in range(256)]
    counted = [(list(word), count) for word, count in words]
    found: Merges = []
    while len(found) < n_merges:
        counts: dict[tuple[int, int], int] = {}  # in the order of the text
        for word, count in counted:
            for pair in pairwise(word):
                counts[pair] = counts.get(pair, 0) + count
        most = max(counts.values(), default=0)
        commonest = [pair for pair, count in counts.items() if count == most]
        if not commonest:
            break
        if tie_break == "pair_id":
            commonest.sort()
        elif tie_break == "bytes":
            commonest.sort(key=lambda pair: (spelled[pair[0]], spelled[pair[1]], pair))
        pair = commonest[0]
        counted = [(replace(word, pair, 256 + len(found)), n) for word, n in counted]
        found.append(pair)
        spelled.append(spelled[pair[0]] + spelled[pair[1]])
    return found


def replace(word: list[int], pair: tuple[int, int], symbol: int) -> list[int]:
    """Replace a pair by one symbol, from the left."""
    replaced = []
    while word:
        met = tuple(word[:2]) == pair
        replaced.append(symbol if met else word[0])
        word = word[2 if met else 1 :]
    return replaced
