"""Attention, from plain dot products to many heads."""
