"""Run a factory of tokenizers, in the process that it has to itself."""

from typing import Any

import numpy as np

from parity_tests.kit.running import call


def encode_and_decode(factory: Any, request: dict[str, Any]) -> dict[str, Any]:
    """Make a tokenizer, encode a text, and decode the ids that it gives."""
    make = request["make"]
    rows = {name: [tuple(row) for row in given] for name, given in make.items()}
    tables = {n: given if n == "merges" else dict(given) for n, given in rows.items()}
    names = ", ".join(f"{name}=…" for name in make)
    tokenizer = call(factory, f"factories are called as f({names})", **tables)
    ids = tokenizer.encode(request["text"])
    text = tokenizer.decode(ids)
    if not isinstance(text, str):
        return {"trouble": f"decodes to {type(text).__name__}; expected text"}
    try:
        row = np.asarray(list(ids))
    except TypeError:
        return {"trouble": f"encodes to {type(ids).__name__}; expected a row of ids"}
    if row.size and (row.dtype.kind not in "iu" or row.ndim != 1):
        kinds = ", ".join(sorted({type(each).__name__ for each in ids}))
        return {"trouble": f"encodes to a row of {kinds}; expected integers"}
    return {"output": [row.astype(np.int64), text]}
