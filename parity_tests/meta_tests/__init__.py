"""Tests of what the pairs stand on: the tape, the base class, one script for both."""
