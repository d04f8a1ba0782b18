"""A page of the reader as plain data: both panels of a pair, and values at each step."""
