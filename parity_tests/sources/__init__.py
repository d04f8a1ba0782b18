"""Numbered steps and shape comments, read from the source files."""
