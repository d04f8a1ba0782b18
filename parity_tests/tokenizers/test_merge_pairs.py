"""Merging pairs: both sides agree with each other and with the textbook loop."""

from functools import cache
from itertools import chain, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.lockstep import record
from parity_tests.tokenizers.array_sides import each_side, in_lockstep
from parity_tests.tokenizers.merges import merge_word, merges


@st.composite
def cases(draw):
    """Draw merges, and words of runs of few symbols."""
    n_base = draw(st.integers(1, 3))
    runs = st.tuples(st.integers(0, n_base - 1), st.integers(1, 5))
    word = st.lists(runs, max_size=8).map(unrolled)
    return n_base, draw(merges(n_base)), draw(st.lists(word, min_size=1, max_size=4))


def unrolled(runs):
    """Write each symbol as often as it is said to stand."""
    return [symbol for symbol, length in runs for _ in range(length)]


def merge(side, n_base, merges, words):
    """Merge all words at once; give the row of symbols, and whose they are."""
    run = side("merge_pairs").MergePairs(side.array(merges).reshape(-1, 2), n_base)
    word_of = np.repeat(np.arange(len(words)), [len(word) for word in words])
    return run(side.array([*chain(*words)]), side.array(word_of))


def merge_words(side, n_base, merges, words):
    """Merge all words at once; give the symbols of each."""
    symbols, word_of = (a.tolist() for a in merge(side, n_base, merges, words))
    owned = list(zip(symbols, word_of, strict=True))
    return [[s for s, owner in owned if owner == word] for word in range(len(words))]


# Agreement


@given(cases())
def test_reference_and_torch_agree(case):
    comparison = in_lockstep(lambda side: merge(side, *case))

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(cases())
def test_it_is_the_textbook_loop(side, case):
    n_base, merges, words = case
    expected = [merge_word(word, merges, n_base) for word in words]

    assert merge_words(side, n_base, merges, words) == expected


@each_side
@given(cases())
def test_a_word_does_not_depend_on_its_neighbours(side, case):
    n_base, merges, words = case
    alone = [merge_words(side, n_base, merges, [word])[0] for word in words]

    assert merge_words(side, n_base, merges, words) == alone


@each_side
@given(cases())
def test_no_known_pair_is_left(side, case):
    n_base, merges, words = case

    for word in merge_words(side, n_base, merges, words):
        assert not set(merges) & set(pairwise(word))


@each_side
@given(st.lists(st.integers(0, 20) | st.just(2**62), min_size=1), st.data())
def test_soonest_is_its_recurrence(side, ranks, data):
    same_size = st.lists(
        st.integers(0, 20) | st.just(2**62), min_size=len(ranks), max_size=len(ranks)
    )
    grown = data.draw(same_size)
    expected = [ranks[0]]
    for rank, least in zip(ranks[1:], grown[1:], strict=True):
        expected.append(min(rank, max(least, expected[-1] + 1)))

    actual = side("merge_pairs").soonest(side.array(ranks), side.array(grown))

    assert actual.tolist() == expected


# Speed, counted in rounds: a round goes once over the text


@cache
def gpt2_merges(side):
    vocabulary = side("gpt2_vocabulary")
    return side("merge_pairs").MergePairs(vocabulary.read_merges(), n_base=256)


@each_side
@pytest.mark.parametrize("letters", ["a", "ab", "abcdefghijklmnopqrstuvwxyz", "01"])
def test_the_rounds_of_a_long_word_are_few(side, letters):
    rng = np.random.default_rng(0)
    word = rng.choice([ord(letter) - ord("!") for letter in letters], 20_000)
    run = gpt2_merges(side)

    recording = record(
        side.package, lambda: run(side.array(word), side.array(np.zeros_like(word)))
    )

    merging = recording.invocations[0]
    rounds = sum(snapshot.step.first == 2 for snapshot in merging.snapshots)
    assert merging.function.endswith("forward")
    assert rounds <= 12


# Anchor values

A, B, C = 0, 1, 2


@each_side
@pytest.mark.parametrize(
    ("merges", "word", "expected"),
    [
        ([(A, A)], [A, A, A], [3, A]),  # the leftmost two
        ([(A, A)], [A, A, A, A], [3, 3]),
        ([(A, A)], [A, A, B, A, A, A], [3, B, 3, A]),
        ([(A, A), (3, A)], [A, A, A], [4]),
        ([(A, B), (B, C)], [A, B, C], [3, C]),  # the lower rank, not the longer reach
        ([(B, C), (A, B)], [A, B, C], [A, 3]),
        ([(B, C), (A, 3)], [A, B, C], [4]),
        ([(A, B), (3, C), (C, A)], [A, B, C, A], [4, A]),  # what a b makes takes the c
        ([(A, B), (C, A), (3, C)], [A, B, C, A], [3, 4]),
        ([(A, B), (B, B)], [A, B, B, B, B], [3, 4, B]),  # a takes the first of the run
        ([(A, B)], [], []),
        ([], [A, B], [A, B]),
    ],
)
def test_a_word_becomes_its_symbols(side, merges, word, expected):
    assert merge_words(side, 3, merges, [word]) == [expected]


@each_side
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        # v w is under threat from u v until t u takes the u: w x is late by a round.
        ("tuvwxwxwx", ["tu", "v", "wxwx", "wx"]),
        ("uvwxwxwx", ["uvw", "x", "wxwx"]),
        ("vwxwxwx", ["v", "wxwx", "wx"]),
    ],
)
def test_a_symbol_that_is_late_still_takes_the_one_to_its_right(side, word, expected):
    spelled = ["t", "u", "v", "w", "x", "tu", "uv", "uvw", "wx", "wxwx"]
    merges = [(0, 1), (1, 2), (6, 3), (3, 4), (8, 8)]
    symbols = ["tuvwx".index(letter) for letter in word]

    (merged,) = merge_words(side, 5, merges, [symbols])

    assert [spelled[symbol] for symbol in merged] == expected
