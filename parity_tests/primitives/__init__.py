"""Primitives, compared with PyTorch's own functions."""
