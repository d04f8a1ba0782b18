"""Losses: how wrong a model is, as one number."""
