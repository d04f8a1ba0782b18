"""How large a rounding error is expected to be, for any pair: one measure."""
