"""Spelling words as numbers: both sides agree, and words are told apart."""

from hypothesis import given
from hypothesis import strategies as st

from parity_tests.tokenizers.array_sides import each_side, in_lockstep

alike = st.text("ab\0", max_size=20).map(str.encode)  # zeros pad a block as well
words = st.lists(alike | st.binary(max_size=20), max_size=8)


def spell(side, words):
    return side("spelling").spell(*side.data(words))


# Agreement


@given(words)
def test_reference_and_torch_agree(words):
    comparison = in_lockstep(lambda side: spell(side, words))

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(words, words)
def test_words_are_the_same_if_and_only_if_their_bytes_are(side, lefts, rights):
    pairs = [(i, j) for i in range(len(lefts)) for j in range(len(rights))]
    expected = [lefts[i] == rights[j] for i, j in pairs]

    same = side("spelling").same_words(
        spell(side, lefts),
        side.array([i for i, _ in pairs]),
        spell(side, rights),
        side.array([j for _, j in pairs]),
    )

    assert same.tolist() == expected


@each_side
@given(words)
def test_the_blocks_are_the_bytes_and_zeros(side, words):
    expected = b"".join(
        word.ljust(max(-len(word) % 8 + len(word), 8), b"\0") for word in words
    )

    blocks = spell(side, words).blocks.tolist()

    assert b"".join(b.to_bytes(8, "little", signed=True) for b in blocks) == expected


@each_side
@given(alike, words, words)
def test_a_hash_does_not_depend_on_where_a_word_stands(side, word, before, behind):
    alone = spell(side, [word]).hashes.tolist()[0]

    among = spell(side, [*before, word, *behind]).hashes.tolist()[len(before)]

    assert among == alone


@each_side
def test_hashes_of_different_words_differ(side):
    words = [b"%d" % n for n in range(10_000)] + [b"\0" * n for n in range(100)]

    hashes = spell(side, words).hashes.tolist()

    assert len(set(hashes)) == len(words)
    assert all(-side("spelling").BEYOND <= h < side("spelling").BEYOND for h in hashes)


# Anchor values


@each_side
def test_nine_bytes_are_two_blocks(side):
    spelling = spell(side, [b"\x01\x02", b"", b"\xff" * 9])

    assert spelling.blocks.tolist() == [0x0201, 0, -1, 0xFF]
    assert spelling.first.tolist() == [0, 1, 2]
    assert spelling.lengths.tolist() == [2, 0, 9]
