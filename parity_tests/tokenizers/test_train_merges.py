"""Training: both sides agree with each other and with the textbook loop."""

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiktoken import _educational

from parity_tests.sample_text import jargon_file, text
from parity_tests.tokenizers.array_sides import TORCH, each_side, in_lockstep, refusal
from parity_tests.tokenizers.gpt2_pattern import GPT2
from parity_tests.tokenizers.merges import train as textbook

TIE_BREAKS = ("bytes", "first_seen", "pair_id")

repetitive = st.text("ab c", max_size=40)
each_tie_break = pytest.mark.parametrize("tie_break", TIE_BREAKS)


def train(side, whole, n_merges, tie_break="bytes"):
    learn = side("train_merges").train_merges
    return learn(side.points(whole), n_merges, tie_break)


def word_counts(whole):
    words = Counter(GPT2.findall(whole))  # in the order of the text
    return [(word.encode(), count) for word, count in words.items()]


def spelled(merges):
    """Spell what each merge makes."""
    spelled = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        spelled.append(spelled[left] + spelled[right])
    return spelled[256:]


# Agreement


@each_tie_break
@given(text(12) | repetitive, st.integers(0, 6))
def test_reference_and_torch_agree(tie_break, whole, n_merges):
    comparison = in_lockstep(lambda side: train(side, whole, n_merges, tie_break))

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@each_tie_break
@given(text(12) | repetitive, st.integers(0, 10))
def test_it_is_the_textbook_loop(side, tie_break, whole, n_merges):
    expected = textbook(word_counts(whole), n_merges, tie_break)

    merges = train(side, whole, n_merges, tie_break).tolist()

    assert [tuple(pair) for pair in merges] == expected


@each_side
@given(st.lists(text(6), max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_texts_plays_no_part(side, texts, random):
    texts = [f"from{one}to" for one in texts]  # so that no word reaches into the next
    expected = train(side, "\n".join(texts), 6).tolist()

    random.shuffle(texts)

    assert train(side, "\n".join(texts), 6).tolist() == expected


@each_side
@given(text(12) | repetitive, st.integers(0, 4), st.integers(0, 4))
def test_fewer_merges_are_the_first_of_more(side, whole, fewer, further):
    expected = train(side, whole, fewer + further).tolist()[:fewer]

    assert train(side, whole, fewer).tolist() == expected


@each_tie_break
def test_the_default_device_plays_no_part(tie_break):
    """Only where the text is matters; what is made on `meta` has no values."""
    points = TORCH.points("abab cab bab")
    learn = TORCH("train_merges").train_merges
    expected = learn(points, 4, tie_break).tolist()

    with torch.device("meta"):
        actual = learn(points, 4, tie_break)

    assert actual.tolist() == expected


# Bridges


@each_side
def test_first_seen_is_the_order_of_the_trainer_of_tiktoken(side):
    whole = jargon_file()[:6000]
    ranks = _educational.bpe_train(whole, 256 + 60, GPT2.pattern, visualise=None)
    expected = list(ranks)[256:]

    assert spelled(train(side, whole, 60, "first_seen").tolist()) == expected


@each_side
@each_tie_break
def test_on_real_text_it_is_the_textbook_loop(side, tie_break):
    whole = jargon_file()[:8000]
    expected = textbook(word_counts(whole), 120, tie_break)

    merges = train(side, whole, 120, tie_break).tolist()

    assert [tuple(pair) for pair in merges] == expected


# Refusals


@each_side
def test_another_tie_break_is_refused(side):
    message = (
        "tie_break must be one of ('bytes', 'first_seen', 'pair_id'), got 'random'"
    )

    assert refusal(lambda s: train(s, "a", 1, "random"), side) == (ValueError, message)


# Anchor values


@each_side
@pytest.mark.parametrize(
    ("whole", "tie_break", "expected"),
    [
        ("aaaaa", "first_seen", [b"aa", b"aaaa", b"aaaaa"]),  # as minbpe
        ("aaaaa", "pair_id", [b"aa", b"aaa", b"aaaaa"]),  # as rustbpe
        ("ba ab", "bytes", [b" a", b" ab", b"ba"]),
        ("ba ab", "first_seen", [b"ba", b" a", b" ab"]),
        ("low lower lowest", "bytes", [b"lo", b"low", b" low"]),
        ("", "bytes", []),
        ("a", "bytes", []),
        ("a b", "bytes", [b" b"]),
    ],
)
def test_a_text_has_its_merges(side, whole, tie_break, expected):
    merges = train(side, whole, 3, tie_break).tolist()

    assert spelled(merges) == expected


@each_side
def test_of_symbols_that_are_spelled_alike_the_older_comes_first(side):
    alphabet_of = side("train_merges").Alphabet
    alphabet = (
        alphabet_of(260)
        if side.package == "reference"
        else alphabet_of(260, side.array(0).device)
    )

    for left, right in ((98, 99), (97, 98), (97, 256), (257, 99)):  # bc ab a-bc ab-c
        alphabet.add(left, right)

    places = alphabet.place.tolist()
    assert places[97] < places[257] < places[258] < places[259] < places[98]


@each_side
def test_ties_are_broken_by_bytes_unless_asked_otherwise(side):
    learn, points = side("train_merges").train_merges, side.points("ba ab")

    assert learn(points, 3).tolist() == learn(points, 3, "bytes").tolist()
