"""What every variant of attention has: its cases, a real text, a text that is typed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from parity_tests.attention.cases import attention_cases
from parity_tests.attention.conventions import square
from parity_tests.attention.examples import attention_examples
from parity_tests.attention.probes import attention_probes
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.pair import OnText, Pair
from parity_tests.contract.strategies import accepted, reference_part
from parity_tests.contract.typed import DTYPES, Typed, fresh_parameters, word_vectors
from parity_tests.text import real_text


def attention_pair(path: str, **own: Any) -> Pair:
    """Make the pair of a variant; its `own` fields come before those of all."""
    of_all: dict[str, Any] = {
        "cases": attention_cases(path),
        "on_text": attention_on_text(path),
        "examples": attention_examples(path),
        "probes": attention_probes(path),
        "typed": attention_typed(path),
        "conventions": (square(path), NOT_EMPTY),
        "abilities": frozenset({"leading_axes"}),
    }
    return Pair(path=path, **of_all | own)


def attention_on_text(path: str, **sizes: Any) -> OnText:
    """Send embedded windows of GPT-2's tokens through, in both precisions."""

    def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
        config = accepted(path, {**real_text.SIZES, **sizes})
        ids = real_text.windows(text)
        rng = {"rng": np.random.default_rng(seed)} if config else {}
        drawn = reference_part(path)(**config, **rng).state_dict()
        x = real_text.embedding(seed)(ids)
        case = Case(config, {"x": x}, drawn, training=True, seed=seed)
        about = real_text.described(ids)
        return [(about, case.astype(dtype)) for dtype in real_text.PRECISIONS]

    return on_text


def attention_typed(path: str, **sizes: Any) -> Typed:
    """Let every word that a reader types be a token; `sizes` begin with these."""

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
