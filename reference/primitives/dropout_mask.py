"""The mask of a dropout as data: which weights it spares.

Differs from `nn.Dropout`, which draws its mask and takes none.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Dropout.html
Twin:   torch.nn.Dropout
"""

import numpy as np
from jaxtyping import Bool

from reference.refusals import refuse_no_array


def refuse_keep(keep: Bool[np.ndarray, "..."] | None, shape: tuple[int, ...]) -> None:
    """Refuse a dropout mask that is not one truth value for each weight.

    None is no mask: one will be drawn.

    >>> refuse_keep(np.ones((2, 2), bool), (2, 2))
    >>> refuse_keep(np.ones((3, 2), bool), (2, 2))
    Traceback (most recent call last):
    ValueError: keep must have shape (2, 2), got (3, 2)

    Raises:
        TypeError: it is no array, or holds other than truth values.
        ValueError: it has another shape than the weights.
    """
    if keep is None:
        return
    refuse_no_array(keep=keep)
    if keep.dtype != np.bool_:
        raise TypeError(f"keep must hold truth values, got {keep.dtype}")
    if keep.shape != shape:
        raise ValueError(f"keep must have shape {shape}, got {keep.shape}")
