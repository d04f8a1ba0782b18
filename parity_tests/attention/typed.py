"""Attention on a text that a reader types: every word is a token with a vector."""

from collections.abc import Sequence
from typing import Any

from parity_tests.contract.case import Case
from parity_tests.contract.strategies import accepted
from parity_tests.contract.typed import (
    DTYPES,
    Typed,
    fresh_parameters,
    word_vectors,
)


def attention_typed(path: str, **sizes: int) -> Typed:
    """Send the vectors of words through a variant of attention; `sizes` begin with."""

    def case(
        words: Sequence[str], *, d_in: int, seed: int, dtype: str, **more: Any
    ) -> Case:
        config = accepted(path, {**more, "d_in": d_in, "context_length": len(words)})
        x = word_vectors(words, d_in, seed, dtype)
        parameters = fresh_parameters(path, config, seed, dtype)
        return Case(config, {"x": x}, parameters, more.get("dropout", 0) > 0, seed)

    begin: dict[str, Any] = {"d_in": 3, "d_out": 2, "num_heads": 2, "dropout": 0.0}
    begin |= {"qkv_bias": (False, True), **sizes}
    own = {"d_in": 3, **accepted(path, begin), "seed": 0, "dtype": DTYPES}
    return Typed(case, own)
