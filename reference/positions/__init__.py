"""Where a token is: rotations, biases and sums that depend on positions."""
