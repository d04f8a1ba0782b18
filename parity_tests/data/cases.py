"""Cases of what feeds a model: windows of a text, and embeddings of its tokens."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.agreement import as_array
from parity_tests.contract.backend import Backend
from parity_tests.contract.case import Case
from parity_tests.contract.patterns import PATTERNS, SCALES, numbers
from parity_tests.contract.strategies import (
    dtypes,
    leading_axes,
    lengths,
    parameter_shapes,
    seeds,
)
from parity_tests.text.real_text import (
    N_TOKENS,
    PRECISIONS,
    described,
    embedding,
    gpt2_ids,
    windows,
)

TOKEN, POSITION = "token_embedding.weight", "position_embedding.weight"


@st.composite
def window_cases(draw: st.DrawFn) -> Case:
    """Draw a text that is shorter than a window, as long, or longer."""
    max_length, stride = draw(st.integers(1, 8)), draw(st.integers(1, 10))
    beyond = draw(st.sampled_from((*[*range(1, 17)] * 2, 0, -max_length)))
    dtype = draw(st.sampled_from([np.int64, np.int32, np.uint8]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    ids = rng.integers(0, 256, max_length + beyond)
    config = {"max_length": max_length, "stride": stride}
    return Case(config, {"ids": ids.astype(dtype)})


def sizes(vocab_size: int, output_dim: int, context_length: int) -> dict[str, int]:
    """Name the arguments of an embedding."""
    given = {"vocab_size": vocab_size, "output_dim": output_dim}
    return {**given, "context_length": context_length}


@st.composite
def embedding_cases(draw: st.DrawFn) -> Case:
    """Draw a vocabulary, texts of its ids, and vectors."""
    vocab_size, output_dim, context_length = (
        draw(st.integers(1, highest)) for highest in (9, 6, 6)
    )
    config = sizes(vocab_size, output_dim, context_length)
    leading, seed = draw(leading_axes), draw(seeds)
    shape = (*leading, draw(lengths(context_length)))
    ids = np.random.default_rng(seed).integers(0, vocab_size, shape)
    pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
    dtype = draw(dtypes)
    parameters = {
        name: (scale * numbers(pattern, shape, seed + shape[0])).astype(dtype)
        for name, shape in parameter_shapes("data/embedding", config).items()
    }
    kind = draw(st.sampled_from([np.int64, np.int32]))
    return Case(config, {"ids": ids.astype(kind)}, parameters, seed=seed)


def cut(backend: Backend, part: Any, case: Case) -> list[Any]:
    """Cut a text, and take every window out by its number as well."""
    found = part(backend.own(case.inputs["ids"]), **case.config)
    one_by_one = [found[i] for i in range(len(found))]
    return [found.inputs, found.targets, len(found), one_by_one]


def inputs_and_targets(result: list[Any]) -> np.ndarray[Any, Any]:
    """Stack the inputs and the targets of all windows: (2, windows, max_length)."""
    return np.stack([as_array(part) for part in result[:2]])


def windows_on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Cut all the tokens of a text into windows."""
    ids = gpt2_ids(text)
    n_tokens = min(N_TOKENS, len(ids) - 1)
    config = {"max_length": n_tokens, "stride": n_tokens}
    return [(f"{len(ids):,} tokens", Case(config, {"ids": ids}))]


def embedding_on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Embed windows of a text, in both precisions."""
    ids, drawn = windows(text), embedding(seed).state_dict()
    n_ids, output_dim = drawn[TOKEN].shape
    config = sizes(n_ids, output_dim, N_TOKENS)
    whole = Case(config, {"ids": ids}, drawn, seed=seed)
    return [(described(ids), whole.astype(dtype)) for dtype in PRECISIONS]
