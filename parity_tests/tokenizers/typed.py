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


def byte_pairs(text: str, *, vocabulary: str, corpus: str) -> Case:
    """Encode the text with merges that are learned from a corpus, or with GPT-2's."""
    if vocabulary == "gpt2":
        return Case({}, {"text": text})
    return Case({"vocab_size": 296}, {"corpus": corpus, "text": text})


WORD = learning()
CHARACTER = learning(unknown=True)
BYTE_PAIR = Typed(
    byte_pairs, {"vocabulary": ("learned", "gpt2"), "corpus": CORPUS}, by_word=False
)
