"""The state of a recurrent layer: of one size, however long the text is.

Twin:   reference/attention/recurrent_state.py
"""

from jaxtyping import Float, Int
from torch import Tensor


class RecurrentState:
    """What a layer goes on from, in the place of a cache; it cannot be cut.

    The caller makes it, hands `arrays` to the layer and gives it what comes out. A
    token is mixed into the state with all others: to take back a draft, keep the
    arrays of before. They are never written into.

    >>> state = RecurrentState()
    >>> state.advance(3)
    >>> state.truncate(2)
    Traceback (most recent call last):
    ValueError: a recurrent state of 3 tokens cannot be cut, got 2
    """

    def __init__(self) -> None:
        self.arrays: tuple[Tensor, ...] = ()
        self.length = 0

    def advance(self, n_tokens: int, *arrays: Float[Tensor, "B ..."]) -> None:
        """Take what is behind `n_tokens` more tokens in the place of what was."""
        self.arrays = arrays
        self.length += n_tokens

    def truncate(self, length: int) -> None:
        """Reject every length but its own.

        Raises:
            ValueError: it has another length.
        """
        if length != self.length:
            rule = f"a recurrent state of {self.length} tokens cannot be cut"
            raise ValueError(f"{rule}, got {length}")

    def reorder(self, texts: Int[Tensor, " N"]) -> None:
        """Let text i be a copy of what is now text `texts[i]`, as beam search does."""
        self.arrays = tuple(array[texts] for array in self.arrays)
