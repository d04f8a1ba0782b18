"""A byte-pair tokenizer of ours under the names that minbpe has for its own."""

import sys
from collections.abc import Collection, Sequence
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.peers.vocabulary import OF_GPT4, gpt2, module


def as_minbpe(part: Any) -> ModuleType:
    """Make a module `minbpe` of a tokenizer of ours."""

    class BasicTokenizer:
        """minbpe's `BasicTokenizer`, which learns after it is made."""

        def __init__(self) -> None:
            self.tokenizer = part([])

        def train(self, text: str, vocab_size: int) -> None:
            """Learn from a text, of equal pairs the first seen."""
            self.tokenizer = part.from_text(text, vocab_size, (), "first_seen")

        def register_special_tokens(self, special_tokens: dict[str, int]) -> None:
            """Add special tokens; their ids are those that follow the merges."""
            self.tokenizer = part(self.tokenizer.merges, [*special_tokens])

        def encode(self, text: str, allowed_special: Collection[str] = ()) -> list[int]:
            """Turn a text into ids."""
            return self.tokenizer.encode(text, allowed_special).tolist()

        def decode(self, ids: Sequence[int]) -> str:
            """Turn ids into a text."""
            return self.tokenizer.decode(ids)

        def save(self, prefix: str) -> None:
            """Write the two files that the tests delete."""
            self.tokenizer.save(f"{prefix}.model")
            Path(f"{prefix}.vocab").touch()

        def load(self, path: str) -> None:
            """Read what `save` wrote."""
            self.tokenizer = part.load(path)

    class RegexTokenizer(BasicTokenizer):
        """minbpe's `RegexTokenizer`; ours cuts every text into pre-tokens."""

    class GPT4Tokenizer(BasicTokenizer):
        """minbpe's `GPT4Tokenizer`, with the vocabulary that is at hand."""

        def __init__(self) -> None:
            self.tokenizer = gpt2(part, OF_GPT4)

    return module(
        "minbpe",
        BasicTokenizer=BasicTokenizer,
        RegexTokenizer=RegexTokenizer,
        GPT4Tokenizer=GPT4Tokenizer,
    )


def let_minbpe_have_gpt2(checkout: Path) -> None:
    """Give minbpe itself GPT-2's pattern and special tokens for those of GPT-4."""
    sys.path.insert(0, str(checkout))
    theirs, pattern = import_module("minbpe.gpt4"), import_module("minbpe.regex")
    ids = {name: 50_256 + n for n, name in enumerate(OF_GPT4)}
    theirs.GPT4_SPLIT_PATTERN = pattern.GPT2_SPLIT_PATTERN  # type: ignore[attr-defined]
    theirs.GPT4_SPECIAL_TOKENS = ids  # type: ignore[attr-defined]
