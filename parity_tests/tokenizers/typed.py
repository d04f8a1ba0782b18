"""Tokenizers on a text that a reader types, after they learned from another text."""

from typing import Any

from parity_tests.contract.case import Case
from parity_tests.contract.typed import Typed

CORPUS = "low low low low low, lower lower, newest newest newest, widest and slow."


def learning(**config: Any) -> Typed:
    """Learn from a small corpus, which the reader may change, and encode the text."""

    def case(text: str, *, corpus: str) -> Case:
        return Case(config, {"corpus": corpus, "text": text})

    return Typed(case, {"corpus": CORPUS}, by_word=False)


WORD = learning()
CHARACTER = learning(unknown=True)
BYTE_PAIR = learning(vocab_size=296)
