"""Simple self-attention: what its laws in the catalogue do not say."""

import numpy as np

from parity_tests.agreement import compare
from parity_tests.attention.book import BOOK
from parity_tests.case import Case
from parity_tests.catalogue import concept
from parity_tests.side import each_side

SIMPLE = concept("simple")


# Anchor values: the book's six tokens


@each_side(SIMPLE)
def test_the_second_token_of_the_book_has_its_weights(side):
    expected = np.float32([0.1385, 0.2379, 0.2333, 0.1240, 0.1082, 0.1581])
    actual = side.quantity("weights", Case({}, {"x": BOOK}))[1].round(4)

    assert compare(expected, actual).holds


@each_side(SIMPLE)
def test_the_tokens_of_the_book_have_their_contexts(side):
    expected = np.float32(
        [
            [0.4421, 0.5931, 0.5790],
            [0.4419, 0.6515, 0.5683],
            [0.4431, 0.6496, 0.5671],
            [0.4304, 0.6298, 0.5510],
            [0.4671, 0.5910, 0.5266],
            [0.4177, 0.6503, 0.5645],
        ]
    )
    actual = side(Case({}, {"x": BOOK})).round(4)

    assert compare(expected, actual).holds
