"""Characters as tokens: what their laws in the catalogue do not say."""

import pytest

from parity_tests.case import Case
from parity_tests.catalogue import concept
from parity_tests.sample_text import HURTS
from parity_tests.side import both_backends

CHARACTER = concept("character")

# Agreement


@pytest.mark.parametrize("name", HURTS)
def test_reference_and_torch_agree_on_text_that_hurts(name):
    case = Case({}, {"corpus": HURTS[name], "text": HURTS[name]})
    comparison = CHARACTER.compare(case)

    assert comparison.departure is None, str(comparison.departure)


# Anchor values


@both_backends
def test_hello_has_the_ids_of_its_sorted_letters(backend):
    tokenizer = backend.CharacterTokenizer.train("hello world")  # space d e h l o r w
    expected = [3, 2, 4, 4, 5, 0, 7, 5, 6, 4, 1]
    actual = tokenizer.encode("hello world").tolist()

    assert actual == expected


@both_backends
def test_unk_in_a_text_is_seven_characters(backend):
    tokenizer = backend.CharacterTokenizer.train("<|unk|>", unknown=True)
    expected = [0, 5, 4, 3, 2, 5, 1]  # < > k n u |
    actual = tokenizer.encode("<|unk|>").tolist()

    assert actual == expected
