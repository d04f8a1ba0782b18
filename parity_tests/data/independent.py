"""Windows and embeddings by other people, which ours are held against."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from parity_tests.case import Case
from parity_tests.independent import Independent


def cut_as_the_book_does(case: Case) -> np.ndarray[Any, Any]:
    """Fill two lists in a loop, as `GPTDatasetV1` does in listing 2.5 of the book."""
    token_ids, max_length = case.inputs["ids"], case.config["max_length"]
    input_ids, target_ids = [], []
    for i in range(0, len(token_ids) - max_length, case.config["stride"]):
        input_ids.append(token_ids[i : i + max_length])
        target_ids.append(token_ids[i + 1 : i + max_length + 1])
    rows = np.reshape([input_ids, target_ids], (2, len(input_ids), max_length))
    return rows.astype(token_ids.dtype)


def embed_twice(case: Case) -> torch.Tensor:
    """Look up tokens and places, and add what was found."""
    ids = torch.from_numpy(case.inputs["ids"])
    tokens, positions = (
        torch.from_numpy(case.weights[f"{name}_embedding.weight"])
        for name in ("token", "position")
    )
    places = torch.arange(ids.shape[-1])
    return F.embedding(ids, tokens) + F.embedding(places, positions)


GPT_DATASET = Independent("the book's GPTDatasetV1", cut_as_the_book_does)
F_EMBEDDING = Independent("F.embedding", embed_twice)
