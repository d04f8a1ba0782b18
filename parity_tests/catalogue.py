"""Every pair, in reading order: one record each."""

from parity_tests.attention.records import ATTENTION
from parity_tests.concept import Concept
from parity_tests.data.records import DATA
from parity_tests.tokenizers.records import TOKENIZERS

CATALOGUE = (*TOKENIZERS, *DATA, *ATTENTION)


def concept(name: str) -> Concept:
    """Find a pair by its path, or by the last part of it.

    `_attention` and `_tokenizer` may follow the name.

    >>> concept("causal").class_name, concept("word_tokenizer").path
    ('CausalAttention', 'tokenizers/word')

    Raises:
        KeyError: there is no such pair.
    """
    short = name.removesuffix("_attention").removesuffix("_tokenizer")
    for each in CATALOGUE:
        if {name, short} & {each.path, each.name}:
            return each
    known = ", ".join(each.name for each in CATALOGUE)
    raise KeyError(f"no pair is called {name}; there are {known}")
