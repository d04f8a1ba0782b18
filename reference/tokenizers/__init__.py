"""Text as numbers: words, characters and byte pairs."""
