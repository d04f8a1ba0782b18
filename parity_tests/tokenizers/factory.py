"""Run a factory of tokenizers, in the process that it has to itself."""

from typing import Any

import numpy as np

from parity_tests.contract import border
from parity_tests.kit.runner import Answer, Asked, Runner
from parity_tests.kit.running import call

LARGE = 10_000  # tokens of a vocabulary for which a tokenizer is made only once
MADE: dict[tuple[Any, bytes], Any] = {}


def make_tokenizer(factory: Any, request: Asked) -> Any:
    """Give a factory the tables of a vocabulary, by keyword."""
    make = request["make"]
    if len(make.get("lengths", ())) < LARGE:
        return made(factory, make)
    key = factory, border.write(make)
    if key not in MADE:
        MADE.clear()  # one is large enough
        MADE[key] = made(factory, make)
    return MADE[key]


def made(factory: Any, make: Asked) -> Any:
    """Call a factory."""
    tables = tables_of(make)
    names = ", ".join(f"{name}=…" for name in tables)
    return call(factory, f"factories are called as f({names})", **tables)


def tables_of(make: Asked) -> dict[str, Any]:
    """Read the tables of a vocabulary, as `requests.vocabulary_of` writes them."""
    if "vocabulary" in make:
        return {"vocabulary": dict(make["vocabulary"])}
    ends = np.cumsum(make["lengths"], dtype=np.int64)
    starts = ends - make["lengths"]
    bounds = zip(starts.tolist(), ends.tolist(), strict=True)
    tokens = [make["tokens"][start:end] for start, end in bounds]
    merges = make["merges"].tolist()
    return {
        "vocabulary": {token: number for number, token in enumerate(tokens)},
        "merges": [(tokens[left], tokens[right]) for left, right in merges],
        "special_tokens": dict(make["special_tokens"]),
    }


def encode_then_decode(tokenizer: Any, request: Asked) -> tuple[Any, Any]:
    """Encode a text, and decode the ids that this gives; or decode rows of ids."""
    if "ids" in request:
        return [], tuple(tokenizer.decode(row) for row in request["ids"])
    ids = tokenizer.encode(request["text"])
    return ids, tokenizer.decode(ids)


def read_ids_and_text(result: tuple[Any, Any]) -> Answer:
    """Read a row of ids, and the text that they decode to, or several texts."""
    ids, text = result
    for each in text if isinstance(text, tuple) else (text,):
        if not isinstance(each, str):
            return {"trouble": f"decodes to {type(each).__name__}; expected text"}
    try:
        row = np.asarray(list(ids))
    except TypeError:
        return {"trouble": f"encodes to {type(ids).__name__}; expected a row of ids"}
    if row.size and (row.dtype.kind not in "iu" or row.ndim != 1):
        kinds = ", ".join(sorted({type(each).__name__ for each in ids}))
        return {"trouble": f"encodes to a row of {kinds}; expected integers"}
    return {"output": [row.astype(np.int64), text]}


encode_and_decode = Runner(make_tokenizer, encode_then_decode, read_ids_and_text)
