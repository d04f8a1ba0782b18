"""The byte-pair tokenizer as an array program, for speed."""
