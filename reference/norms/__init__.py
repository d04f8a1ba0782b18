"""Normalization: vectors brought to one size before, or within, a layer."""
