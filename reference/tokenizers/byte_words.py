"""The words of a text, as bytes.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
        section 2.2: byte-pair encoding on bytes, within words only.
Twin:   torch_impl/tokenizers/byte_words.py
"""

import numpy as np
from jaxtyping import Int, UInt8

from reference.tokenizers.split import split
from reference.tokenizers.utf8 import utf8


def byte_words(
    points: Int[np.ndarray, " N"],
) -> tuple[UInt8[np.ndarray, " bytes"], Int[np.ndarray, " W"], Int[np.ndarray, " W"]]:
    """Cut a text into words: its bytes, where each word begins in them, and how long.

    The end of a text, `END`, is a word of no bytes, and the only one.

    >>> data, begins, lengths = byte_words(np.array([ord(c) for c in "é é"]))
    >>> data.tolist(), begins.tolist(), lengths.tolist()
    ([195, 169, 32, 195, 169], [0, 2], [2, 3])
    """
    # 1. Cut the text into words.
    starts = split(points)

    # 2. Write it as bytes, and say where each word lies in them.
    data, places = utf8(points)
    begins = places[starts]
    lengths = np.diff(begins, append=len(data))
    return data, begins, lengths
