"""Vectors: the contract as files, for authors of other languages.

`diptych vectors OUT` writes the named examples of every pair with all that goes in,
every step and all that comes out; `README.md` beside this file describes the format.
They come from the reference; `diptych vectors --verify DIR` replays them on both
backends.
"""
