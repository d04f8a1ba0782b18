"""Byte pairs: what their laws do not say; GPT-2 is tiktoken's GPT-2."""

from functools import cache
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.sample_text import (
    HURTS,
    LONE_SURROGATES,
    jargon_file,
    text,
    text_with_a_lone_surrogate,
)
from parity_tests.tokenizers import byte_pair_laws
from parity_tests.tokenizers.array_sides import (
    REFERENCE,
    TORCH,
    each_side,
    in_lockstep,
    refusal,
)
from parity_tests.tokenizers.byte_pair_cases import SPECIAL_TOKENS
from parity_tests.tokenizers.independent import as_tiktoken

corpora = text(6) | st.text("ab ", max_size=12)


def tokenizer_class(side):
    return side("byte_pair").BytePairTokenizer


def gpt2(side):
    return byte_pair_laws.gpt2(tokenizer_class(side))


def trained(side):
    return byte_pair_laws.trained(tokenizer_class(side))


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


# Files and states


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


def test_ids_are_on_the_device_of_the_vocabulary():
    torch = import_module("torch")
    tokenizer = tokenizer_class(TORCH).train("abab", 258).to("meta")

    assert tokenizer.device == torch.device("meta")
    assert {buffer.device.type for buffer in tokenizer.buffers()} == {"meta"}


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


@each_side
@pytest.mark.parametrize("name", sorted(HURTS))
def test_text_that_hurts_is_what_it_is_in_tiktoken(side, name):
    expected = tiktoken_gpt2().encode(HURTS[name], allowed_special="all")

    assert gpt2(side).encode(HURTS[name], "all").tolist() == expected


# Refusals that are drawn


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
