"""Optimizers: how parameters follow their gradients."""
