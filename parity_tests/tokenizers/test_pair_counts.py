"""Counting pairs: both sides agree, and the counts are those of counting anew."""

from collections import Counter
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.tokenizers.array_sides import each_side, in_lockstep
from parity_tests.tokenizers.merges import replace

word = st.lists(st.integers(0, 2), min_size=1, max_size=12)
words = st.lists(st.tuples(word, st.integers(1, 3)), max_size=4)
choices = st.lists(st.integers(0, 99), max_size=6)


def build(side, words):
    """Count the pairs of words that come with how often each word is."""
    word_of = np.repeat(np.arange(len(words)), [len(word) for word, _ in words])
    return side("pair_counts").PairCounts(
        side.array([symbol for word, _ in words for symbol in word]),
        side.array(word_of),
        side.array([count for _, count in words]),
    )


def counted(pairs):
    """Read the counts of the pairs that are left, by pair."""
    rows = zip(
        pairs.lefts.tolist(), pairs.rights.tolist(), pairs.counts.tolist(), strict=True
    )
    return {(left, right): count for left, right, count in rows if count}


def run(side, words, choices):
    """Merge some pair, then another, …; give the pairs after each merge."""
    pairs, after = build(side, words), []
    for number, choice in enumerate(choices):
        left = [p for p, count in enumerate(pairs.counts.tolist()) if count]
        if left:
            pairs.merge(left[choice % len(left)], 3 + number)
            after.append([pairs.lefts, pairs.rights, pairs.counts, pairs.symbols])
    return after


# Agreement


@given(words, choices)
def test_reference_and_torch_agree(words, choices):
    comparison = in_lockstep(lambda side: run(side, words, choices))

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(words, choices)
def test_after_any_merges_the_counts_are_those_of_counting_anew(side, words, choices):
    pairs = build(side, words)

    for number, choice in enumerate([None, *choices]):
        found = counted(pairs)
        if choice is not None and found:
            pair = sorted(found)[choice % len(found)]
            rows = zip(pairs.lefts.tolist(), pairs.rights.tolist(), strict=True)
            pairs.merge(list(rows).index(pair), 3 + number)
            words = [(replace(word, pair, 3 + number), n) for word, n in words]
        expected = Counter()
        for word, count in words:
            expected.update(dict.fromkeys(pairwise(word), 0))
            for pair in pairwise(word):
                expected[pair] += count

        assert counted(pairs) == dict(expected)


# Anchor values


@each_side
def test_pairs_that_overlap_count_twice(side):
    pairs = build(side, [([0, 0, 0], 5)])

    assert counted(pairs) == {(0, 0): 10}
    pairs.merge(0, 3)
    assert counted(pairs) == {(3, 0): 5}


@each_side
def test_no_words_have_no_pairs(side):
    assert counted(build(side, [])) == {}
