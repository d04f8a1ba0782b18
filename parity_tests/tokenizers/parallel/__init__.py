"""Byte-pair encoding as an array program."""
