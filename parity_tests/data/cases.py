"""Cases of what feeds a model: windows of a text, and embeddings of its tokens."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.agreement import as_array
from parity_tests.contract.backend import Backend
from parity_tests.contract.case import Case
from parity_tests.contract.patterns import LEADING, PATTERNS, SCALES, numbers
from parity_tests.contract.strategies import dtypes, parameter_shapes, seeds
from parity_tests.text.real_text import (
    N_TOKENS,
    PRECISIONS,
    SIZES,
    described,
    embedding,
    gpt2_ids,
    windows,
)

TOKEN, POSITION = "token_embedding.weight", "position_embedding.weight"


@st.composite
def window_cases(draw: st.DrawFn) -> Case:
    """Draw a text that is shorter than a window, as long, or longer."""
    n_tokens = draw(st.integers(0, 20))
    dtype = draw(st.sampled_from([np.int64, np.int32, np.uint8]))
    ids = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 256, n_tokens)
    config = {
        "max_length": draw(st.integers(1, 8)),
        "stride": draw(st.integers(1, 10)),
    }
    return Case(config, {"ids": ids.astype(dtype)})


@st.composite
def embedding_cases(draw: st.DrawFn) -> Case:
    """Draw a vocabulary, texts of its ids, and vectors."""
    config = {
        "vocab_size": draw(st.integers(1, 9)),
        "output_dim": draw(st.integers(1, 6)),
        "context_length": draw(st.integers(1, 6)),
    }
    n_tokens = draw(st.integers(0, config["context_length"]))
    leading, seed = draw(st.sampled_from(LEADING)), draw(seeds)
    ids = np.random.default_rng(seed).integers(
        0, config["vocab_size"], (*leading, n_tokens)
    )
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
    return [
        found.inputs,
        found.targets,
        len(found),
        [found[i] for i in range(len(found))],
    ]


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
    config = {
        "vocab_size": len(drawn[TOKEN]),
        "output_dim": SIZES["d_in"],
        "context_length": N_TOKENS,
    }
    whole = Case(config, {"ids": ids}, drawn, seed=seed)
    return [(described(ids), whole.astype(dtype)) for dtype in PRECISIONS]
