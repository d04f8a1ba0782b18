"""The text of a run as ids: bytes, GPT-2's vocabulary, or a tokenizer of one's own."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

import reference
from diptych.training.state import Array

KINDS = {
    kind.__name__: kind
    for kind in (
        *(reference.WordTokenizer, reference.CharacterTokenizer),
        *(reference.BytePairTokenizer, reference.ParallelBytePairTokenizer),
    )
}


@dataclass(frozen=True)
class Text:
    """The ids of a text, the size of their vocabulary, and how ids become text."""

    ids: Array
    vocab_size: int
    decode: Callable[[Array], str]

    @property
    def digest(self) -> str:
        """Identify the ids: a run goes on with those with which it began."""
        return sha256(self.ids.astype("<i8").tobytes()).hexdigest()


def read_text(content: str, tokenizer: str) -> Text:
    """Tokenize by `bytes`, by `gpt2`, or by the tokenizer of a file.

    >>> read_text("hé", "bytes").ids.tolist()
    [104, 195, 169]

    Raises:
        OSError: there is no such file.
        ValueError: it holds no tokenizer, or this one cannot encode the text.
    """
    if tokenizer == "bytes":
        ids = np.frombuffer(content.encode(), np.uint8).astype(np.int64)
        return Text(ids, 256, decode_bytes)
    loaded = known(tokenizer)
    try:
        ids = loaded.encode(content)
    except KeyError as error:
        raise ValueError(f"the tokenizer cannot encode the text: {error}") from None
    return Text(ids, loaded.vocab_size, loaded.decode)


def decode_bytes(ids: Array) -> str:
    """Read bytes as UTF-8; what is none is shown as a replacement character."""
    return bytes(ids.tolist()).decode("utf-8", "replace")


def known(tokenizer: str) -> Any:
    """Return GPT-2's tokenizer, or load one of a file, of whatever kind it is."""
    if tokenizer == "gpt2":
        return reference.ParallelBytePairTokenizer.gpt2()
    path = Path(tokenizer)
    try:
        saved = json.loads(path.read_bytes())
        kind = KINDS[saved["tokenizer"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise ValueError(f"{path.name} holds no tokenizer") from None
    return kind.from_dict(saved)
