"""Optimizers, compared with those of PyTorch and with loops over numbers."""
