"""The words of a text, as bytes.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners",
        section 2.2: byte-pair encoding on bytes, within words only.
Twin:   reference/tokenizers/byte_words.py
"""

import torch.nn.functional as F
from jaxtyping import Int, UInt8
from torch import Tensor

from torch_impl.tokenizers.split import split
from torch_impl.tokenizers.utf8 import utf8


def byte_words(
    points: Int[Tensor, " N"],
) -> tuple[UInt8[Tensor, " bytes"], Int[Tensor, " W"], Int[Tensor, " W"]]:
    """Cut a text into words: its bytes, where each word begins in them, and how long.

    The end of a text, `END`, is a word of no bytes, and the only one.

    >>> import torch
    >>> data, begins, lengths = byte_words(torch.tensor([ord(c) for c in "é é"]))
    >>> data.tolist(), begins.tolist(), lengths.tolist()
    ([195, 169, 32, 195, 169], [0, 2], [2, 3])
    """
    # 1. Cut the text into words.
    starts = split(points)

    # 2. Write it as bytes, and say where each word lies in them.
    data, places = utf8(points)
    begins = places[starts]
    lengths = F.pad(begins, (0, 1), value=len(data)).diff()
    return data, begins, lengths
