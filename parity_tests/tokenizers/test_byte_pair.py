"""Byte pairs: both sides agree, each obeys the laws, and GPT-2 is tiktoken's GPT-2."""

from functools import cache
from importlib import import_module

import numpy as np
import pytest
import tiktoken
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.sample_text import (
    HURTS,
    LONE_SURROGATES,
    jargon_file,
    text,
    text_with_a_lone_surrogate,
)
from parity_tests.tokenizers.array_sides import (
    REFERENCE,
    TORCH,
    each_side,
    in_lockstep,
    refusal,
)
from parity_tests.tokenizers.byte_pair_cases import SPECIAL_TOKENS
from parity_tests.tokenizers.gpt2_pattern import GPT2

PATTERN = (
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++"
    r"|\s++$|\s+(?!\S)|\s"
)
corpora = text(6) | st.text("ab ", max_size=12)
ordinary = text(8).map(lambda whole: whole.replace("<|", "<"))
ids = st.lists(st.integers(0, 300), max_size=12)


def tokenizer_class(side):
    return side("byte_pair").BytePairTokenizer


@cache
def gpt2(side):
    return tokenizer_class(side).gpt2()


@cache
def trained(side):
    """Return a tokenizer that has learned 500 ids from real text."""
    learn = tokenizer_class(side).train
    return learn(jargon_file()[:20_000], 500, SPECIAL_TOKENS)


def as_tiktoken(tokenizer, special_tokens):
    """Build tiktoken from a tokenizer's own ranks."""
    n_ranks = tokenizer.vocab_size - len(special_tokens)
    spelled = [tokenizer.decode_bytes([number]) for number in range(n_ranks)]
    return tiktoken.Encoding(
        "ours",
        pat_str=PATTERN,
        mergeable_ranks={token: number for number, token in enumerate(spelled)},
        special_tokens={t: n_ranks + i for i, t in enumerate(special_tokens)},
    )


@cache
def tiktoken_gpt2():
    return as_tiktoken(gpt2(REFERENCE), ["<|endoftext|>"])


@cache
def tiktoken_trained():
    return as_tiktoken(trained(REFERENCE), SPECIAL_TOKENS)


# Agreement


@given(text())
def test_reference_and_torch_agree_on_gpt2(whole):
    comparison = in_lockstep(lambda side: gpt2(side).encode(whole, "all"), "cpu")

    assert comparison.departure is None, str(comparison.departure)


# Laws


@each_side
@given(text())
def test_decoding_undoes_encoding(side, whole):
    for tokenizer in (trained(side), gpt2(side)):
        assert tokenizer.decode(tokenizer.encode(whole, "all")) == whole


@each_side
@given(ids, ids)
def test_the_bytes_of_two_rows_are_those_of_the_rows_joined(side, one, two):
    decode_bytes = trained(side).decode_bytes

    assert decode_bytes(one + two) == decode_bytes(one) + decode_bytes(two)


@each_side
@given(text(6))
def test_no_token_reaches_across_two_words(side, whole):
    encode = trained(side).encode
    words = GPT2.findall(whole)
    expected = [number for word in words for number in alone(encode, word)]

    assert encode(whole, disallowed_special=()).tolist() == expected


def alone(encode, word):
    """Encode a word by itself."""
    return encode(word, disallowed_special=()).tolist()


@each_side
@given(ordinary, ordinary, st.sampled_from(SPECIAL_TOKENS))
def test_a_special_token_parts_two_texts(side, one, two, special):
    encode = trained(side).encode
    middle = encode(special, "all").tolist()

    whole = encode(one + special + two, {special}, ())

    assert whole.tolist() == alone(encode, one) + middle + alone(encode, two)


@each_side
@given(text())
def test_a_special_token_in_plain_text_is_plain_text(side, whole):
    encoded = trained(side).encode(whole, disallowed_special=())

    assert all(number < 500 - len(SPECIAL_TOKENS) for number in encoded.tolist())


@each_side
@given(st.lists(ordinary, max_size=3))
def test_a_batch_is_its_texts(side, texts):
    expected = [trained(side).encode(one).tolist() for one in texts]

    padded, lengths = trained(side)(texts)

    rows = zip(padded.tolist(), lengths.tolist(), strict=True)
    assert [row[:length] for row, length in rows] == expected


@each_side
@given(corpora, st.integers(258, 264))
def test_saving_and_loading_change_nothing(side, tmp_path_factory, corpus, size):
    tokenizer = tokenizer_class(side).train(corpus, size, ['a "b"\n', "é "])
    path = tmp_path_factory.mktemp("saved") / "tokenizer.json"

    tokenizer.save(path)

    for other in (REFERENCE, TORCH):
        loaded = tokenizer_class(other).load(path)
        state, expected = loaded.state_dict(), tokenizer.state_dict()
        assert {name: state[name].tolist() for name in state} == {
            name: expected[name].tolist() for name in expected
        }


@each_side
def test_a_state_makes_any_tokenizer_the_same(side):
    other = TORCH if side == REFERENCE else REFERENCE
    state = {
        name: side.array(np.asarray(array))
        for name, array in trained(other).state_dict().items()
    }
    tokenizer = tokenizer_class(side)([])

    tokenizer.load_state_dict(state)

    whole = jargon_file()[:3000]
    expected = trained(other).encode(whole).tolist()
    assert tokenizer.encode(whole).tolist() == expected
    assert tokenizer.vocab_size == 500


@each_side
@given(corpora, st.integers(256, 270), st.sampled_from(["bytes", "first_seen"]))
def test_training_stops_at_the_size_or_when_no_pair_is_left(
    side, corpus, size, tie_break
):
    tokenizer = tokenizer_class(side).train(corpus, size, tie_break=tie_break)

    assert tokenizer.vocab_size <= size
    if tokenizer.vocab_size < size:
        words = GPT2.findall(corpus)
        assert len(tokenizer.encode(corpus, disallowed_special=())) == len(words)


# Bridges: tiktoken


@each_side
@given(text())
def test_gpt2_is_the_gpt2_of_tiktoken(side, whole):
    expected = tiktoken_gpt2().encode(whole, allowed_special="all")
    plain = tiktoken_gpt2().encode(whole, disallowed_special=())

    assert gpt2(side).encode(whole, "all").tolist() == expected
    assert gpt2(side).encode(whole, disallowed_special=()).tolist() == plain


@each_side
@given(text())
def test_what_was_trained_here_is_the_same_in_tiktoken(side, whole):
    expected = tiktoken_trained().encode(whole, allowed_special="all")

    assert trained(side).encode(whole, "all").tolist() == expected


@each_side
def test_on_real_text_gpt2_is_the_gpt2_of_tiktoken(side):
    expected = tiktoken_gpt2().encode(jargon_file(), allowed_special="all")

    assert gpt2(side).encode(jargon_file(), "all").tolist() == expected


@each_side
@pytest.mark.parametrize("atom", ["a", " ", "猫", "ab", "\n", "👍", "'s", "x "])
def test_a_long_run_is_what_it_is_in_tiktoken(side, atom):
    whole = atom * 70_000  # longer than a chunk

    assert gpt2(side).encode(whole).tolist() == tiktoken_gpt2().encode(whole)


@each_side
@given(st.lists(st.integers(0, 50_256), max_size=12))
def test_decoding_is_that_of_tiktoken(side, ids):
    assert gpt2(side).decode(ids) == tiktoken_gpt2().decode(ids)
    assert gpt2(side).decode_bytes(ids) == tiktoken_gpt2().decode_bytes(ids)


# Refusals


@each_side
@given(text_with_a_lone_surrogate())
def test_a_lone_surrogate_is_refused_by_its_position(side, whole):
    place = next(p for p, c in enumerate(whole) if 0xD800 <= ord(c) < 0xE000)
    message = (
        f"a text holds no lone surrogate, got U+{ord(whole[place]):04X} "
        f"at position {place}"
    )

    assert refusal(lambda s: gpt2(s).encode(whole), side) == (ValueError, message)


@each_side
@pytest.mark.parametrize("name", sorted(LONE_SURROGATES))
def test_training_refuses_a_lone_surrogate(side, name):
    def run(side):
        tokenizer_class(side).train(LONE_SURROGATES[name], 300)

    assert refusal(run, side)[0] is ValueError


@each_side
@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (
            lambda tokenizer: tokenizer.encode(b"a"),
            (TypeError, "a text must be a string, got bytes"),
        ),
        (
            lambda tokenizer: tokenizer.encode("a<|endoftext|>"),
            (
                ValueError,
                "the text holds the special token '<|endoftext|>' at position 1: put "
                "it in allowed_special, or pass disallowed_special=() to read it as "
                "plain text",
            ),
        ),
        (
            lambda tokenizer: tokenizer.decode([0, 50_257]),
            (ValueError, "ids must lie in 0..50256, got 50257"),
        ),
        (
            lambda tokenizer: tokenizer.decode([-1]),
            (ValueError, "ids must lie in 0..50256, got -1"),
        ),
        (
            lambda tokenizer: tokenizer.decode_bytes([0.5]),
            (TypeError, "ids must be whole numbers, got 0.5"),
        ),
    ],
)
def test_bad_input_is_refused(side, run, expected):
    assert refusal(lambda side: run(gpt2(side)), side) == expected


@each_side
@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (([[0, 1, 2]],), "a merge is a pair of ids, got [0, 1, 2] at rank 0"),
        (([[0, 1], [0, 0.5]],), "a merge is a pair of ids, got [0, 0.5] at rank 1"),
        (([[0, 1], 7],), "a merge is a pair of ids, got 7 at rank 1"),
        (
            ([[0, 256]],),
            "a merge joins symbols that exist before it, got [0, 256] at rank 0",
        ),
        (([], ["a", "a"]), "special tokens must differ, got 'a' twice"),
        (([], [""]), "a special token has a character, got '' at 0"),
        (
            ([], (), [1, 2]),
            "base_bytes must hold every byte once, got 2 of them "
            f"without {[0, *range(3, 256)]}",
        ),
    ],
)
def test_what_is_no_vocabulary_is_refused(side, arguments, expected):
    def build(side):
        tokenizer_class(side)(*arguments)

    assert refusal(build, side) == (ValueError, expected)


@each_side
@pytest.mark.parametrize(
    ("size", "special_tokens", "least"), [(255, (), 256), (257, ("a", "b"), 258)]
)
def test_a_size_without_room_is_refused(side, size, special_tokens, least):
    message = (
        "vocab_size must be at least 256 + the number of special tokens = "
        f"{least}, got {size}"
    )

    def run(side):
        tokenizer_class(side).train("a", size, special_tokens)

    assert refusal(run, side) == (ValueError, message)


@each_side
def test_a_size_that_is_no_whole_number_is_refused(side):
    message = "vocab_size must be a whole number, got 300.0"

    def run(side):
        tokenizer_class(side).train("a", 300.0)

    assert refusal(run, side) == (TypeError, message)


@each_side
def test_a_state_that_is_no_vocabulary_is_refused_and_the_old_one_kept(side):
    tokenizer = tokenizer_class(side).train("abab", 258)
    before = tokenizer.encode("abab").tolist()
    state = dict(tokenizer.state_dict())
    state["merges"] = side.array([[999, 999]])

    with pytest.raises(ValueError, match="a merge joins symbols that exist before it"):
        tokenizer.load_state_dict(state)

    assert tokenizer.encode("abab").tolist() == before


# Anchor values: ids that OpenAI's tokenizer is known to give


@each_side
@pytest.mark.parametrize(
    ("whole", "expected"),
    [
        ("hello world", [31373, 995]),
        ("hello <|endoftext|>", [31373, 220, 50256]),
        ("a\tb", [64, 197, 65]),
        ("é", [2634]),
        ("e\u0301", [68, 136, 223]),
        ("", []),
    ],
)
def test_a_text_has_its_ids_in_gpt2(side, whole, expected):
    assert gpt2(side).encode(whole, "all").tolist() == expected


@each_side
def test_bytes_that_are_not_utf8_become_the_replacement_character(side):
    first, second = gpt2(side).encode("猫").tolist()[:2]

    assert gpt2(side).decode([first]) == "\ufffd"
    assert gpt2(side).decode([first, 64, second]).replace("\ufffd", "") == "a"


@each_side
@pytest.mark.parametrize("name", sorted(HURTS))
def test_text_that_hurts_is_what_it_is_in_tiktoken(side, name):
    expected = tiktoken_gpt2().encode(HURTS[name], allowed_special="all")

    assert gpt2(side).encode(HURTS[name], "all").tolist() == expected


def test_ids_are_on_the_device_of_the_vocabulary():
    torch = import_module("torch")
    tokenizer = tokenizer_class(TORCH).train("abab", 258).to("meta")

    assert tokenizer.device == torch.device("meta")
    assert {buffer.device.type for buffer in tokenizer.buffers()} == {"meta"}
