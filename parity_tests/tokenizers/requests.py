"""How the kit asks for a tokenizer: a vocabulary goes out, ids and a text come back.

A factory is called as `f(vocabulary=…)`, and for byte pairs also with `merges=…` and
`special_tokens=…`. What it makes has `encode(text)`, in which special tokens are found,
and `decode(ids)`.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np

from parity_tests.contract.adapter import Adapter
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case, remember
from parity_tests.contract.convention import Cases, Convention
from parity_tests.text.sample_text import settled
from parity_tests.tokenizers.cases import encoded_and_decoded, tokenizer_of
from parity_tests.tokenizers.differences import decoding_differs, tokens_differ

Made = dict[str, Any]


def request(pair: Any, case: Case) -> dict[str, Any]:
    """Ask for the ids of a text, with the vocabulary that the reference learns.

    Or for the texts of rows of ids.
    """
    asked = "ids" if "ids" in case.inputs else "text"
    return {"make": vocabulary_of(learned(pair, case)), asked: case.inputs[asked]}


@lru_cache(maxsize=64)
def vocabulary_of(tokenizer: Any) -> Made:
    """Write a vocabulary as `factory` reads it: many small bytes as few arrays."""
    if not hasattr(tokenizer, "merges"):
        return {"vocabulary": [[*row] for row in tokenizer.vocabulary.items()]}
    tokens = tokenizer.token_bytes[: 256 + len(tokenizer.merges)]
    return {
        "tokens": b"".join(tokens),
        "lengths": np.array([*map(len, tokens)], np.int32),
        "merges": np.array(tokenizer.merges, np.int32).reshape(-1, 2),
        "special_tokens": [[*row] for row in tokenizer.special_tokens.items()],
    }


@remember(256)
def learned(pair: Any, case: Case) -> Any:
    """Let the reference learn from the text of a case, or take its vocabulary."""
    return tokenizer_of(pair.part(REFERENCE), case)


def answer(pair: Any, case: Case, part: Any = None) -> Any:
    """Give the reference, or a class in its form, the vocabulary, and ask it."""
    if part is None:
        return right_answer(pair, case)
    tokenizer = learned(pair, case)
    saved = tokenizer.to_dict()
    del saved["tokenizer"]
    return asked_all(part(**saved), case)


@remember(256)
def right_answer(pair: Any, case: Case) -> Any:
    """Ask the reference."""
    return asked_all(learned(pair, case), case)


def asked_all(tokenizer: Any, case: Case) -> list[Any]:
    """Ask a tokenizer, which finds every special token."""
    options = {"allowed_special": "all"} if hasattr(tokenizer, "merges") else {}
    return encoded_and_decoded(tokenizer, case, **options)


def judge(pair: Any, case: Case, output: Any) -> Agreement:
    """Compare ids and text with the reference's; say which token differs first."""
    right = answer(pair, case)
    agreement = compare(right, output)
    if agreement.holds:
        return agreement
    tokenizer = learned(pair, case)
    describe: Callable[..., str] = tokens_differ
    if "ids" in case.inputs:
        describe = decoding_differs
    return replace(agreement, reason=describe(tokenizer, case, right, output))


def with_settled_text(case: Case) -> Case:
    """Leave out the characters on which the versions of Unicode do not agree."""
    texts = {n: v for n, v in case.inputs.items() if isinstance(v, str)}
    return case.with_inputs(**{name: settled(text) for name, text in texts.items()})


def unicode_16(cases: Cases) -> Convention:
    """Draw all characters, for what has the classes of Unicode 16 as ours has."""
    sentence = "the classes of characters are those of Unicode 16"
    return Convention("unicode_16", sentence, cases=lambda _: cases)


TOKENIZERS = Adapter(
    "parity_tests.tokenizers.factory:encode_and_decode",
    request,
    answer,
    judge,
    cases=lambda cases: cases.map(with_settled_text),
)
"""The `adapter` of every tokenizer pair."""
