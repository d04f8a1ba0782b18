"""How many small changes of the code the tests reject; `make mutation` runs them."""
