"""Merging in order: one pair at a time, the lowest rank first, found by a heap.

Source: Sennrich et al. 2016, https://arxiv.org/abs/1508.07909, algorithm 1, read
        backwards; the heap takes it from quadratic to n log n.
Twin:   torch_impl/tokenizers/parallel/merge_in_order.py
"""

from collections.abc import Mapping
from heapq import heapify, heappop, heappush

MERGED_AWAY = -1


def merge_in_order(
    tokens: list[int],
    is_last: list[bool],
    rank_of: Mapping[tuple[int, ...], int],
    n_base: int,
) -> list[int]:
    """Merge words that stand end to end; where a token is gone is `MERGED_AWAY`.

    >>> a, b, ab, aa = 0, 1, 2, 3
    >>> is_last = [False, False, False, True, False, False, True]
    >>> merge_in_order([a, a, a, b, a, a, a], is_last, {(a, b): 0, (a, a): 1}, n_base=2)
    [3, -1, 2, -1, 3, -1, 0]
    """
    # 1. Link: every token to those around it; a word's end has no link.
    tokens = [*tokens, MERGED_AWAY]  # index -1: what a missing link leads to
    nexts = [-1 if last else n + 1 for n, last in enumerate(is_last)]
    previous = [-1] * len(tokens)
    for n, behind in enumerate(nexts):
        previous[behind] = n

    # 2. Heap: put every pair that has a rank into it.
    heap = []
    for n, behind in enumerate(nexts):
        rank = rank_of.get((tokens[n], tokens[behind]))
        if rank is not None:
            heap.append((rank, n))
    heapify(heap)

    while heap:
        # 3. Lowest rank: of equals the leftmost, if the pair is still there.
        rank, n = heappop(heap)
        behind = nexts[n]
        if rank_of.get((tokens[n], tokens[behind])) != rank:
            continue

        # 4. Merge: put the two pairs of the new token into the heap.
        tokens[n], tokens[behind] = n_base + rank, MERGED_AWAY
        nexts[n] = after = nexts[behind]
        previous[after] = n
        for left, right in ((previous[n], n), (n, after)):
            rank = rank_of.get((tokens[left], tokens[right]))
            if rank is not None:
                heappush(heap, (rank, left))
    return tokens[:-1]
