"""Losses, compared with PyTorch's own function and with loops over tokens."""
