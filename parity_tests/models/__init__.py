"""Tests of whole language models."""
