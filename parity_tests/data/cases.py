"""Cases of what feeds a model: windows of a text, and embeddings of its tokens."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from parity_tests.attention.cases import PATTERNS, SCALES, numbers
from parity_tests.case import Back, Case


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
    leading = draw(st.lists(st.integers(0, 3), max_size=2))
    seed = draw(st.integers(0, 2**32 - 1))
    kind = draw(st.sampled_from([np.int64, np.int32]))
    ids = np.random.default_rng(seed).integers(
        0, config["vocab_size"], (*leading, n_tokens)
    )
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
    weights = {
        f"{name}_embedding.weight": (
            scale * numbers(pattern, (rows, config["output_dim"]), seed + rows)
        ).astype(dtype)
        for name, rows in (
            ("token", config["vocab_size"]),
            ("position", config["context_length"]),
        )
    }
    return Case(config, {"ids": ids.astype(kind)}, weights, seed=seed)


def permuted_embedding(case: Case, rng: np.random.Generator) -> tuple[Case, Back]:
    """Permute the channels of an embedding, and say how to undo it."""
    order = rng.permutation(case.config["output_dim"])
    weights = {name: array[:, order] for name, array in case.weights.items()}
    undo = np.argsort(order)
    return replace(case, weights=weights), lambda name, array: array[..., undo]


def windows_of_reference(windows_class: Any, case: Case) -> list[Any]:
    """Cut on the NumPy side, and take every window out by its number as well."""
    windows = windows_class(case.inputs["ids"], **case.config)
    return [windows.inputs, windows.targets, len(windows), list(windows)]


def windows_of_torch(windows_class: Any, case: Case) -> list[Any]:
    """Cut on the PyTorch side, and take every window out by its number as well."""
    windows = windows_class(torch.from_numpy(case.inputs["ids"]), **case.config)
    return [windows.inputs, windows.targets, len(windows), list(windows)]


def embed_with_reference(embedding_class: Any, case: Case) -> Any:
    """Build the NumPy side of a case and embed the ids."""
    dtype = case.weights["token_embedding.weight"].dtype.type
    module = embedding_class(**case.config).to(dtype)
    module.load_state_dict(case.weights)
    return module(case.inputs["ids"])


def embed_with_torch(embedding_class: Any, case: Case) -> Any:
    """Build the PyTorch side of a case and embed the ids."""
    weights = {name: torch.from_numpy(array) for name, array in case.weights.items()}
    module = embedding_class(**case.config).to(weights["token_embedding.weight"].dtype)
    module.load_state_dict(weights)
    return module(torch.from_numpy(case.inputs["ids"]))
