"""A page of the reader as plain data: both panels of a pair, values at each step."""
