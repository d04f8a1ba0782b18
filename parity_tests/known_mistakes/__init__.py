"""Known mistakes: what goes wrong when people write these parts.

Each was seen in code that people use, or is constructed, and says which. It is kept for
three purposes: the tests must reject it, which proves that they can fail; a reader can
look at it; and an implementation that differs is told which mistake it looks like.
"""
