"""What a reader types, as a case: a page can be read on a text of one's own."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.contract.strategies import Parameters, reference_part


@dataclass(frozen=True)
class Typed:
    """How a pair makes a case of a text, and what else a reader may choose.

    `case(words, **choices)` makes it of the words of the text, a token each; of the
    text as it is, if it is not taken `by_word`. `choices` has the names of what else
    it takes, each with the value to begin with: a size, a probability or a text; or
    with a tuple of what can be chosen, the first to begin with.
    """

    case: Callable[..., Case]
    choices: Mapping[str, Any] = field(default_factory=dict)
    by_word: bool = True


DTYPES = ("float64", "float32")


def word_vectors(words: Sequence[str], n_channels: int, seed: int, dtype: str) -> Any:
    """Draw a vector for each word: equal words have equal ones, in any text.

    >>> x = word_vectors(["la", "di", "la"], 2, seed=0, dtype="float32")
    >>> x.shape, bool((x[0] == x[2]).all()), bool((x[0] == x[1]).any())
    ((3, 2), True, False)
    """
    rows = []
    for word in words:
        rng = np.random.default_rng([seed, *word.encode("utf-8", "surrogatepass")])
        rows.append(rng.normal(size=n_channels))
    return np.array(rows).astype(dtype)


def word_ids(words: Sequence[str]) -> Any:
    """Number words in the order in which they first come.

    >>> word_ids(["the", "cat", "the"])
    array([0, 1, 0])
    """
    order = list(dict.fromkeys(words))
    return np.array([order.index(word) for word in words], np.int64)


def fresh_parameters(
    path: str, config: Mapping[str, Any], seed: int, dtype: str
) -> Parameters:
    """Draw parameters as the constructor does."""
    rng = {"rng": np.random.default_rng(seed)} if config else {}
    drawn = reference_part(path)(**config, **rng).state_dict()
    return {name: array.astype(dtype) for name, array in drawn.items()}
