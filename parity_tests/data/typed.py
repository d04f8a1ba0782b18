"""Windows and embeddings of a text that a reader types: every word is a token."""

from collections.abc import Sequence

from parity_tests.contract.case import Case
from parity_tests.contract.typed import DTYPES, Typed, fresh_parameters, word_ids
from parity_tests.data.cases import sizes


def windows(words: Sequence[str], *, max_length: int, stride: int) -> Case:
    """Number the words, equal ones with equal ids, and cut windows."""
    return Case({"max_length": max_length, "stride": stride}, {"ids": word_ids(words)})


def embedding(words: Sequence[str], *, output_dim: int, seed: int, dtype: str) -> Case:
    """Number the words, and draw a vector for each id and each position."""
    ids = word_ids(words)
    config = sizes(int(ids.max()) + 1, output_dim, len(words))
    parameters = fresh_parameters("data/embedding", config, seed, dtype)
    return Case(config, {"ids": ids}, parameters, seed=seed)


WINDOWS = Typed(windows, {"max_length": 4, "stride": 2})
EMBEDDING = Typed(embedding, {"output_dim": 3, "seed": 0, "dtype": DTYPES})
