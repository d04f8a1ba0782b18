"""Training by hand: a small GPT learns on both backends at once, step by step."""
