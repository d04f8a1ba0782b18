"""Normalization, compared with PyTorch's own modules and with other libraries."""
