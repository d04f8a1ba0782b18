"""Text to try tokenizers on, and the packaged real text."""
