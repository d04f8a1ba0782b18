"""A state that a tokenizer refuses leaves it as it was."""

import numpy as np
import pytest

import reference
from parity_tests.refusal import refusal
from parity_tests.side import sides_of
from parity_tests.tokenizers.records import TOKENIZERS


@pytest.mark.parametrize(
    ("side", "refused"),
    [
        pytest.param(side, refused, id=f"{concept.name}: {refused}-{side.name}")
        for concept in TOKENIZERS
        for refused in concept.refusals
        if refused.method == "load_state_dict"
        for side in sides_of(concept)
    ],
)
def test_a_refused_state_changes_nothing(side, refused):
    tokenizer = side.class_.train(**refused.arguments)
    corpus = refused.arguments["text"]
    expected = tokenizer.encode(corpus).tolist()
    state = {name: array.tolist() for name, array in tokenizer.state_dict().items()}

    assert refusal(lambda: tokenizer.load_state_dict(side.own(refused.given)))
    assert tokenizer.encode(corpus).tolist() == expected
    assert tokenizer.decode(expected) == corpus
    for name, array in tokenizer.state_dict().items():
        assert array.tolist() == state[name]


def test_an_array_of_other_numbers_is_refused_by_its_name():
    tokenizer = reference.CharacterTokenizer.train("ab")
    (name, *others) = tokenizer.state_dict()
    state = dict.fromkeys([name, *others], np.zeros(2))
    expected = f"{name} must hold {tokenizer.state_dict()[name].dtype}, got float64"

    assert refusal(lambda: tokenizer._take_state(state, "")) == (ValueError, expected)
