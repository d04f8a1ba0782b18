"""The vocabulary with which peers' tests run: GPT-2's, the only one at hand.

Who asks for another gets GPT-2's merges with the special tokens of GPT-4, be it from
us or from the peer itself.
"""

from functools import cache
from types import ModuleType
from typing import Any

import tiktoken

import reference
from parity_tests.tokenizers.oracles import as_tiktoken

OF_GPT2 = ("<|endoftext|>",)
OF_GPT4 = (
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_middle|>",
    "<|fim_suffix|>",
    "<|endofprompt|>",
)


def special_tokens_of(encoding: str) -> tuple[str, ...]:
    """Name the special tokens of a vocabulary."""
    return OF_GPT2 if encoding in ("gpt2", "r50k_base") else OF_GPT4


@cache
def gpt2(part: Any, special_tokens: tuple[str, ...]) -> Any:
    """Build GPT-2's tokenizer with other special tokens."""
    published = part.gpt2()
    return part(published.merges, special_tokens, published.base_bytes)


@cache
def peers_own(special_tokens: tuple[str, ...]) -> tiktoken.Encoding:
    """Build tiktoken itself with GPT-2's vocabulary, without a download."""
    return as_tiktoken(gpt2(reference.BytePairTokenizer, special_tokens))


def module(name: str, **contents: Any) -> ModuleType:
    """Make a module for the tests of a peer to import."""
    made = ModuleType(name)
    vars(made).update(contents)
    return made
