"""Attention on real text: embedded windows of GPT-2's tokens, in both precisions."""

from typing import Any

import numpy as np

from parity_tests.contract.case import Case
from parity_tests.contract.pair import OnText
from parity_tests.contract.strategies import accepted, reference_part
from parity_tests.text.real_text import (
    PRECISIONS,
    SIZES,
    described,
    embedding,
    windows,
)


def attention_on_text(path: str, **sizes: Any) -> OnText:
    """Send the embedded windows through a variant of attention, in both precisions."""

    def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
        config = accepted(path, {**SIZES, **sizes})
        ids = windows(text)
        x = embedding(seed)(ids)
        rng = {"rng": np.random.default_rng(seed)} if config else {}
        drawn = reference_part(path)(**config, **rng).state_dict()
        cases = (
            Case(config, {"x": x}, drawn, training=True, seed=seed).astype(dtype)
            for dtype in PRECISIONS
        )
        return [(described(ids), case) for case in cases]

    return on_text
