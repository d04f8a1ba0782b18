"""Tokenizers: words, characters and byte pairs."""
