"""rustbpe: merges learned and replayed in Rust, of equal pairs the smallest ids first.

Source: https://github.com/karpathy/rustbpe; its tie rule is "pair_id".
"""

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from parity_tests.contract.case import Case
from parity_tests.contract.oracle import Oracle
from parity_tests.text.sample_text import settled, text
from parity_tests.tokenizers.cases import REPETITIVE
from parity_tests.tokenizers.oracles import PUBLISHED


@st.composite
def rustbpe_cases(draw: st.DrawFn) -> Case:
    """Draw a text to learn from and one to encode, often the same.

    There are no special tokens in rustbpe, and its Unicode is not ours.
    """
    config = {
        "vocab_size": 256 + draw(st.integers(0, 16)),
        "special_tokens": [],
        "tie_break": "pair_id",
    }
    corpus, other = (draw((text(12) | REPETITIVE).map(settled)) for _ in range(2))
    encoded = draw(st.sampled_from([corpus, other, corpus + other]))
    return Case(config, {"corpus": corpus, "text": encoded})


def learned_by_rustbpe(corpus: str, vocab_size: int) -> Any:
    """Train rustbpe on one text, cut by GPT-2's pattern; skip the test without it."""
    tokenizer = pytest.importorskip("rustbpe").Tokenizer()
    tokenizer.train_from_iterator(iter([corpus]), vocab_size, pattern=PUBLISHED)
    return tokenizer


def tokenize_as_rustbpe_does(case: Case) -> list[Any]:
    """Learn, encode and decode."""
    theirs = learned_by_rustbpe(case.inputs["corpus"], case.config["vocab_size"])
    ids = theirs.encode(case.inputs["text"])
    return [np.array(ids, np.int64), theirs.decode(ids)]


RUSTBPE = Oracle("rustbpe", tokenize_as_rustbpe_does, rustbpe_cases())
