"""Is tiktoken what the byte-pair tokenizer says?

diptych check byte_pair --impl parity_tests.kit.examples.tiktoken_bpe:Tokenizer
"""

import tiktoken

PATTERN = (  # GPT-2's
    r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"
)


class Tokenizer:
    """Encode and decode by tiktoken with a given vocabulary."""

    def __init__(self, vocabulary, merges, special_tokens):
        self.encoding = tiktoken.Encoding(
            "tried",
            pat_str=PATTERN,
            mergeable_ranks=vocabulary,
            special_tokens=special_tokens,
        )
        self.decode = self.encoding.decode

    def encode(self, text):
        """Encode a text with the special tokens that are in it."""
        return self.encoding.encode(text, allowed_special="all")
