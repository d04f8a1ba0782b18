"""Attention: its cases, properties, oracles and published values."""
