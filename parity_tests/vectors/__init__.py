"""Vectors: the contract as files, for authors of other languages.

`diptych vectors OUT` writes, for every pair, cases with all that goes in, every step
and all that comes out; `README.md` beside this file tells the format. They come from
the reference, and `diptych vectors --verify DIR` holds both sides to them.
"""
