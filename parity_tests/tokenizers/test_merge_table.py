"""The merge table: both sides agree, and its columns are what a search finds."""

import pytest
from hypothesis import given

from parity_tests.tokenizers.array_sides import TORCH, each_side, in_lockstep, refusal
from parity_tests.tokenizers.merges import merges

N_BASE = 3
EVERY_MERGES = merges(N_BASE)


def table(side, merges):
    array = side.array(merges).reshape(-1, 2)
    return side("merge_table").MergeTable(array, N_BASE)


def spine(symbol, merges, part):
    """List what a symbol begins with (part 0) or ends in (part 1), itself left out."""
    found = []
    while symbol >= N_BASE:
        symbol = merges[symbol - N_BASE][part]
        found.append(symbol)
    return found


# Agreement


@given(EVERY_MERGES)
def test_reference_and_torch_agree(merges):
    comparison = in_lockstep(lambda side: table(side, merges).codes)

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(EVERY_MERGES)
def test_the_columns_are_the_lowest_ranks_there_are(side, merges):
    never = side("merge_table").NEVER
    n_symbols = N_BASE + len(merges)
    pairs = [(x, y) for x in range(n_symbols) for y in range(n_symbols)]
    columns = {
        "rank": lambda x, y, left, right: (x, y) == (left, right),
        "grown_left": lambda x, y, left, right: (
            y == right and x in spine(left, merges, 1)
        ),
        "grown_right": lambda x, y, left, right: (
            x == left and y in spine(right, merges, 0)
        ),
    }

    built = table(side, merges)
    lefts, rights = ([pair[i] for pair in pairs] for i in (0, 1))
    within = side.array([True] * len(pairs), "bool")
    rows = built.find(side.array(lefts), side.array(rights), within)

    for name, holds in columns.items():
        expected = [
            min((r for r, m in enumerate(merges) if holds(*pair, *m)), default=never)
            for pair in pairs
        ]
        assert getattr(built, name)[rows].tolist() == expected


def test_what_is_derived_is_no_part_of_a_state():
    assert table(TORCH, [(0, 1)]).state_dict() == {}


# Refusals


@each_side
@pytest.mark.parametrize(
    ("merges", "message"),
    [
        ([[0, 3]], "a merge joins symbols that exist before it, got [0, 3] at rank 0"),
        ([[3, 0]], "a merge joins symbols that exist before it, got [3, 0] at rank 0"),
        (
            [[0, 1], [3, 3], [5, 0], [9, 9]],
            "a merge joins symbols that exist before it, got [5, 0] at rank 2",
        ),
        (
            [[0, 1], [-1, 0], [9, 9]],
            "a merge joins symbols that exist before it, got [-1, 0] at rank 1",
        ),
        (
            [[0, 1], [0, 2], [0, 1], [0, 2]],
            "a pair is merged at one rank only, got [0, 1] again at rank 2",
        ),
    ],
)
def test_merges_that_no_training_finds_are_refused(side, merges, message):
    assert refusal(lambda side: table(side, merges), side) == (ValueError, message)


@each_side
@pytest.mark.parametrize(
    "row", [(2**62, 0), (0, -(2**62)), (-(2**70), 0), (0,), (0, 1, 2), (0, 1.0), 5]
)
def test_what_is_no_pair_of_ids_is_refused_by_its_rank(side, row):
    message = f"a merge is a pair of ids, got {row!r} at rank 1"

    def run(side):
        side("merge_table").merge_rows([(0, 1), row])

    assert refusal(run, side) == (ValueError, message)


@each_side
def test_merges_are_read_from_a_list_or_an_array(side):
    rows = [[0, 1], [-(2**62) + 1, 2**62 - 1]]

    for given_rows in (rows, tuple(rows), side.array(rows)):
        assert side("merge_table").merge_rows(given_rows) == rows


@each_side
def test_rows_that_are_no_pairs_are_refused(side):
    def build(side):
        side("merge_table").MergeTable(side.array([[0, 1, 2]]), N_BASE)

    message = "merges must have shape (R, 2), got (1, 3)"

    assert refusal(build, side) == (ValueError, message)
