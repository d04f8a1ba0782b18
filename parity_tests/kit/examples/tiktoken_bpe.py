r"""Does tiktoken agree with BytePairTokenizer?

diptych check tokenizers/byte_pair \
        --impl parity_tests.kit.examples.tiktoken_bpe:tokenizer
"""

from functools import partial
from types import SimpleNamespace

import tiktoken

PATTERN = (  # GPT-2's
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
)


def tokenizer(vocabulary, merges, special_tokens):
    """Make a tokenizer of tiktoken's with a given vocabulary."""
    encoding = tiktoken.Encoding(
        "tried",
        pat_str=PATTERN,
        mergeable_ranks=vocabulary,
        special_tokens=special_tokens,
    )
    encode = partial(encoding.encode, allowed_special="all")
    return SimpleNamespace(encode=encode, decode=encoding.decode)
