"""The kit: hold code that is not ours to the contract, with NumPy at the border."""
